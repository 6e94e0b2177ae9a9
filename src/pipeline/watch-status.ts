/** The status of a cluster again and again, soon after it changes, also when machines die in the middle of an answer. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, ClusterNode } from '../cluster/cluster.ts';
import type { Hosts } from '../remote/host.ts';
import { ConnectionError } from '../remote/remote-errors.ts';
import { type ClusterStatus, readClusterStatus } from './read-status.ts';

export interface WatchOptions {
  /** Makes connections; closed here. */
  openHosts: () => Hosts;
  signal: AbortSignal;
  /** Between the beginnings of two looks; 1,000 unless told. */
  intervalMs?: number;
}

const knockTimeoutMs = 700;
/** A machine that is reached by TCP and doesn't answer over SSH holds a look up for this long at most. */
const lookTimeoutMs = 5_000;

/**
 * Yields the status of each look, until the signal ends it. A machine that goes silent ends the look that waits for it:
 * a killed one is seen within two seconds.
 */
export async function* watchStatus(
  cluster: Cluster,
  { openHosts, signal, intervalMs = 1_000 }: WatchOptions,
): AsyncGenerator<ClusterStatus> {
  let hosts = openHosts();
  // Machines behind a jump host or a firewall can't be knocked at: SSH alone tells how they are.
  const deaf = new Set(await findDeaf(cluster.nodes, hosts));
  const known = cluster.nodes.filter(({ name }) => !deaf.has(name));
  try {
    while (!signal.aborted) {
      const startedAt = performance.now();
      const silent = await findSilent(known);
      const status = await Promise.race([
        readClusterStatus(cluster, withoutSilent(hosts, silent)),
        untilChanged(known, silent, signal),
      ]);
      if (signal.aborted) return;
      if (status === undefined) {
        // What hangs on the old connections ends with them.
        void hosts.close();
        hosts = openHosts();
        continue;
      }
      yield status;
      const restMs = intervalMs - (performance.now() - startedAt);
      if (restMs > 0) await sleep(restMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    await hosts.close();
  }
}

/** Names of the nodes that don't take a connection on their SSH port. */
async function findSilent(nodes: ClusterNode[]): Promise<Set<string>> {
  const answers = await Promise.all(nodes.map((node) => knock(node)));
  return new Set(nodes.filter((_, index) => !answers[index]).map(({ name }) => name));
}

/** Silent nodes that SSH reaches nevertheless. */
async function findDeaf(nodes: ClusterNode[], hosts: Hosts): Promise<string[]> {
  const silent = await findSilent(nodes);
  const reached = await Promise.all(
    [...silent].map((name) =>
      Promise.race([
        hosts.connect(name).then(
          () => [name],
          () => [],
        ),
        sleep(lookTimeoutMs, [] as string[], { ref: false }),
      ]),
    ),
  );
  return reached.flat();
}

/** Resolves with nothing as soon as other nodes are silent than these, or when a look has taken too long. */
async function untilChanged(
  nodes: ClusterNode[],
  silent: Set<string>,
  signal: AbortSignal,
): Promise<undefined> {
  const deadline = performance.now() + lookTimeoutMs;
  while (!signal.aborted && performance.now() < deadline) {
    await sleep(300, undefined, { signal }).catch(() => {});
    const now = await findSilent(nodes);
    if (now.size !== silent.size || [...now].some((name) => !silent.has(name))) return undefined;
  }
  return undefined;
}

function withoutSilent(hosts: Hosts, silent: Set<string>): Hosts {
  return {
    connect: async (name) => {
      if (silent.has(name)) throw new ConnectionError(name, 'timeout', "doesn't answer");
      return hosts.connect(name);
    },
    close: hosts.close,
  };
}

/** Whether anything at all answers on a node's SSH port; a refusal is an answer. */
function knock({ address, ssh }: ClusterNode): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: ssh.port });
    const end = (answers: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answers);
    };
    const timer = setTimeout(() => end(false), knockTimeoutMs);
    socket.once('connect', () => end(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED'));
  });
}
