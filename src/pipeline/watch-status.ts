/** The status of a cluster again and again, soon after it changes, also when machines die in the middle of an answer. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, ClusterNode } from '../cluster/cluster.ts';
import type { Hosts } from '../remote/host.ts';
import type { HostsOptions } from '../remote/hosts.ts';
import { ConnectionError, isAway } from '../remote/remote-errors.ts';
import { type ClusterStatus, readClusterStatus } from './read-status.ts';

export interface WatchOptions {
  /** Makes connections that are noticed when they break; closed here. */
  openHosts: (watching: Required<Pick<HostsOptions, 'timeouts' | 'onLost'>>) => Hosts;
  signal: AbortSignal;
  /** Between the beginnings of two looks; 1,000 unless told. */
  intervalMs?: number;
  /** Told of the nodes that don't answer whenever these change, before the look that shows it. */
  onSilent?: (silent: Silence) => void;
  /** Told of the connections once, before the first look: what else is asked of the machines goes over them, too. */
  onHosts?: (hosts: Hosts) => void;
}

/** Why nodes don't answer, by their names. */
export type Silence = ReadonlyMap<string, ConnectionError>;

/**
 * A connection is given up once four questions were left unanswered. They go over the one that is open anyway: sshd
 * counts each knock at its port as a failed login, and soon lets us in no more (PerSourcePenalties, OpenSSH 9.8).
 */
const timeouts = { keepaliveMs: 200, connectMs: 2_000, handshakeMs: 5_000 };
/** Then the machine has so long to take a connection, and so long to let us in over it: one that is only slow isn't lost. */
const knockTimeoutMs = 400;
const patienceMs = 6_000;
const retryMs = 500;
/** Where we aren't let in: trying more often makes sshd refuse us for longer. */
const slowRetryMs = 15_000;
/** A look in which a connection broke tells of a machine what isn't so; but so many in a row are as things are. */
const mostDiscarded = 3;

/**
 * Yields the status of each look, until the signal ends it. A machine that goes silent is left out of the looks, and
 * that begins a new one: a killed one is seen within two seconds.
 */
export async function* watchStatus(
  cluster: Cluster,
  { openHosts, signal, intervalMs = 1_000, onSilent = () => {}, onHosts = () => {} }: WatchOptions,
): AsyncGenerator<ClusterStatus> {
  const silent = new Map<string, ConnectionError>();
  let losses = 0;
  let discarded = 0;
  // Ends the look or the rest that is under way. No promise that lives as long as the watch: it would keep all that waited for it.
  let wake = (): void => {};
  const abort = (): void => wake();
  signal.addEventListener('abort', abort);
  const tell = (): void => {
    onSilent(new Map(silent));
    wake();
  };
  const giveUp = (name: string, reason: ConnectionError): void => {
    if (signal.aborted || silent.has(name)) return;
    silent.set(name, reason);
    tell();
    void awaitReturn(name, reason, hosts, signal).then(() => {
      if (signal.aborted) return;
      silent.delete(name);
      tell();
    });
  };
  const hosts = openHosts({
    timeouts,
    onLost: (name) => {
      losses++;
      const node = cluster.nodes.find((one) => one.name === name)!;
      void comesBack(node, hosts).then((isBack) => {
        if (isBack) wake();
        else giveUp(name, new ConnectionError(name, 'timeout', "doesn't answer"));
      });
    },
  });
  const answering = leaveOutSilent(hosts, silent, giveUp);
  onHosts(answering);
  try {
    while (!signal.aborted) {
      const startedAt = performance.now();
      const lossesBefore = losses;
      const status = await new Promise<ClusterStatus | undefined>((resolve, reject) => {
        wake = () => resolve(undefined);
        readClusterStatus(cluster, answering).then(resolve, reject);
      });
      if (signal.aborted) return;
      if (status === undefined || (losses > lossesBefore && discarded++ < mostDiscarded)) continue;
      discarded = 0;
      yield status;
      const restMs = intervalMs - (performance.now() - startedAt);
      if (restMs <= 0 || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, restMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    signal.removeEventListener('abort', abort);
    await hosts.close();
  }
}

/** Whether a machine whose connection broke takes another one soon. */
async function comesBack(node: ClusterNode, hosts: Hosts): Promise<boolean> {
  if (!(await knock(node))) return false;
  const opened = hosts.connect(node.name).then(
    () => true,
    () => false,
  );
  return Promise.race([opened, sleep(patienceMs, false, { ref: false })]);
}

/** Whether anything answers on a node's SSH port; a refusal is an answer. */
function knock({ address, ssh }: ClusterNode): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: ssh.port });
    const end = (answers: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answers);
    };
    // An answer that came while this process had no time for it is still seen before the time is said to be up.
    const timer = setTimeout(() => setImmediate(end, false), knockTimeoutMs);
    socket.once('connect', () => end(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED'));
  });
}

/** Tries to connect until that succeeds or the signal ends it. */
async function awaitReturn(
  name: string,
  reason: ConnectionError,
  hosts: Hosts,
  signal: AbortSignal,
): Promise<void> {
  let failure: unknown = reason;
  while (!signal.aborted) {
    await sleep(isAway(failure) ? retryMs : slowRetryMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    try {
      await hosts.connect(name);
      return;
    } catch (error) {
      failure = error;
    }
  }
}

function leaveOutSilent(
  hosts: Hosts,
  silent: Silence,
  giveUp: (name: string, reason: ConnectionError) => void,
): Hosts {
  return {
    connect: async (name) => {
      const reason = silent.get(name);
      if (reason) throw reason;
      try {
        return await hosts.connect(name);
      } catch (error) {
        if (error instanceof ConnectionError && error.failure !== 'closed') giveUp(name, error);
        throw error;
      }
    },
    close: hosts.close,
  };
}
