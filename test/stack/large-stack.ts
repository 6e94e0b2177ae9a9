/** A stack of 200 services on 100 nodes: its compose file, and what a manager answers once it runs. Made, not recorded. */
import { stringify } from 'yaml';
import { buildStack, readComposeFiles } from '../../src/stack/compose/build-stack.ts';
import type { StackDefinition } from '../../src/stack/definition.ts';
import type { ServiceSpec } from '../../src/stack/engine-types.ts';
import type { ObservedNode, ObservedTask, StackObserved } from '../../src/stack/observed.ts';
import { nameObjects } from '../../src/stack/resolve-references.ts';
import { fillLikeEngine } from './builders.ts';

export const largeStackName = 'large';
export const serviceCount = 200;
const nodeCount = 100;
const zones = ['a', 'b', 'c', 'd', 'e'];
const replicas = 3;
/** Tasks of former versions that the swarm keeps, a slot. */
const pastTasks = 4;

const number = (index: number): string => String(index).padStart(3, '0');
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const nameService = (index: number): string => `service-${number(index)}`;

/** The compose file; another `version` is another image and another variable of every service. */
export function writeLargeStack(version: string): string {
  const services = range(serviceCount).map((index) => [
    nameService(index),
    {
      image: `registry.test/team-${index % 20}/app-${index % 40}:${version}`,
      command: ['serve', '--port', '8080', '--name', nameService(index)],
      environment: Object.fromEntries([
        ...range(6).map((key) => [`SETTING_${key}`, `value ${key} of ${nameService(index)}`]),
        ['VERSION', version],
        ['DATABASE_PASSWORD_FILE', `/run/secrets/secret-${number(index % 50)}`],
      ]),
      // seven in eight depend on the one before
      ...(index % 8 > 0 && { depends_on: [nameService(index - 1)] }),
      networks: [`net-${index % 20}`, `net-${(index + 7) % 20}`],
      secrets: [`secret-${number(index % 50)}`, `secret-${number((index + 11) % 50)}`],
      configs: [{ source: `config-${number(index % 30)}`, target: '/etc/app.conf' }],
      ports: [{ target: 8080, published: 20_000 + index, mode: 'host' }],
      volumes: [`data-${number(index)}:/data`],
      healthcheck: { test: ['CMD', 'check', 'http://127.0.0.1:8080/healthz'], interval: '5s', retries: 3 },
      labels: { team: `team-${index % 20}` },
      deploy: {
        replicas,
        endpoint_mode: 'dnsrr',
        placement: {
          constraints: [`node.labels.zone == ${zones[index % zones.length]}`],
          max_replicas_per_node: 1,
        },
        resources: { limits: { cpus: '0.5', memory: '256M' } },
        restart_policy: { condition: 'any', delay: '2s' },
        update_config: { parallelism: 1, order: 'stop-first', monitor: '15s', failure_action: 'rollback' },
      },
    },
  ]);
  const name = (kind: string, count: number, value: object | null, width = 3) =>
    Object.fromEntries(range(count).map((index) => [`${kind}-${String(index).padStart(width, '0')}`, value]));
  return stringify({
    services: Object.fromEntries(services),
    networks: name('net', 20, { driver: 'overlay' }, 1),
    secrets: name('secret', 50, { external: true }),
    configs: name('config', 30, { external: true }),
    volumes: name('data', serviceCount, null),
  });
}

/** The compose file as a definition. */
export function readLargeStack(text: string): StackDefinition {
  const options = { name: largeStackName, variables: {} };
  const read = readComposeFiles([{ file: '/app/compose.yml', text }], options);
  return buildStack(read, options, () => ({ failure: 'there is no such file' }));
}

/** What a manager answers while the definition runs, every task well; JSON would carry it. */
export function observeLargeStack(definition: StackDefinition): StackObserved {
  const networks = definition.networks.map(({ spec }) => ({
    ...spec,
    Id: `id-${spec.Name}`,
    Scope: 'swarm',
    Driver: 'overlay',
  }));
  const networkIds = Object.fromEntries(networks.map(({ Name, Id }) => [Name, Id]));
  const nodes = range(nodeCount).map(makeNode);
  const services = definition.services.map(({ spec }, index) => ({
    ID: `id-${spec.Name}`,
    Version: { Index: 1000 + index },
    CreatedAt: '2026-01-01T00:00:00Z',
    UpdatedAt: '2026-01-01T00:00:00Z',
    Spec: fillLikeEngine(nameObjects(spec, { secrets: {}, configs: {} }), networkIds),
  }));
  const tasks = services.flatMap(({ ID, Spec }, index) =>
    range(replicas).flatMap((slot) => makeTasks(ID, Spec, slot, nodes, index)),
  );
  const objects = (kind: string, count: number) =>
    range(count).map((index) => ({ ID: `id-${kind}-${index}`, Spec: { Name: `${kind}-${number(index)}` } }));
  return { nodes, networks, configs: objects('config', 30), secrets: objects('secret', 50), services, tasks };
}

function makeNode(index: number): ObservedNode {
  return {
    id: `node-${number(index)}`,
    hostname: `vm-${number(index)}`,
    role: index < 3 ? 'manager' : 'worker',
    labels: { zone: zones[index % zones.length]!, rack: `r${index % 10}` },
    engineLabels: {},
    platform: { os: 'linux', architecture: 'x86_64' },
    availability: 'active',
    address: `198.19.0.${index + 1}`,
    ready: true,
  };
}

/** The one that runs in a slot, and those before it that failed or were replaced. */
function makeTasks(
  ServiceID: string,
  spec: ServiceSpec,
  slot: number,
  nodes: ObservedNode[],
  serviceIndex: number,
): ObservedTask[] {
  // the node of this slot is in the service's zone
  const NodeID = nodes[(serviceIndex % zones.length) + zones.length * ((serviceIndex + slot) % 20)]!.id;
  return range(pastTasks + 1).map((age) => ({
    ID: `${ServiceID}.${slot + 1}.${age}`,
    CreatedAt: `2026-01-01T00:0${pastTasks - age}:00Z`,
    ServiceID,
    Slot: slot + 1,
    NodeID,
    Spec: spec.TaskTemplate,
    DesiredState: age === 0 ? 'running' : 'shutdown',
    Status: {
      State: age === 0 ? 'running' : 'failed',
      Timestamp: `2026-01-01T00:0${pastTasks - age}:30Z`,
      ...(age > 0 && { Err: 'task: non-zero exit (1)', ContainerStatus: { ExitCode: 1 } }),
    },
  }));
}
