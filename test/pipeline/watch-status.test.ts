import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import type { ClusterStatus } from '../../src/pipeline/read-status.ts';
import { type Silence, watchStatus } from '../../src/pipeline/watch-status.ts';
import type { Host } from '../../src/remote/host.ts';
import { createHosts } from '../../src/remote/hosts.ts';
import { startSshd, type TestSshd } from '../remote/sshd.ts';

// Real processes, on computers that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let sshd: TestSshd;
let ending: AbortController;
beforeEach(async () => {
  sshd = await startSshd();
  ending = new AbortController();
});
afterEach(async () => {
  ending.abort();
  await sshd.stop();
});

function watch(onSilent: (silent: Silence) => void = () => {}): {
  next(): Promise<ClusterStatus>;
  host(): Promise<Host>;
  isOver(): Promise<boolean>;
} {
  const cluster: Cluster = {
    name: 'watched',
    file: 'cluster.yml',
    nodes: [sshd.node],
    stacks: [],
    images: { archives: {} },
    variables: {},
    warnings: [],
  };
  let connect: (name: string) => Promise<Host>;
  const looks = watchStatus(cluster, {
    signal: ending.signal,
    intervalMs: 50,
    openHosts: (watching) => createHosts(cluster, { home: sshd.folder, agent: null, ...watching }),
    onHosts: (hosts) => {
      connect = hosts.connect;
    },
    onSilent,
  });
  return {
    next: async () => (await looks.next()).value as ClusterStatus,
    host: () => connect('vm-test'),
    isOver: async () => (await looks.next()).done === true,
  };
}

/** The process of sshd that serves a connection: the parent of `timeout`, which runs our command. */
async function sessionPid(host: Host): Promise<number> {
  const script = 'cut -d" " -f4 /proc/$PPID/stat';
  return Number((await host.run({ program: 'sh', args: ['-c', script] })).stdout);
}

test('a machine that ends is told of at once and left out, and one that returns is found again', async () => {
  const told: string[][] = [];
  const { next, host, isOver } = watch((silent) => void told.push([...silent.keys()]));
  expect((await next()).nodes[0]!.unreachable).toBeUndefined();
  const pid = await sessionPid(await host());
  await sshd.end();
  process.kill(pid, 'SIGKILL');
  let status = await next();
  while (status.nodes[0]!.unreachable === undefined) status = await next();
  expect(told).toEqual([['vm-test']]);
  await sshd.begin();
  while (status.nodes[0]!.unreachable !== undefined) status = await next();
  expect(told).toEqual([['vm-test'], []]);
  ending.abort();
  expect(await isOver()).toBe(true);
});

test('a connection that breaks while the machine lives is made anew, and nobody is told', async () => {
  const told: string[][] = [];
  const { next, host } = watch((silent) => void told.push([...silent.keys()]));
  await next();
  process.kill(await sessionPid(await host()), 'SIGKILL');
  for (let looks = 0; looks < 5; looks++) expect((await next()).nodes[0]!.unreachable).toBeUndefined();
  expect(told).toEqual([]);
});
