/** What a cluster's lock says and what it means to whoever finds it. Pure. */

/** Name of the config that is the lock: the swarm lets a name exist once, so that making it is taking the lock. */
export const lockName = 'kawanan.lock';

/** Whoever holds the lock of a cluster. */
export interface LockHolder {
  /** `automatic`: held by a run and given back at its end. `manual`: held until someone says `kawanan unlock`. */
  kind: 'automatic' | 'manual';
  /** Unique to one run. */
  run: string;
  user: string;
  /** Name of the computer, for people. */
  computer: string;
  /** Tells computers (and containers on them) apart. */
  computerId: string;
  pid: number;
  /** Tells a process from a later one with the same number; empty where the system doesn't tell. */
  processId: string;
  /** ISO 8601. */
  since: string;
  /** The command, or what the user gave as the reason. */
  why: string;
}

/** The lock as it was found. */
export interface FoundLock {
  id: string;
  /** Changes with every sign of life. */
  version: number;
  holder: LockHolder;
  /** Since the holder's last sign of life, by the manager's clock. */
  silentMs: number;
}

const fields = {
  kind: 'kawanan.lock.kind',
  run: 'kawanan.lock.run',
  user: 'kawanan.lock.user',
  computer: 'kawanan.lock.computer',
  computerId: 'kawanan.lock.computer-id',
  pid: 'kawanan.lock.pid',
  processId: 'kawanan.lock.process-id',
  since: 'kawanan.lock.since',
  why: 'kawanan.lock.why',
} as const;

/** The labels of the config that is the lock. `sign` is the number of the sign of life. */
export function writeLockLabels(holder: LockHolder, sign: number): Record<string, string> {
  const entries = Object.entries(fields).map(([key, label]) => [
    label,
    String(holder[key as keyof LockHolder]),
  ]);
  return { ...Object.fromEntries(entries), [lockName]: 'true', 'kawanan.lock.sign': String(sign) };
}

/** The holder that a lock's labels name; what a stranger left out reads as unknown, and as held by hand. */
export function readLockHolder(labels: Record<string, string>): LockHolder {
  const read = (key: keyof typeof fields): string => labels[fields[key]] ?? '';
  return {
    kind: read('kind') === 'automatic' ? 'automatic' : 'manual',
    run: read('run'),
    user: read('user') || 'someone',
    computer: read('computer') || 'an unknown computer',
    computerId: read('computerId'),
    pid: Number(read('pid')) || 0,
    processId: read('processId'),
    since: read('since'),
    why: read('why'),
  };
}

export type LockVerdict =
  /** Its run is at work, or may be: wait. */
  | 'busy'
  /** Its run was on this computer and its process is gone: whoever comes next takes it over. */
  | 'abandoned'
  /** Its run is on another computer and has given no sign of life for long: a person decides. */
  | 'silent'
  /** Held by hand: only a person gives it back. */
  | 'manual';

/** Signs of life come every 20 s; six that are missing are no hiccup of the network. */
export const silentAfterMs = 120_000;

/** What to think of a lock. `isRunning` is asked only for processes of this computer. */
export function judgeLock(
  lock: FoundLock,
  here: { computerId: string; isRunning: (pid: number, processId: string) => boolean },
): LockVerdict {
  const { holder } = lock;
  if (holder.kind === 'manual') return 'manual';
  if (holder.computerId === here.computerId)
    return here.isRunning(holder.pid, holder.processId) ? 'busy' : 'abandoned';
  return lock.silentMs > silentAfterMs ? 'silent' : 'busy';
}

/** `kawanan up of anna on laptop (process 4711, since 2026-11-21T03:00:00Z)`. */
export function describeHolder({ kind, user, computer, pid, since, why }: LockHolder): string {
  const when = since === '' ? '' : `since ${since}`;
  if (kind === 'manual') return [`${user} on ${computer}`, when, why && `(${why})`].filter(Boolean).join(' ');
  return `kawanan ${why} of ${user} on ${computer} (process ${pid}${when && `, ${when}`})`;
}
