/** Nodes come and go for good, on a lab of its own: added, promoted, demoted, rebalanced, removed; under load, nothing lost. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { expectNoLoss, readAndWrite } from './support/expect-no-loss.ts';
import { expectKawanan, projectDir, runKawanan } from './support/kawanan.ts';
import { openSmallCluster, type SmallCluster } from './support/small-cluster.ts';

// The check is answered by the node's kernel: on a busy computer the application takes longer than HAProxy waits.
const compose = `services:
  web:
    image: debian:trixie-slim
    command: [perl, /serve.pl]
    configs: [{source: serve, target: /serve.pl}]
    ports: [{target: 8000, published: 8000, mode: host}]
    deploy: {endpoint_mode: dnsrr, replicas: 2, update_config: {monitor: 1s}}
  idle:
    image: debian:trixie-slim
    command: [sleep, infinity]
    deploy: {endpoint_mode: dnsrr, replicas: 4, update_config: {monitor: 1s}, placement: {constraints: [node.labels.zone != c]}}
configs: {serve: {file: ${join(projectDir, 'test/e2e/support/rude/serve.pl')}}}
x-balancer:
  web: {listen: 80, service: web, check: tcp, update: blue-green}
`;

const manager = 'vm-dockerswarmmanager';
const first = 'vm-dockerswarmworker1';
const second = 'vm-dockerswarmworker2';

let small: SmallCluster;
let address: string;
const at = (...args: string[]): string[] => [...args, '--file', small.file];

/** The virtual address is asked. */
const losesNothing = (work: () => Promise<unknown>): Promise<void> =>
  expectNoLoss(small, readAndWrite(small.vip), work);

/** Role by name, as the swarm has it. */
async function readRoles(): Promise<Record<string, string>> {
  return small.on(manager, async (host) => {
    const nodes = (await host.engine().listNodes()) as {
      Description: { Hostname: string };
      Spec: { Role: string };
    }[];
    return Object.fromEntries(nodes.map(({ Description, Spec }) => [Description.Hostname, Spec.Role]));
  });
}

/** How many tasks of a service run on each node. */
async function countTasks(service: string): Promise<Record<string, number>> {
  return small.on(manager, async (host) => {
    const engine = host.engine();
    const filters = JSON.stringify({ service: [`nodes_${service}`], 'desired-state': ['running'] });
    const nodes = (await engine.listNodes()) as { ID: string; Description: { Hostname: string } }[];
    const nameOf = (id: string): string => nodes.find(({ ID }) => ID === id)?.Description.Hostname ?? id;
    const counts: Record<string, number> = {};
    for (const { NodeID, Status } of (await engine.listTasks({ filters })) as {
      NodeID: string;
      Status: { State: string };
    }[])
      if (Status.State === 'running') counts[nameOf(NodeID)] = (counts[nameOf(NodeID)] ?? 0) + 1;
    return counts;
  });
}

async function listServers(): Promise<string[]> {
  const { stdout } = await runKawanan(at('balancer', 'show', '--json'));
  const { servers } = JSON.parse(stdout) as { servers: { name: string }[] };
  return [...new Set(servers.map(({ name }) => name).filter((name) => name.endsWith('-web')))].sort();
}

const isInFile = async (name: string): Promise<boolean> =>
  name in (parse(await readFile(small.file, 'utf8')) as { nodes: object }).nodes;

const expectNothingToDo = (): Promise<unknown> => expectKawanan(at('plan', '--detailed-exitcode'));

beforeAll(async () => {
  small = await openSmallCluster('nodes', compose, (settings) => {
    const nodes = settings['nodes'] as Record<string, { address: string; labels?: object }>;
    address = nodes[second]!.address;
    nodes[manager]!.labels = { zone: 'c' };
    delete nodes[second];
  });
  await expectKawanan(at('up', '--yes'));
});

afterAll(() => small?.[Symbol.asyncDispose]());

test('a machine is added: it joins, and both balancers know it', () =>
  losesNothing(async () => {
    await expectKawanan(at('node', 'add', second, address, '--labels', 'zone=b', '--yes'));
    expect(await readRoles()).toEqual({ [manager]: 'manager', [first]: 'worker', [second]: 'worker' });
    expect(await listServers()).toEqual([`${manager}-web`, `${first}-web`, `${second}-web`]);
    await expectNothingToDo();
  }));

test('a drained node comes back, and its share of the tasks with it', () =>
  losesNothing(async () => {
    await expectKawanan(at('node', 'drain', second, '--yes'));
    expect(await countTasks('idle')).toEqual({ [first]: 4 });
    await expectKawanan(at('node', 'ready', second, '--rebalance'));
    expect(await countTasks('idle')).toEqual({ [first]: 2, [second]: 2 });
    await expectNothingToDo();
  }));

test('workers become managers and workers again', () =>
  losesNothing(async () => {
    await expectKawanan(at('node', 'promote', first, '--yes'));
    await expectKawanan(at('node', 'promote', second, '--yes'));
    expect(await readRoles()).toEqual({ [manager]: 'manager', [first]: 'manager', [second]: 'manager' });
    await expectKawanan(at('node', 'demote', first, '--yes'));
    await expectKawanan(at('node', 'demote', second, '--yes'));
    expect(await readRoles()).toEqual({ [manager]: 'manager', [first]: 'worker', [second]: 'worker' });
    await expectNothingToDo();
  }));

test.each([['demote'], ['remove']])(
  '%s of the only manager is refused, and nothing is written',
  async (verb) => {
    const { stderr } = await expectKawanan(at('node', verb, manager, '--yes'), 2);
    expect(stderr).toMatch(/manager/);
    expect(await isInFile(manager)).toBe(true);
  },
);

test('a node is removed, the tool killed on the way: from the swarm, the balancers and the file', () =>
  losesNothing(async () => {
    const killed = await runKawanan(at('node', 'remove', second, '--yes'), {
      killWhen: (printed) => /draining it in the swarm/.test(printed),
    });
    expect(killed.signal).toBe('SIGKILL');
    await expectKawanan(at('node', 'remove', second, '--yes'));
    expect(await readRoles()).toEqual({ [manager]: 'manager', [first]: 'worker' });
    expect(await listServers()).toEqual([`${manager}-web`, `${first}-web`]);
    expect(await isInFile(second)).toBe(false);
    await expectNothingToDo();
  }));

test('a node that a stack cannot do without is not removed', async () => {
  const { stderr } = await expectKawanan(at('node', 'remove', first, '--yes'), 2);
  expect(stderr).toMatch(/web wants 2 replicas with host port 8000, but may run on one node/);
  expect(await readRoles()).toEqual({ [manager]: 'manager', [first]: 'worker' });
  expect(await isInFile(first)).toBe(true);
});
