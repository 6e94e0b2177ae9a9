import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type AuthenticationType, type AuthHandlerMiddleware, type Client } from 'ssh2';
import { InterruptedError } from '../errors.ts';
import { type Credential, type CredentialOptions, collectCredentials, unlockKey } from './credentials.ts';
import { type Attempt, explainConnectionError } from './explain-connection-error.ts';
import { prepareHostKeyCheck, type TrustRecord } from './host-key-check.ts';
import type { JumpHosts } from './jump-hosts.ts';
import { ConnectionError, closedError } from './remote-errors.ts';
import type { SshTarget } from './ssh-target.ts';

export interface SshTimeouts {
  /** Until the port answers. */
  connectMs: number;
  /** From there until we are let in, time for passphrases not counted. */
  handshakeMs: number;
  /** Between two signs of life; after three without an answer the machine is given up. */
  keepaliveMs: number;
  /** Until a unix socket of the machine is open. */
  socketMs: number;
}

export const defaultTimeouts: SshTimeouts = {
  connectMs: 8_000,
  handshakeMs: 15_000,
  keepaliveMs: 2_500,
  socketMs: 15_000,
};

export interface OpenOptions extends CredentialOptions {
  timeouts: SshTimeouts;
  onTrust: (record: TrustRecord) => void;
  /** Where the connections to jump hosts are shared. */
  jumpHosts: JumpHosts;
  /** Aborts when the connection is no longer wanted. */
  signal?: AbortSignal;
}

/** An open SSH connection. */
export interface SshConnection {
  client: Client;
  /** What messages call the machine. */
  label: string;
  /** Set once the connection is gone: what ends everything that still ran over it. */
  lost(): ConnectionError | undefined;
  /** Calls once, when it is gone (at once if it is), unless the function given back was called before. */
  onLost(listener: (error: ConnectionError) => void): () => void;
  /** Ends it; resolves when it is gone. */
  close(): Promise<void>;
}

/** Opens one connection, through its jump hosts. @throws ConnectionError, or InterruptedError where a passphrase was not given. */
export async function openSsh(target: SshTarget, options: OpenOptions): Promise<SshConnection> {
  const attempt: Attempt = { tried: [], unusable: [], established: false };
  try {
    const check = await prepareHostKeyCheck(target, options.onTrust, options.mayAsk);
    const credentials = await collectCredentials(target);
    attempt.unusable.push(...credentials.unusable);
    const jump = target.jump && (await options.jumpHosts.open(target.jump));
    const socket = jump
      ? await forwardTcp(jump, target, options.timeouts.connectMs)
      : await dialTcp(target, options.timeouts.connectMs, options.signal);
    const client = await shakeHands(socket, target, check, credentials.usable, attempt, options);
    attempt.established = true;
    countAnyAnswer(client, socket, options.timeouts.keepaliveMs);
    return watchConnection(client, target, attempt);
  } catch (error) {
    if (error instanceof InterruptedError) throw error;
    throw explainConnectionError(error, target, attempt);
  }
}

function dialTcp(target: SshTarget, timeoutMs: number, signal?: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: target.host, port: target.port, noDelay: true });
    const timer = setTimeout(
      () => socket.destroy(timeoutError(`no connection within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    const forget = onAbort(signal, () => socket.destroy(closedError(target.label)));
    socket.once('connect', () => {
      clearTimeout(timer);
      forget();
      socket.removeListener('error', reject);
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      forget();
      reject(error);
    });
  });
}

function forwardTcp(jump: SshConnection, target: SshTarget, timeoutMs: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let late = false;
    const give = (error: Error): void => {
      late = true;
      forget();
      clearTimeout(timer);
      reject(error);
    };
    const timer = setTimeout(
      () => give(timeoutError(`no connection within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    const forget = jump.onLost((error) => queueMicrotask(() => give(error)));
    jump.client.forwardOut('127.0.0.1', 0, target.host, target.port, (error, stream) => {
      if (late) return stream?.destroy();
      forget();
      clearTimeout(timer);
      if (!error) return resolve(stream);
      // sshd tells only in words why it can't reach the other side
      const code = /refused/i.test(error.message)
        ? 'ECONNREFUSED'
        : /timed out/i.test(error.message)
          ? 'ETIMEDOUT'
          : /unreachable|no route/i.test(error.message)
            ? 'EHOSTUNREACH'
            : undefined;
      reject(Object.assign(error, code === undefined ? {} : { code }));
    });
  });
}

function shakeHands(
  sock: Duplex,
  target: SshTarget,
  check: Awaited<ReturnType<typeof prepareHostKeyCheck>>,
  credentials: Credential[],
  attempt: Attempt,
  options: OpenOptions,
): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    let failure: unknown;
    const deadline = startDeadline(options.timeouts.handshakeMs, () => {
      fail(
        timeoutError(
          `connected, but sshd did not finish the greeting within ${options.timeouts.handshakeMs / 1000} s`,
        ),
      );
    });
    const fail = (error: unknown): void => {
      deadline.stop();
      forget();
      failure ??= error;
      reject(failure);
      sock.destroy();
      client.destroy();
    };
    const forget = onAbort(options.signal, () => fail(closedError(target.label)));
    client.once('ready', () => {
      deadline.stop();
      forget();
      client.removeAllListeners('error').removeAllListeners('close');
      resolve(client);
    });
    client.on('error', fail);
    client.on('close', () =>
      fail(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' })),
    );
    const queue = [...credentials];
    const offerNext = async (): Promise<AuthenticationType | false | object> => {
      const next = queue.shift();
      if (!next) return false;
      attempt.tried.push(next.name);
      if (next.type === 'agent') return { type: 'agent', username: target.user, agent: next.socket };
      if (next.type === 'key') return { type: 'publickey', username: target.user, key: next.key };
      deadline.pause();
      const key = await unlockKey(target, next, options);
      if (failure === undefined) deadline.resume();
      return { type: 'publickey', username: target.user, key };
    };
    client.connect({
      sock: sock as never,
      username: target.user,
      readyTimeout: 0,
      keepaliveInterval: options.timeouts.keepaliveMs,
      keepaliveCountMax: 3,
      algorithms: { serverHostKey: preferAlgorithms(check.preferred) as never },
      hostVerifier: (key: Buffer, answer: (ok: boolean) => void) => {
        deadline.pause();
        check.verify(key).then(() => {
          if (failure !== undefined) return;
          deadline.resume();
          answer(true);
        }, fail);
      },
      authHandler: ((_left: unknown, _partial: unknown, callback: (next: unknown) => void) => {
        offerNext().then(callback, fail);
      }) as unknown as AuthHandlerMiddleware,
    });
  });
}

const hostKeyAlgorithms = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** All that we accept, those that give a key of a recorded type first. */
function preferAlgorithms(keyTypes: string[]): string[] {
  const wanted = (algorithm: string): boolean =>
    keyTypes.includes(algorithm) || (algorithm.startsWith('rsa-') && keyTypes.includes('ssh-rsa'));
  return [...hostKeyAlgorithms.filter(wanted), ...hostKeyAlgorithms.filter((one) => !wanted(one))];
}

/**
 * ssh2 takes only answers to its own questions for signs of life, and those wait behind all that is on its way: a long
 * upload over a slow line would pass for silence. Whatever arrives is a sign of life.
 */
function countAnyAnswer(client: Client, socket: Duplex, keepaliveMs: number): void {
  const { _resetKA: startOver } = client as Client & { _resetKA?: () => void };
  let lastMs = performance.now();
  socket.on('data', () => {
    const nowMs = performance.now();
    if (nowMs - lastMs < keepaliveMs / 2) return;
    lastMs = nowMs;
    startOver?.();
  });
}

function watchConnection(client: Client, target: SshTarget, attempt: Attempt): SshConnection {
  let lost: ConnectionError | undefined;
  let closing = false;
  const listeners = new Set<(error: ConnectionError) => void>();
  const end = (error: unknown): void => {
    if (lost) return;
    lost = closing
      ? new ConnectionError(target.label, 'closed', `the connection to ${target.host} is closed`)
      : explainConnectionError(error, target, attempt);
    for (const listener of listeners) listener(lost);
    listeners.clear();
  };
  client.on('error', (error) => {
    end(error);
    client.destroy();
  });
  client.on('close', () => end(new Error('it was closed')));
  return {
    client,
    label: target.label,
    lost: () => lost,
    onLost: (listener) => {
      if (lost) listener(lost);
      else listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => {
      closing = true;
      if (lost) return Promise.resolve();
      return new Promise((resolve) => {
        // a machine that no longer answers doesn't say goodbye either
        const giveUp = setTimeout(() => client.destroy(), 500);
        client.once('close', () => {
          clearTimeout(giveUp);
          resolve();
        });
        client.end();
      });
    },
  };
}

/** Calls once when the signal aborts (soon, if it has), unless the function given back was called before. */
function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (signal?.aborted) process.nextTick(act);
  signal?.addEventListener('abort', act, { once: true });
  return () => signal?.removeEventListener('abort', act);
}

function timeoutError(message: string): Error {
  return Object.assign(new Error(message), { code: 'KAWANAN_TIMEOUT' });
}

interface Deadline {
  pause(): void;
  resume(): void;
  stop(): void;
}

function startDeadline(timeoutMs: number, expire: () => void): Deadline {
  let timer = setTimeout(expire, timeoutMs);
  const stop = (): void => clearTimeout(timer);
  const resume = (): void => {
    stop();
    timer = setTimeout(expire, timeoutMs);
  };
  return { pause: stop, resume, stop };
}
