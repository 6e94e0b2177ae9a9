/** Who we are on which computer, and whether a process of this computer still runs. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { LockHolder } from './lock-record.ts';

/** This process as the holder of a lock. */
export function describeThisProcess(kind: LockHolder['kind'], why: string): LockHolder {
  return {
    kind,
    run: randomBytes(6).toString('hex'),
    user: readUser(),
    computer: hostname(),
    computerId: readComputerId(),
    pid: process.pid,
    processId: readProcessId(process.pid) ?? '',
    since: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    why,
  };
}

/** `anna@laptop`: whose run this is, for people. */
export function describeUser(): string {
  return `${readUser()}@${hostname()}`;
}

/** The same for all processes that see each other's numbers: two containers of one machine are two computers. */
export function readComputerId(): string {
  const parts = [hostname(), readText('/etc/machine-id') ?? '', readNamespace()];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

/** Whether the process of this computer runs: the very one, where `processId` tells it from a later one. */
export function isProcessRunning(pid: number, processId: string): boolean {
  if (pid <= 0) return false;
  const now = readProcessId(pid);
  if (now !== undefined) return processId === '' || now === processId;
  if (processId !== '') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs as someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Boot and start time of a process; `undefined` where it doesn't run, has ended, or the system has no /proc. */
function readProcessId(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name stands in brackets and may hold anything; state is the 1st word after it, start time the 20th.
  const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (words[0] === 'Z' || words[0] === 'X') return undefined;
  return `${readText('/proc/sys/kernel/random/boot_id') ?? ''}/${words[19]}`;
}

function readNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function readUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
