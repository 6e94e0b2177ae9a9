/** Restarts a machine of the swarm without losing what it works on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError, UserError } from '../errors.ts';
import type { Host } from '../remote/host.ts';
import { findMember, listMembers } from '../swarm/change-member.ts';
import { readDrainedBy, restartMark } from '../swarm/drained-by.ts';
import {
  type DrainOptions,
  drainNode,
  type NodeResult,
  type NodeWork,
  readyNode,
  waitUntilMember,
} from './drain-node.ts';

const backWithinMs = 600_000;
const pollMs = 1_000;

/** Drain, restart, wait, ready. A node that was drained before stays drained. */
export async function rebootNode(work: NodeWork, name: string, options: DrainOptions): Promise<NodeResult> {
  const member = findMember(await listMembers(work.cluster, work.hosts), name);
  const mark = readDrainedBy(member);
  // A run of ours that was killed half way left its own mark: the node is to serve again.
  const stays = member.availability !== 'active' && !mark?.startsWith(restartMark);
  const drained = await drainNode(work, name, {
    ...options,
    drainedBy: `${restartMark}${options.drainedBy}`,
  });
  await restartMachine(work, name);
  await waitUntilMember(work, name);
  if (stays) return drained;
  return readyNode(work, name, { rebalance: false });
}

async function restartMachine({ hosts, progress }: NodeWork, name: string): Promise<void> {
  const before = await readBoot(await hosts.connect(name));
  progress.report('restarting the machine');
  await (await hosts.connect(name))
    .run({ program: 'systemctl', args: ['--no-block', 'reboot'], asRoot: true, timeoutMs: 20_000 })
    .catch((error: unknown) => {
      // The connection may go down with the machine.
      if (!(error instanceof UserError)) throw error;
    });
  const endsAt = performance.now() + backWithinMs;
  for (;;) {
    if (progress.signal.aborted)
      throw new InterruptedError('interrupted', {
        next: `once ${name} is back, kawanan node ready ${name} puts it into service`,
      });
    await sleep(pollMs);
    const now = await hosts
      .connect(name)
      .then(readBoot, () => undefined)
      .catch(() => undefined);
    if (now !== undefined && now !== before) return;
    progress.report(now === undefined ? 'waiting for it to come back' : 'waiting for it to go down');
    if (performance.now() > endsAt)
      throw new UserError(`it is not back ${backWithinMs / 60_000} minutes after its restart`, {
        place: { host: name },
        next: `look at its console; once it is back, kawanan node ready ${name} puts it into service`,
      });
  }
}

/** Differs after each start of the machine; of a container, too, whose kernel goes on. */
async function readBoot(host: Host): Promise<string> {
  const { stdout } = await host.run({
    program: 'systemctl',
    args: ['show', '--value', '-p', 'UserspaceTimestampMonotonic', '-p', 'UserspaceTimestamp'],
    timeoutMs: 10_000,
  });
  return stdout.trim();
}
