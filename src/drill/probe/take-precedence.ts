import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';

// Above everything ordinary, below what a lab's keepalived asks for (50).
const realTimePriority = '5';

/**
 * Gives the calling thread real-time priority where the system allows it: Linux, root. Says whether it has it.
 * On the computer that also runs the lab, the probe would otherwise measure how long it waits for a processor itself.
 * A nice value doesn't do: the kernel weighs it within a session only (autogroup).
 */
export function takePrecedence(): boolean {
  try {
    // PID/task/TID
    const thread = basename(readlinkSync('/proc/thread-self'));
    execFileSync('chrt', ['--fifo', '--pid', realTimePriority, thread], { stdio: 'ignore', timeout: 1000 });
    return true;
  } catch {
    // As good as the machine is idle; the probe's own delay tells.
    return false;
  }
}
