import { expect, test } from 'vitest';
import type { ClusterNode } from '../../../src/cluster/cluster.ts';
import { examineEngines } from '../../../src/pipeline/examine/examine-hosts.ts';
import type { Host, Hosts } from '../../../src/remote/host.ts';
import { ConnectionError, SocketError } from '../../../src/remote/remote-errors.ts';

const node = (name: string, role: ClusterNode['role'] = 'worker'): ClusterNode => ({
  name,
  address: '198.18.0.9',
  role,
  labels: {},
  availability: 'active',
  ssh: { user: 'root', port: 22 },
});
const socket = (failure: 'absent' | 'refused' | 'silent') =>
  new SocketError('w', '/run/docker.sock', failure, `it is ${failure}`, { next: 'restart it' });

/** Hosts whose engines answer a ping, or fail with what stands under their names. */
function hostsWith(failures: Record<string, Error>): Hosts {
  return {
    connect: async (name) => {
      const failure = failures[name];
      if (failure instanceof ConnectionError) throw failure;
      const ping = async () => {
        if (failure) throw failure;
      };
      return { engine: () => ({ ping }) } as unknown as Host;
    },
    close: async () => {},
  };
}

test('an engine that hangs is found; one that is yet to be installed or on a host that is away is not told of here', async () => {
  const nodes = ['well', 'hangs', 'bare', 'stopped', 'away'].map((name) => node(name));
  const hosts = hostsWith({
    hangs: socket('silent'),
    bare: socket('absent'),
    stopped: socket('refused'),
    away: new ConnectionError('away', 'timeout', 'no answer'),
    lb: socket('silent'),
  });
  expect(await examineEngines({ nodes: [...nodes, node('lb', 'balancer')] }, hosts)).toEqual([
    { verdict: 'broken', about: 'hangs', message: 'it is silent', next: 'restart it' },
  ]);
});
