import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { StackDefinition } from '../../src/stack/definition.ts';
import type { ConfigSpec, NetworkCreate, SecretSpec, ServiceSpec } from '../../src/stack/engine-types.ts';
import { dropNulls, readNode } from '../../src/stack/observe.ts';
import type { ObservedNode, ObservedService, ObservedTask, StackObserved } from '../../src/stack/observed.ts';

/** A service spec as the converter makes one. */
export function makeSpec(name: string, change: (spec: ServiceSpec) => void = () => {}): ServiceSpec {
  const labels = { 'com.docker.stack.namespace': 'stk' };
  const spec: ServiceSpec = {
    Name: `stk_${name}`,
    Labels: { ...labels, 'com.docker.stack.image': 'shop/app:1' },
    TaskTemplate: { ContainerSpec: { Image: 'shop/app:1', Labels: labels } },
    Mode: { Replicated: { Replicas: 1 } },
  };
  change(spec);
  return spec;
}

export function makeDefinition(
  services: ServiceSpec[],
  more: Partial<StackDefinition> = {},
): StackDefinition {
  return {
    name: 'stk',
    file: '/app/compose.yml',
    networks: [],
    configs: [],
    secrets: [],
    services: services.map((spec) => ({ key: spec.Name.replace('stk_', ''), spec, dependsOn: [] })),
    external: { networks: [], configs: [], secrets: [] },
    warnings: [],
    ...more,
  };
}

export const nodes: ObservedNode[] = ['m', 'w1', 'w2'].map((hostname) => ({
  id: `id-${hostname}`,
  hostname,
  role: hostname === 'm' ? ('manager' as const) : ('worker' as const),
  labels: {},
  engineLabels: {},
  platform: { os: 'linux', architecture: 'x86_64' },
  availability: 'active' as const,
  address: '198.18.0.1',
  ready: true,
}));

export function makeService(spec: ServiceSpec, more: Partial<ObservedService> = {}): ObservedService {
  return {
    ID: `id-${spec.Name}`,
    Version: { Index: 7 },
    CreatedAt: '2026-01-01T00:00:00Z',
    UpdatedAt: '2026-01-01T00:00:00Z',
    Spec: spec,
    ...more,
  };
}

let count = 0;

/** A task of a service; running on `w1` in slot 1, for 12 seconds after its creation, unless told. */
export function makeTask(
  service: ObservedService,
  more: Partial<Omit<ObservedTask, 'Status'>> & { state?: string; err?: string; exitCode?: number } = {},
): ObservedTask {
  const { state = 'running', err, exitCode, ...rest } = more;
  count += 1;
  return {
    ID: `task-${count}`,
    // each a little after the one before, however many tests made some before
    CreatedAt: `2026-01-01T00:00:18.${String(count).padStart(9, '0')}Z`,
    ServiceID: service.ID,
    Slot: 1,
    NodeID: 'id-w1',
    Spec: service.Spec.TaskTemplate,
    DesiredState: 'running',
    ...rest,
    Status: {
      State: state,
      Timestamp: '2026-01-01T00:00:30Z',
      ...(err !== undefined && { Err: err }),
      ...(exitCode !== undefined && { ContainerStatus: { ExitCode: exitCode } }),
    },
  };
}

export function makeObserved(more: Partial<StackObserved> = {}): StackObserved {
  return { nodes, networks: [], configs: [], secrets: [], services: [], tasks: [], ...more };
}

/** What `docker stack deploy` sent, and what the engines answered a while later; recorded from real ones. */
export const recordedEngines = ['20.10', '26.1'];

export function readRecording(engine = '26.1'): {
  sent: { networks: NetworkCreate[]; secrets: SecretSpec[]; configs: ConfigSpec[]; services: ServiceSpec[] };
  observed: StackObserved;
} {
  const folder = resolve(import.meta.dirname, '../fixtures/engine');
  const read = (name: string) => JSON.parse(readFileSync(resolve(folder, name), 'utf8'));
  const raw = read(`observed-${engine}.json`);
  const observed = dropNulls<StackObserved>({ ...raw, nodes: [] });
  observed.networks = observed.networks.filter((network) => network.Scope === 'swarm');
  return { sent: read('sent.json'), observed: { ...observed, nodes: raw.nodes.map(readNode) } };
}

/** The recorded stack as a definition. */
export function readRecordedDefinition(): StackDefinition {
  const { sent } = readRecording();
  const keyed = <Spec extends { Name: string }>(specs: Spec[]) =>
    specs.map((spec) => ({ key: spec.Name.replace('stk_', ''), spec }));
  return makeDefinition(sent.services, {
    networks: keyed(sent.networks),
    configs: keyed(sent.configs),
    secrets: keyed(sent.secrets),
    external: { networks: [], configs: [], secrets: ['pw'] },
  });
}

/** A spec as the engine gives it back: defaults filled in, references by id, as recorded from engine 20.10. */
export function fillLikeEngine(spec: ServiceSpec, networkIds: Record<string, string>): ServiceSpec {
  const { ContainerSpec, Networks, ...task } = spec.TaskTemplate;
  const ports = spec.EndpointSpec?.Ports?.map((port) => ({
    Protocol: 'tcp',
    PublishMode: 'ingress',
    ...port,
  }));
  return {
    ...spec,
    TaskTemplate: {
      Resources: {},
      Placement: {},
      ...task,
      ContainerSpec: { Isolation: 'default', ...ContainerSpec },
      ...(Networks && {
        Networks: Networks.map((network) => ({
          ...network,
          Target: networkIds[network.Target] ?? network.Target,
        })),
      }),
      ForceUpdate: 0,
      Runtime: 'container',
    },
    Mode: spec.Mode ?? { Replicated: { Replicas: 1 } },
    EndpointSpec: { Mode: 'vip', ...spec.EndpointSpec, ...(ports && { Ports: ports }) },
  };
}
