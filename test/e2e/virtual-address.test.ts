/** The virtual address on three balancers: moved on purpose and by failures, shared by two, pretended to, split. */

import { readFile, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { readHolders } from '../../src/balancer/keepalived/read-holders.ts';
import { startProbe } from '../../src/drill/probe/probe.ts';
import { createHosts } from '../../src/remote/hosts.ts';
import { eventually } from './support/eventually.ts';
import { explainLosses } from './support/explain-losses.ts';
import { expectKawanan, projectDir, runKawanan } from './support/kawanan.ts';
import { openSmallCluster, type SmallCluster } from './support/small-cluster.ts';
import { spoofVrrp } from './support/spoof-vrrp.ts';

const [first, second, third] = ['vm-loadbalancer1', 'vm-loadbalancer2', 'vm-dockerswarmworker2'] as const;
const outsider = 'vm-dockerswarmmanager';

const compose = `
x-balancer:
  web: {listen: 80, service: echo, port: 8000}
  lines: {listen: 7000, mode: tcp, service: echo, port: 7000}
services:
  echo:
    image: echo/app:1
    build: ${join(projectDir, 'test/fixtures/echo-app')}
    networks: [net]
    ports: [{target: 8000, published: 8000, mode: host}, {target: 7000, published: 7000, mode: host}]
    deploy: {replicas: 1, endpoint_mode: dnsrr, placement: {constraints: [node.role == worker]}}
networks: {net: {driver: overlay}}
`;

let small: SmallCluster;
let vip: string;
let hosts: ReturnType<typeof createHosts>;

/** Runs a shell command on a machine as root. */
async function onNode(node: string, command: string): Promise<string> {
  const host = await hosts.connect(node);
  return (await host.run({ program: 'sh', args: ['-c', command], asRoot: true, accept: [0, 1, 5] })).stdout;
}

async function holdersOf(address = vip): Promise<string[]> {
  const holdings = await readHolders(small.cluster, hosts);
  return holdings.find((one) => one.address === address)?.holders ?? [];
}

const settlesAt = (holder: string, address = vip): Promise<void> =>
  eventually(10_000, async () => expect(await holdersOf(address)).toEqual([holder]), 50);

/** What clients with kept connections, GET and POST in turn, see while `work` is done and for a second more. */
async function probeWhile(
  work: () => Promise<unknown>,
): Promise<{ sent: number; failed: number; gapMs: number; receipt: string }> {
  const stop = new AbortController();
  const target = { kind: 'http' as const, url: `http://${vip}/`, connection: 'keep' as const };
  const probe = startProbe(
    {
      targets: [
        { ...target, name: 'GET', method: 'GET' },
        { ...target, name: 'POST', method: 'POST', body: Buffer.alloc(60_000, 'x') },
      ],
      ratePerSecond: 100,
      durationMs: 120_000,
      timeoutMs: 5_000,
    },
    { signal: stop.signal },
  );
  await sleep(1_000);
  await work();
  await sleep(1_000);
  stop.abort();
  const result = await probe.finished;
  const { requests, failed, longestGap } = result.figures;
  const receipt = await explainLosses(small, result);
  return { sent: requests, failed, gapMs: longestGap?.ms ?? 0, receipt };
}

/** A connection that says a line every 50 ms and expects it back; `end` tells how many came back, and why no more. */
function talk(): { end(): Promise<{ lines: number; broken?: string }> } {
  const socket: Socket = connect(7000, vip);
  let lines = 0;
  let broken: string | undefined;
  socket.on('data', (data) => {
    lines += data.toString().split('\n').length - 1;
  });
  socket.on('error', (error) => {
    broken = error.message;
  });
  socket.on('close', () => {
    broken ??= 'closed';
  });
  const clock = setInterval(() => socket.write('line\n'), 50);
  return {
    async end() {
      clearInterval(clock);
      await sleep(200);
      const seen = { lines, ...(broken !== undefined && { broken }) };
      socket.destroy();
      return seen;
    },
  };
}

async function changeClusterFile(change: (balancer: Record<string, unknown>) => void): Promise<void> {
  const settings = parse(await readFile(small.file, 'utf8'));
  change(settings.balancer);
  await writeFile(small.file, stringify(settings));
  await expectKawanan(['up', '--yes', '--file', small.file]);
}

const failover = (...args: string[]) =>
  expectKawanan(['balancer', 'failover', '--wait', '3', ...args, '--file', small.file]);
const failback = () => expectKawanan(['balancer', 'failback', '--wait', '3', '--file', small.file]);

beforeAll(async () => {
  small = await openSmallCluster('virtual', compose, (settings) => {
    const nodes = settings['nodes'] as Record<string, { role: string; labels?: unknown }>;
    nodes[third]!.role = 'balancer';
    delete nodes[third]!.labels;
  });
  vip = small.vip;
  hosts = createHosts(small.cluster);
  await expectKawanan(['up', '--yes', '--file', small.file]);
  await settlesAt(first);
});

afterAll(async () => {
  await hosts?.close();
  await small?.[Symbol.asyncDispose]();
});

describe('a move on purpose', () => {
  test('loses nothing: neither requests nor a connection that lasts', async () => {
    const line = talk();
    const seen = await probeWhile(async () => {
      await failover();
      expect(await holdersOf()).toEqual([second]);
      await failover('--to', third);
      expect(await holdersOf()).toEqual([third]);
      await failback();
      expect(await holdersOf()).toEqual([first]);
    });
    expect(seen, seen.receipt).toMatchObject({ failed: 0 });
    expect(seen.sent).toBeGreaterThan(300);
    // the connection outlasts the time it was given on the first balancer, and then it is cut, not forgotten
    const { lines, broken } = await line.end();
    expect(lines).toBeGreaterThan(20);
    expect(broken).toBeDefined();
  });

  test('lets a connection go on through the balancer that it began at', async () => {
    const line = talk();
    await sleep(500);
    const { signal } = await runKawanan(
      ['balancer', 'failover', '--wait', '4', '--file', small.file],
      // killed while it waits: what it set up ends by itself
      { killWhen: (printed) => printed.includes('waiting for') },
    );
    expect(signal).toBe('SIGKILL');
    await settlesAt(second);
    await sleep(2_000);
    const { lines, broken } = await line.end();
    expect(broken).toBeUndefined();
    expect(lines).toBeGreaterThan(40);
  });

  test('leaves nothing behind, even when it was killed', async () => {
    await eventually(40_000, async () => {
      for (const node of [first, second, third]) {
        expect(
          await onNode(node, 'nft list tables netdev; ip -4 -o address show dev lo | grep -v 127.0.0.1'),
        ).toBe('');
        const settings = 'cd /proc/sys/net/ipv4/conf/host0; cat arp_ignore arp_announce';
        expect(await onNode(node, settings)).toBe('0\n0\n');
      }
    });
    await failback();
  });

  test.each<[string, string[], number, RegExp]>([
    ['to a machine that is no balancer', ['--to', outsider], 2, /is no balancer/],
    ['with a time that is none', ['--wait', 'soon'], 2, /no number of seconds/],
  ])('is refused %s', async (_name, args, exitCode, message) => {
    const { stderr } = await expectKawanan(['balancer', 'failover', ...args, '--file', small.file], exitCode);
    expect(stderr).toMatch(message);
  });

  test('is refused to a balancer that could not serve', async () => {
    await onNode(second, 'systemctl stop haproxy');
    try {
      const { stderr } = await expectKawanan(
        ['balancer', 'failover', '--to', second, '--file', small.file],
        1,
      );
      expect(stderr).toMatch(/haproxy is inactive on vm-loadbalancer2/);
      expect(await holdersOf()).toEqual([first]);
    } finally {
      await onNode(second, 'systemctl start haproxy');
    }
  });
});

describe('a failure', () => {
  test('of keepalived, killed on the spot, leaves one holder within 2 s', async () => {
    const killed = performance.now();
    await onNode(first, 'systemctl kill --signal=SIGKILL keepalived');
    await eventually(5_000, async () => expect(await holdersOf()).toHaveLength(1), 50);
    expect(performance.now() - killed).toBeLessThan(2_000);
    await eventually(10_000, () => failback());
  });

  test('of HAProxy takes the address to the next one, which keeps it', async () => {
    await onNode(first, 'systemctl kill --signal=SIGKILL haproxy');
    await settlesAt(second);
    await eventually(5_000, async () =>
      expect(await onNode(first, 'systemctl is-active haproxy')).toBe('active\n'),
    );
    await sleep(1_000);
    expect(await holdersOf()).toEqual([second]);
    await failback();
  });
});

test('a third machine that pretends to hold the address is ignored', async () => {
  const dropped = async (): Promise<number> =>
    Number(/counter packets (\d+)/.exec(await onNode(first, 'nft list table ip kawanan'))?.[1]);
  const before = await dropped();
  const address = small.cluster.nodes.find(({ name }) => name === first)!.address;
  const seen = await probeWhile(() =>
    small.on(outsider, (host) => spoofVrrp(host, { vip, to: address, seconds: 2 })),
  );
  expect(await dropped()).toBeGreaterThanOrEqual(before + 90);
  expect(await holdersOf()).toEqual([first]);
  expect(seen, seen.receipt).toMatchObject({ failed: 0 });
});

test('balancers that lose sight of each other are told of within 5 s, and agree when they see each other again', async () => {
  const blind =
    'nft add table ip blind; nft add chain ip blind in "{ type filter hook input priority -20; }"; nft add rule ip blind in ip protocol 112 drop';
  for (const node of [first, second, third]) await onNode(node, blind);
  const blinded = performance.now();
  try {
    await eventually(5_000, async () => {
      const { stdout } = await runKawanan(['status', '--json', '--file', small.file]);
      expect(JSON.parse(stdout).degraded.join()).toMatch(/ and .* hold the virtual address/);
    });
    expect(performance.now() - blinded).toBeLessThan(5_000);
    const { stdout } = await expectKawanan(['doctor', '--file', small.file], 1);
    expect(stdout).toMatch(/let IP protocol 112 \(VRRP\) through/);
  } finally {
    for (const node of [first, second, third]) await onNode(node, 'nft delete table ip blind');
  }
  await eventually(5_000, async () => expect(await holdersOf()).toHaveLength(1), 50);
});

test('a machine with the same address is found out', async () => {
  await onNode('vm-dockerswarmworker1', `ip address add ${vip}/32 dev host0`);
  try {
    const { stdout } = await runKawanan(['status', '--json', '--file', small.file]);
    expect(JSON.parse(stdout).degraded.join()).toMatch(
      /a machine that is no balancer \(MAC [0-9a-f:]+\) answers/,
    );
  } finally {
    await onNode('vm-dockerswarmworker1', `ip address del ${vip}/32 dev host0`);
  }
});

test('two addresses are held by two balancers, by one when it is alone, and by two again', async () => {
  const other = vip.replace(/\.20$/, '.21');
  await changeClusterFile((balancer) => {
    balancer['vip'] = [`${vip}/24`, `${other}/24`];
    balancer['failback'] = { after: '2s' };
  });
  small.cluster.balancer!.furtherVips = [{ address: other, prefixLength: 24 }];
  // told by the new failback, where an earlier test left it elsewhere
  await settlesAt(first);
  await settlesAt(second, other);
  expect((await fetch(`http://${other}/`)).status).toBe(200);
  await onNode(second, 'systemctl stop haproxy');
  await eventually(5_000, async () => expect(await holdersOf(other)).not.toContain(second), 50);
  await onNode(second, 'systemctl start haproxy');
  // failback: {after: 2s}
  await settlesAt(second, other);
});
