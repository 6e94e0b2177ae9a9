/**
 * A stack changes hands between kawanan and the real `docker stack deploy`, both ways, and no task restarts where
 * nothing differs. The client is Debian's, in the manager's machine: it is there wherever the lab is.
 */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServiceSpec } from '../../src/stack/engine-types.ts';
import { eventually } from './support/eventually.ts';
import { expectKawanan } from './support/kawanan.ts';
import { openSmallCluster, type SmallCluster } from './support/small-cluster.ts';

const manager = 'vm-dockerswarmmanager';
const folder = '/root/handed-over';
const files = { 'motd.txt': 'served by whoever deployed last\n', 'token.txt': 'no secret at all\n' };

// With something of each kind that a stack owns, and with settings that the engine answers in other words.
const compose = (setting: string): string => `
version: "3.8"
services:
  web:
    image: debian:trixie-slim
    command: [sleep, infinity]
    environment: {SETTING: "${setting}", EMPTY: ""}
    networks: {net: {aliases: [site]}}
    configs: [{source: motd, target: /etc/motd.served, mode: 0440}]
    secrets: [token]
    volumes: [data:/data]
    stop_grace_period: 1s
    healthcheck: {test: [CMD, test, -e, /etc/motd.served], interval: 1s, retries: 3}
    deploy:
      replicas: 2
      endpoint_mode: dnsrr
      resources: {limits: {cpus: "0.50", memory: 64M}}
      placement: {constraints: [node.role == worker], preferences: [{spread: node.labels.zone}]}
      update_config: {parallelism: 1, monitor: 1s, order: stop-first}
      restart_policy: {condition: any, delay: 1s}
  agent:
    image: debian:trixie-slim
    command: [sleep, infinity]
    networks: [net]
    stop_grace_period: 1s
    logging: {driver: json-file, options: {max-size: 1m}}
    deploy: {mode: global, endpoint_mode: dnsrr, update_config: {monitor: 1s}}
networks: {net: {driver: overlay, attachable: true}}
volumes: {data: {}}
configs: {motd: {file: ./motd.txt}}
secrets: {token: {file: ./token.txt}}
`;

let small: SmallCluster;

/** On the manager, with the file as it stands there. */
async function docker(...args: string[]): Promise<void> {
  const accept = [0, 1];
  const result = await small.on(manager, (host) =>
    host.run({ program: 'docker', args, timeoutMs: 120_000, accept }),
  );
  expect(result.exitCode, result.stderr || result.stdout).toBe(0);
}

const deployPlain = (): Promise<void> =>
  docker(
    ...['stack', 'deploy', '--detach=false', '--resolve-image', 'never', '-c', `${folder}/compose.yml`],
    'shared',
  );

const deploy = () => expectKawanan(['deploy', '--yes', '--file', small.file]);

/** Ids of the running tasks of each service. */
async function readTasks(): Promise<Record<string, string[]>> {
  return small.on(manager, async (host) => {
    const engine = host.engine();
    const filters = JSON.stringify({ label: ['com.docker.stack.namespace=shared'] });
    const [services, tasks] = (await Promise.all([
      engine.listServices({ filters } as never),
      engine.listTasks({ filters } as never),
    ])) as unknown as [
      { ID: string; Spec: ServiceSpec }[],
      { ID: string; ServiceID: string; Status: { State: string } }[],
    ];
    return Object.fromEntries(
      services.map(({ ID, Spec }) => [
        Spec.Name,
        tasks
          .filter((task) => task.ServiceID === ID && task.Status.State === 'running')
          .map((task) => task.ID)
          .sort(),
      ]),
    );
  });
}

beforeAll(async () => {
  small = await openSmallCluster('shared', compose('first'), (settings) => {
    delete settings['balancer'];
    const nodes = settings['nodes'] as Record<string, unknown>;
    for (const name of ['vm-loadbalancer1', 'vm-loadbalancer2', 'vm-dockerswarmworker2']) delete nodes[name];
  });
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(join(dirname(small.composeFile), name), text)),
  );
  await expectKawanan(['up', '--yes', '--file', small.file]);
  await small.on(manager, async (host) => {
    const install = ['install', '-y', '-q', '--no-install-recommends', 'docker-cli'];
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await host.run({ program: 'apt-get', args: install, env, timeoutMs: 300_000 });
    for (const [name, text] of Object.entries(files)) await host.writeFile(`${folder}/${name}`, text);
    await host.writeFile(`${folder}/compose.yml`, compose('first'));
  });
});

afterAll(async () => {
  await small?.[Symbol.asyncDispose]();
});

describe('a stack that kawanan deployed', () => {
  test('is deployed by docker stack deploy without a restart, and kawanan finds nothing to do after it', async () => {
    const before = await readTasks();
    expect(before).toEqual({
      shared_web: [expect.any(String), expect.any(String)],
      shared_agent: [expect.any(String), expect.any(String)],
    });
    await deployPlain();
    expect(await readTasks()).toEqual(before);
    await expectKawanan(['plan', '--detailed-exitcode', '--file', small.file], 0);
  });
});

describe('a stack that docker stack deploy made', () => {
  beforeAll(async () => {
    await docker('stack', 'rm', 'shared');
    // the real command fails while a network of the same name is still on its way out
    await eventually(60_000, () => deployPlain(), 1_000);
  });

  test('is taken over by kawanan without a restart', async () => {
    const before = await readTasks();
    const { stderr } = await deploy();
    expect(stderr).not.toMatch(/service shared_/);
    expect(await readTasks()).toEqual(before);
    const { stdout } = await deploy();
    expect(stdout).toContain('nothing to do');
  });

  test('is updated by kawanan only where it differs, and goes back by docker stack deploy in the same way', async () => {
    const before = await readTasks();
    await writeFile(small.composeFile, compose('second'));
    await deploy();
    const changed = await readTasks();
    expect(changed['shared_agent']).toEqual(before['shared_agent']);
    for (const id of before['shared_web']!) expect(changed['shared_web']).not.toContain(id);
    await deployPlain();
    const back = await readTasks();
    expect(back['shared_agent']).toEqual(before['shared_agent']);
    for (const id of changed['shared_web']!) expect(back['shared_web']).not.toContain(id);
    await writeFile(small.composeFile, compose('first'));
    const { stderr } = await deploy();
    expect(stderr).not.toMatch(/service shared_/);
    expect(await readTasks()).toEqual(back);
  });
});
