import { InterruptedError, UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import { type CgroupLayout, isFrozen, nodeGroup, readCgroupLayout, setFrozen } from './cgroups.ts';
import { bridgeName, findNode, type Lab, type LabNode, labNetwork, linkName } from './lab.ts';
import { withLock } from './lock.ts';
import { bootMachine, findLeader, hasBooted, powerOff, waitForMachine } from './machine.ts';
import type { MachineKind } from './machine-kind.ts';
import { cableState, readLinks } from './network.ts';
import { checkPrerequisites } from './prerequisites.ts';
import { type LabRecord, machineKindOf, readRecord } from './record.ts';
import { runLocal } from './run-local.ts';
import { cachedUmlDir } from './uml-image.ts';

/** How long a machine that is already on may take to answer before it is switched off and on. */
const adoptionTimeoutMs: Record<MachineKind, number> = { nspawn: 60_000, uml: 300_000 };

interface Target {
  lab: Lab;
  node: LabNode;
  record: LabRecord;
  layout: CgroupLayout;
  /** Its group in the tree that freezes. */
  group: string;
}

/** Power failure: the node and all that runs on it is gone at once; its disk stays. Nothing happens to a node that is off. */
export async function killNode(lab: Lab, name: string, progress: Progress): Promise<void> {
  await withNode(lab, name, progress, (target) => powerOff(target.layout, lab, target.node));
}

/** Switches a node on again with its disk as it was, and waits until it answers. Nothing happens to a node that runs. */
export async function startNode(lab: Lab, name: string, progress: Progress): Promise<void> {
  await withNode(lab, name, progress, async (target) => {
    if ((await findLeader(target.group)) !== undefined) return;
    // A launcher that was interrupted between two steps may have left its processes.
    await powerOff(target.layout, lab, target.node);
    await bootMachine(bootOptions(target), progress);
  });
}

/** Freezes everything that runs on a node: it answers nothing and sends nothing, and knows nothing of it later. */
export async function pauseNode(lab: Lab, name: string, progress: Progress): Promise<void> {
  await withRunningNode(lab, name, progress, (target) => setFrozen(target.layout, target.group, true));
}

/** Lets a frozen node go on. */
export async function resumeNode(lab: Lab, name: string, progress: Progress): Promise<void> {
  await withRunningNode(lab, name, progress, (target) => setFrozen(target.layout, target.group, false));
}

export interface CutOptions {
  /** The node's own link stays up and only the packets are lost, as when a switch fails; else the cable is pulled. */
  silent?: boolean;
}

/** Takes a node's network away, both ways. */
export async function cutNode(
  lab: Lab,
  name: string,
  progress: Progress,
  options: CutOptions = {},
): Promise<void> {
  const change = options.silent ? ['nomaster'] : ['down'];
  await withRunningNode(lab, name, progress, ({ node }) => setLink(lab, node, change));
}

/** Gives a node its network back, however it was taken. */
export async function healNode(lab: Lab, name: string, progress: Progress): Promise<void> {
  await withRunningNode(lab, name, progress, ({ node }) => plugCable(lab, node));
}

/** Puts a running machine's cable back into the bridge. */
async function plugCable(lab: Lab, node: LabNode): Promise<void> {
  await setLink(lab, node, ['master', bridgeName(lab)]);
  await setLink(lab, node, ['up']);
}

async function setLink(lab: Lab, node: LabNode, change: string[]): Promise<void> {
  await runLocal('ip', ['link', 'set', 'dev', linkName(lab, node), ...change]);
}

function bootOptions({ lab, node, record, layout }: Target): Parameters<typeof bootMachine>[0] {
  return {
    lab,
    node,
    layout,
    network: labNetwork(record.number),
    lowerDir: record.lowerDir,
    kind: machineKindOf(record, node),
    umlDir: cachedUmlDir(record.cacheDir, record.release),
  };
}

async function withNode(
  lab: Lab,
  name: string,
  progress: Progress,
  work: (target: Target) => Promise<void>,
): Promise<void> {
  const node = findNode(name);
  await checkPrerequisites();
  const record = await readRecord(lab.machinesDir);
  if (!record) throw new UserError('the lab is down', { next: 'kawanan lab up' });
  // Shared: drills break several nodes at once; only up and down want the lab for themselves.
  await withLock(lab.stateDir, { shared: true, progress }, async () => {
    const layout = await readCgroupLayout();
    await work({ lab, node, record, layout, group: nodeGroup(layout.freezer, lab, node) });
  });
}

async function withRunningNode(
  lab: Lab,
  name: string,
  progress: Progress,
  work: (target: Target) => Promise<void>,
): Promise<void> {
  await withNode(lab, name, progress, async (target) => {
    if ((await findLeader(target.group)) === undefined) {
      throw new UserError(`${target.node.name} is off`, { next: `kawanan lab start ${target.node.name}` });
    }
    await work(target);
  });
}

/** Brings one machine into the state a lab is handed over in, whatever state it was in. Says whether anything had to be done. */
export async function ensureRunning(target: Omit<Target, 'group'>, progress: Progress): Promise<boolean> {
  const { lab, node, layout } = target;
  const full = { ...target, group: nodeGroup(layout.freezer, lab, node) };
  const options = bootOptions(full);
  const restart = async (): Promise<true> => {
    await powerOff(layout, lab, node);
    await bootMachine(options, progress);
    return true;
  };
  const leader = await findLeader(full.group);
  if (leader === undefined) return restart();
  const frozen = await isFrozen(layout, full.group);
  if (frozen) await setFrozen(layout, full.group, false);
  const cable = cableState(await readLinks(), linkName(lab, node), bridgeName(lab));
  // One that has only begun to start has none yet, and gets it plugged in.
  if (cable === 'none' && (await hasBooted(options, leader, progress))) {
    progress.report(`${node.name} has lost its cable: switching it off and on`);
    return restart();
  }
  try {
    if (cable === 'cut') await plugCable(lab, node);
    const timeoutMs = adoptionTimeoutMs[options.kind];
    await waitForMachine(options, progress, undefined, timeoutMs);
    return frozen;
  } catch (error) {
    if (error instanceof InterruptedError) throw error;
    progress.report(`${node.name} is on but doesn't answer: switching it off and on`);
    return restart();
  }
}
