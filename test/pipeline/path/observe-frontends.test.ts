import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import type { FrontendModel } from '../../../src/balancer/backends.ts';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import { observeFrontends } from '../../../src/pipeline/path/observe-frontends.ts';
import type { Host, Hosts } from '../../../src/remote/host.ts';

const taken = { kind: 'answered', detail: 'takes connections' };
const closed = { kind: 'wrong', detail: 'closes the connection without an answer' };

/** A balancer on which every connection that is tried ends as a port of TLS ends a plain request. */
const commands: string[][] = [];
const host = {
  run: async ({ args }: { args: string[] }) => {
    commands.push(args);
    return { exitCode: 0, stdout: '0 taken \n', stderr: '' };
  },
} as unknown as Host;
const hosts: Hosts = { connect: async () => host, close: async () => {} };

async function observe(change: Partial<FrontendModel>): Promise<unknown> {
  // HAProxy closes without a byte when what comes is no TLS.
  const server = createServer((socket) => socket.once('data', () => socket.end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const cluster = {
    nodes: [{ name: 'lb1', address: '127.0.0.1', role: 'balancer' }],
    balancer: {
      vip: { address: '127.0.0.1', prefixLength: 8 },
      furtherVips: [{ address: '127.0.0.2', prefixLength: 8 }],
    },
  } as unknown as Cluster;
  const frontend: FrontendModel = {
    name: 'web',
    listen: port,
    mode: 'http',
    timeouts: { client: '60s' },
    routes: [],
    ...change,
  };
  const [seen] = await observeFrontends({ cluster, hosts, model: { frontends: [frontend] } });
  await new Promise((resolve) => server.close(resolve));
  const { name, port: asked, ...rest } = seen!;
  expect([name, asked]).toEqual(['web', port]);
  expect(commands.at(-1)).toEqual(['-', expect.stringMatching(`^127.0.0.1 ${port} `)]);
  return rest;
}

test.each([
  ['that speaks plain HTTP gets a request', {}, closed, {}],
  ['with TLS is only connected to', { tls: { certificates: [] } }, taken, {}],
  ['in tcp mode is only connected to', { mode: 'tcp' as const }, taken, {}],
  [
    'that sends everybody a page is only connected to',
    { maintenance: { name: 'web', html: '' } },
    taken,
    { inMaintenance: true },
  ],
])('a frontend %s, at every virtual address', async (_, change, outcome, more) => {
  expect(await observe(change)).toEqual({
    ...more,
    throughVips: { '127.0.0.1': outcome, '127.0.0.2': { kind: 'refused' } },
    throughBalancers: { lb1: outcome },
    onBalancers: { lb1: outcome },
  });
});
