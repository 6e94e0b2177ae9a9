/**
 * Two stacks that share a network and the balancer, on a lab of its own: each is deployed, redeployed and taken away
 * while the other serves on, and taken away and deployed again at once.
 */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProbe } from '../../src/drill/probe/probe.ts';
import { eventually } from './support/eventually.ts';
import { explainLosses } from './support/explain-losses.ts';
import { expectKawanan, projectDir } from './support/kawanan.ts';
import { openSmallCluster, type SmallCluster } from './support/small-cluster.ts';

const manager = 'vm-dockerswarmmanager';
const worker = 'vm-dockerswarmworker1';

interface Variant {
  version?: number;
  /** Port of the frontend. */
  listen?: number;
}

// Both call their service `web`: what is one stack's must never be taken for the other's.
const service = (published: number, version: number): string => `services:
  web:
    image: debian:trixie-slim
    command: [perl, /serve.pl]
    environment: {VERSION: "${version}"}
    configs: [{source: serve, target: /serve.pl}]
    networks: [shared]
    ports: [{target: 8000, published: ${published}, mode: host}]
    stop_grace_period: 1s
    deploy:
      endpoint_mode: dnsrr
      placement: {constraints: [node.hostname == ${worker}]}
      update_config: {monitor: 1s}
configs: {serve: {file: ${join(projectDir, 'test/e2e/support/rude/serve.pl')}}}
`;
const shop = ({ version = 1, listen = 80 }: Variant = {}): string => `${service(8001, version)}networks:
  shared: {name: shared}
x-balancer:
  shop: {listen: ${listen}, service: web, check: tcp}
`;
const blog = ({ version = 1, listen = 81 }: Variant = {}): string => `${service(8002, version)}networks:
  shared: {name: shared, external: true}
x-balancer:
  blog: {listen: ${listen}, service: web, check: tcp}
`;

let small: SmallCluster;
// before what `--` ends
const at = (command: string, ...args: string[]): string[] => [command, '--file', small.file, ...args];
const change = (command: string, ...args: string[]): string[] => at(command, ...args, '--yes');
const deploy = (...stacks: string[]): string[] => change('deploy', ...stacks, '--resolve-image', 'never');
const blogFile = (): string => join(dirname(small.file), 'blog.yml');
const writeShop = (variant?: Variant): Promise<void> => writeFile(small.composeFile, shop(variant));
const writeBlog = (variant?: Variant): Promise<void> => writeFile(blogFile(), blog(variant));

const onSwarm = <Result>(work: (engine: Docker) => Promise<Result>): Promise<Result> =>
  small.on(manager, (host) => work(host.engine()));

async function listTasks(stack: string): Promise<string[]> {
  const filters = JSON.stringify({
    label: [`com.docker.stack.namespace=${stack}`],
    'desired-state': ['running'],
  });
  const tasks = await onSwarm((engine) => engine.listTasks({ filters }));
  return (tasks as { ID: string }[]).map(({ ID }) => ID).sort();
}

/** All that speaks of a stack in the swarm, by its labels. */
async function listTraces(stack: string): Promise<string[]> {
  const isOf = (labels: Record<string, string> | undefined): boolean =>
    Object.values(labels ?? {}).includes(stack);
  return onSwarm(async (engine) => {
    const [services, networks, configs, secrets] = await Promise.all([
      engine.listServices(),
      engine.listNetworks(),
      engine.listConfigs(),
      engine.listSecrets(),
    ]);
    return [
      ...networks.filter(({ Labels }) => isOf(Labels)).map(({ Name }) => `network ${Name}`),
      ...[...services, ...configs, ...secrets]
        .map(({ Spec }) => Spec)
        .filter((spec) => isOf(spec?.Labels))
        .map((spec) => spec?.Name ?? ''),
    ];
  });
}

/** The version that answers at the virtual address; `undefined` where nothing does. */
async function readVersion(port: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://${small.vip}:${port}/`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.headers.get('x-version') ?? `status ${response.status}`;
  } catch {
    return undefined;
  }
}

const serves = (port: number, version: number | undefined): Promise<void> =>
  eventually(30_000, async () => expect(await readVersion(port)).toBe(version?.toString()), 500);

async function expectNothingToDo(): Promise<void> {
  await expectKawanan(at('plan', '--detailed-exitcode', '--resolve-image', 'never'));
}

beforeAll(async () => {
  small = await openSmallCluster('several', shop(), (settings) => {
    const nodes = settings['nodes'] as Record<string, unknown>;
    delete nodes['vm-dockerswarmworker2'];
    const { file } = settings['stack'] as { file: string };
    delete settings['stack'];
    // The one that needs the other's network comes first in the file.
    settings['stacks'] = { blog: join(dirname(file), 'blog.yml'), shop: { file, keep_revisions: 3 } };
  });
  await writeBlog();
  await expectKawanan(at('up', '--yes', '--resolve-image', 'never'));
});

afterAll(() => small?.[Symbol.asyncDispose]());

test('both come up in the order of the network that they share, and answer', async () => {
  await serves(80, 1);
  await serves(81, 1);
  await expectNothingToDo();
  const ask = 'use IO::Socket::INET; print IO::Socket::INET->new("shop_web:8000") ? "reached" : $!';
  const { stdout } = await expectKawanan(at('exec', 'blog_web', '--', 'perl', '-e', ask));
  expect(stdout).toBe('reached');
});

test('what both have is asked about, and said by --stack', async () => {
  const { stderr } = await expectKawanan(at('exec', 'web', '--', 'true'), 2);
  expect(stderr).toContain('which web? The stacks blog and shop have one');
  await expectKawanan(at('exec', '--stack', 'shop', 'web', '--', 'true'));
  expect((await expectKawanan(at('history'), 2)).stderr).toContain('which stack?');
  const shown = await expectKawanan(at('ps', '--stack', 'shop', '--json'));
  expect(JSON.parse(shown.stdout).map(({ name }: { name: string }) => name)).toEqual(['shop_web.1']);
});

test('one is deployed anew while the other serves on, as it was deployed and not as its file says today', async () => {
  const before = await listTasks('blog');
  await writeShop({ version: 2 });
  await writeBlog({ version: 2, listen: 82 });
  const targets = [{ name: 'blog', kind: 'http' as const, url: `http://${small.vip}:81/` }];
  const probe = startProbe({ targets, ratePerSecond: 10, durationMs: 240_000, timeoutMs: 10_000 });
  await probe.started;
  try {
    await expectKawanan(deploy('shop'));
  } finally {
    const result = await probe.stop();
    expect(result.figures.failed, await explainLosses(small, result)).toBe(0);
  }
  await serves(80, 2);
  expect(await listTasks('blog')).toEqual(before);
  expect([await readVersion(81), await readVersion(82)]).toEqual(['1', undefined]);
  // Back again: one stack's revisions are no business of the other's.
  await expectKawanan(change('rollback', '--stack', 'shop'));
  await serves(80, 1);
  expect(await listTasks('blog')).toEqual(before);
  await writeShop();
  await writeBlog();
  await expectNothingToDo();
});

test('two that want one port are refused, with the places of both', async () => {
  await writeBlog({ listen: 80 });
  const { stderr } = await expectKawanan(deploy('blog'), 2);
  expect(stderr).toMatch(/several\/\S+:\d+:\d+ x-balancer\.\w+\.listen.*port 80 is listened on by/s);
  expect(stderr).toMatch(/already \(\S+several\/\S+\.yml:\d+:\d+ x-balancer\.\w+\.listen\)/);
  await writeBlog();
});

test('a stack whose network another uses stays', async () => {
  const tasks = await listTasks('shop');
  const { stderr } = await expectKawanan(change('down', 'shop'), 1);
  expect(stderr).toContain('shared: blog_web of the stack blog');
  expect(stderr).toContain('kawanan down shop blog');
  expect(await listTasks('shop')).toEqual(tasks);
  await serves(80, 1);
});

test('one goes, and the other serves on', async () => {
  const before = await listTasks('shop');
  await expectKawanan(change('down', 'blog'));
  expect(await listTraces('blog')).toEqual([]);
  expect(await listTasks('shop')).toEqual(before);
  await serves(81, undefined);
  await serves(80, 1);
});

test('a stack that is taken away is deployed again at once, three times', async () => {
  for (const round of [1, 2, 3]) {
    await expectKawanan(change('down', 'shop'));
    expect(await listTraces('shop'), `round ${round}`).toEqual([]);
    await expectKawanan(deploy('shop'));
    await serves(80, 1);
  }
});

test('both go together, whichever is named first, and leave nothing', async () => {
  await expectKawanan(deploy());
  await expectKawanan(change('down', 'shop', 'blog'));
  expect([...(await listTraces('shop')), ...(await listTraces('blog'))]).toEqual([]);
  await serves(80, undefined);
  const { stdout } = await expectKawanan(change('down', 'shop', 'blog'));
  expect(stdout).toBe('nothing to remove\n');
});
