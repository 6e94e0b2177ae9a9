import type { Duplex } from 'node:stream';
import { createEngineApi, engineSocketPath } from './engine-api.ts';
import type { Host } from './host.ts';
import { bridgeSocket, forwardSocket } from './open-socket.ts';
import { type OpenOptions, openSsh, type SshConnection } from './open-ssh.ts';
import { type ConnectionError, closedError } from './remote-errors.ts';
import { readRemoteFile, removeRemoteFile, writeRemoteFile } from './remote-file.ts';
import { runCommand } from './run-command.ts';
import { createSlots, type Slots } from './slots.ts';
import type { SshTarget } from './ssh-target.ts';

// sshd allows ten sessions on a connection (MaxSessions)
const sessionsPerConnection = 8;

interface Session {
  connection: SshConnection;
  places: Slots;
}

/** A host with the means to open and end its connection. */
export interface Machine {
  host: Host;
  /** Opens the connection unless it is open. @throws ConnectionError */
  open(): Promise<void>;
  close(): Promise<void>;
}

/**
 * One machine, not connected yet. A connection that was lost is opened anew by whoever needs it next; `onLost` is told
 * of it, though not where it was closed by us.
 */
export function createMachine(
  name: string,
  address: string,
  target: SshTarget,
  options: OpenOptions,
  onLost: (error: ConnectionError) => void = () => {},
): Machine {
  const place = { host: name, user: target.user };
  const ending = new AbortController();
  const openSession = async (): Promise<Session> => {
    // who still works when the command ends must not open what nobody closes: the process would never end
    if (ending.signal.aborted) throw closedError(name);
    const connection = await openSsh(target, { ...options, signal: ending.signal });
    return { connection, places: createSlots(sessionsPerConnection) };
  };

  const main = shareSession(openSession, onLost);
  const bridges = poolSessions(openSession);
  /** Sockets that sshd can't open for us. */
  const bridged = new Set<string>();
  let forwardingForbidden = false;

  const openSocket = async (path: string): Promise<Duplex> => {
    if (!forwardingForbidden && !bridged.has(path)) {
      const { connection } = await main.get();
      const outcome = await forwardSocket(connection, path, name, options.timeouts.socketMs);
      if (outcome.kind === 'open') return outcome.stream;
      if (outcome.kind === 'forbidden') forwardingForbidden = true;
    }
    // Through a program of ours: where it fails too, it knows why.
    const { connection, release } = await bridges.take();
    try {
      const stream = await bridgeSocket(connection, path, place, options.timeouts.socketMs, release);
      if (target.user !== 'root') bridged.add(path);
      return stream;
    } catch (error) {
      release();
      throw error;
    }
  };

  const run: Host['run'] = async (command) => {
    const session = await main.get();
    const release = await session.places.take();
    try {
      return await runCommand(session.connection, command, place);
    } finally {
      release();
    }
  };

  let api: ReturnType<typeof createEngineApi> | undefined;
  const host: Host = {
    name,
    address,
    user: target.user,
    run,
    readFile: (path) => readRemoteFile(run, path),
    writeFile: (path, content, writeOptions = {}) => writeRemoteFile(run, path, content, writeOptions),
    removeFile: (path) => removeRemoteFile(run, path),
    engine: () => {
      api ??= createEngineApi(() => openSocket(engineSocketPath), name);
      return api.engine;
    },
    openSocket,
  };
  return {
    host,
    open: async () => void (await main.get()),
    close: async () => {
      // who is still on the way to a machine that nobody waits for turns back
      ending.abort();
      api?.close();
      api = undefined;
      await Promise.all([main.close(), bridges.close()]);
    },
  };
}

/** One session for all who ask; a new one after it was lost. */
function shareSession(
  open: () => Promise<Session>,
  onLost: (error: ConnectionError) => void,
): { get(): Promise<Session>; close(): Promise<void> } {
  let current: Promise<Session> | undefined;
  const get = (): Promise<Session> => {
    if (current) return current;
    const opening = open();
    const forget = (): void => {
      if (current === opening) current = undefined;
    };
    current = opening;
    opening.then(({ connection }) => {
      connection.onLost((error) => {
        forget();
        if (error.failure !== 'closed') onLost(error);
      });
    }, forget);
    return opening;
  };
  return {
    get,
    close: async () => {
      const session = await current?.catch(() => undefined);
      await session?.connection.close();
    },
  };
}

/** As many sessions as are needed for what holds its place for long. */
function poolSessions(open: () => Promise<Session>): {
  take(): Promise<{ connection: SshConnection; release: () => void }>;
  close(): Promise<void>;
} {
  const sessions = new Set<Session>();
  let opening: Promise<void> | undefined;
  const openOne = async (): Promise<void> => {
    const session = await open();
    sessions.add(session);
    session.connection.onLost(() => void sessions.delete(session));
  };
  const take = async (): Promise<{ connection: SshConnection; release: () => void }> => {
    for (const { connection, places } of sessions) {
      const release = places.takeNow();
      if (release) return { connection, release };
    }
    opening ??= openOne().finally(() => {
      opening = undefined;
    });
    await opening;
    return take();
  };
  return {
    take,
    close: async () => {
      await opening?.catch(() => {});
      await Promise.all([...sessions].map(({ connection }) => connection.close()));
    },
  };
}
