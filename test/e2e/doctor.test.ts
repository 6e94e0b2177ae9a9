/** Doctor on a small stack of the lab: each hop of the path is broken in turn, named with evidence, and mended. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../src/pipeline/finding.ts';
import { eventually } from './support/eventually.ts';
import { expectKawanan, runKawanan } from './support/kawanan.ts';
import { openSmallCluster, type SmallCluster, smallAppDir } from './support/small-cluster.ts';

const worker = 'vm-dockerswarmworker1';
const compose = `
x-balancer:
  web: {listen: 80, service: api, port: 8000, check: GET /healthz}
services:
  api:
    image: small/app:1
    build: ${smallAppDir}
    networks: [net]
    ports: [{target: 8000, published: 8000, mode: host}]
    healthcheck: {test: [CMD-SHELL, "test ! -e /tmp/sick"], interval: 1s, timeout: 5s, retries: 600}
    deploy:
      replicas: 2
      endpoint_mode: dnsrr
      placement: {constraints: [node.role == worker], max_replicas_per_node: 1}
networks: {net: {driver: overlay}}
`;

let small: SmallCluster;

async function complaints(): Promise<Finding[]> {
  const { stdout } = await runKawanan(['doctor', '--json', '--file', small.file]);
  return (JSON.parse(stdout) as Finding[]).filter(({ verdict }) => verdict === 'broken');
}

/** Breaks something on a machine, looks what doctor says of it, and puts it right again. */
async function complaintsWhile(
  node: string,
  commands: { broken: string[]; mended: string[] },
): Promise<Finding[]> {
  const run = ([program, ...args]: string[]): Promise<unknown> =>
    small.on(node, (host) => host.run({ program: program!, args, asRoot: true }));
  await run(commands.broken);
  try {
    return await complaints();
  } finally {
    await run(commands.mended);
  }
}

const findAddress = (name: string): string => small.cluster.nodes.find((node) => node.name === name)!.address;

beforeAll(async () => {
  small = await openSmallCluster('doctored', compose);
  await expectKawanan(['up', '--yes', '--file', small.file]);
});

afterAll(async () => {
  await small?.[Symbol.asyncDispose]();
});

test('finds nothing broken while all is well', async () => {
  const { stdout } = await expectKawanan(['doctor', '--file', small.file]);
  expect(stdout).toMatch(/frontend web: answers at [0-9.]+:80 \(HTTP 200\)/);
  expect(stdout).toMatch(/overlay traffic too \(2 tried\)/);
});

test('names a firewall between one balancer and one node', async () => {
  const rule = [
    'DOCKER-USER',
    '-s',
    findAddress('vm-loadbalancer1'),
    '-p',
    'tcp',
    '--dport',
    '8000',
    '-j',
    'DROP',
  ];
  const found = await complaintsWhile(worker, {
    broken: ['iptables', '-I', ...rule],
    mended: ['iptables', '-D', ...rule],
  });
  expect(found.map(({ about, message }) => `${about}: ${message}`)).toEqual([
    `api on ${worker}: answers on the node, but not from vm-loadbalancer1: a firewall between them`,
  ]);
  expect(found[0]!.evidence).toContainEqual(expect.stringMatching(/^from vm-loadbalancer1, .*: no answer$/));
  expect(found[0]!.evidence).toContainEqual(expect.stringMatching(/^from vm-loadbalancer2, .*: HTTP 200$/));
});

test('names VXLAN that is blocked on one node', async () => {
  const rule = ['INPUT', '-p', 'udp', '--dport', '4789', '-j', 'DROP'];
  const found = await complaintsWhile(worker, {
    broken: ['iptables', '-I', ...rule],
    mended: ['iptables', '-D', ...rule],
  });
  expect(found.map(({ about }) => about)).toEqual(['network between the nodes']);
  expect(found[0]!.message).toContain('overlay traffic');
});

test('names a balancer that is down, and starts it when it is asked to', async () => {
  await small.on('vm-loadbalancer2', (host) =>
    host.run({ program: 'systemctl', args: ['stop', 'haproxy.service'], asRoot: true }),
  );
  const found = await complaints();
  expect(found.map(({ about, message }) => `${about}: ${message}`)).toContain(
    'vm-loadbalancer2: the balancer is down: haproxy.service is inactive',
  );
  const { stderr } = await expectKawanan(['doctor', '--mend', '--yes', '--file', small.file], 1);
  expect(stderr).toContain('done: restart haproxy.service on vm-loadbalancer2');
  await eventually(15_000, async () => expect(await complaints()).toEqual([]), 500);
});

test('names an application that fails, and makes it anew when it is asked to', async () => {
  await expectKawanan(['exec', '--file', small.file, 'api', '--', 'touch', '/tmp/fail']);
  const found = await complaints();
  expect(found).toHaveLength(1);
  expect(found[0]!.message).toBe('the application fails: HTTP 500');
  await expectKawanan(['doctor', '--mend', '--yes', '--file', small.file], 1);
  // Ends when the last of the new tasks has proved itself.
  await expectKawanan(['deploy', '--yes', '--file', small.file]);
  await eventually(15_000, async () => expect(await complaints()).toEqual([]), 500);
});

test('names a balancer whose configuration somebody has changed', async () => {
  const path = '/etc/haproxy/haproxy.cfg';
  await small.on('vm-loadbalancer2', (host) =>
    host.run({ program: 'sed', args: ['-i', 's/timeout queue 10s/timeout queue 11s/', path], asRoot: true }),
  );
  const found = await complaints();
  expect(found.map(({ about }) => about)).toEqual(['vm-loadbalancer2']);
  expect(found[0]!.message).toMatch(/differs from what the files say/);
  await expectKawanan(['up', '--yes', '--file', small.file]);
  expect(await complaints()).toEqual([]);
});

test('status --watch shows a killed machine within two seconds', async () => {
  let killedAt = Number.POSITIVE_INFINITY;
  const watching = runKawanan(['status', '--watch', '--json', '--file', small.file], {
    timeoutMs: 60_000,
    killWhen: (printed) => printed.includes(`"${worker} can't be reached`),
  });
  // The first look must be over, or the machine is dead from the start.
  await eventually(10_000, async () => {
    expect((await runKawanan(['status', '--json', '--file', small.file])).exitCode).toBe(0);
  });
  const kill = runKawanan(['lab', 'kill', worker]).then(() => {
    killedAt = performance.now();
  });
  const { signal, stdout } = await watching;
  const seenAt = performance.now();
  await kill;
  await expectKawanan(['lab', 'start', worker]);
  expect(signal).toBe('SIGKILL');
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { degraded: string[] });
  expect(lines[0]!.degraded).toEqual([]);
  expect(seenAt - killedAt).toBeLessThan(2_000);
});
