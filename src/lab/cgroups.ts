import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import type { Lab, LabNode } from './lab.ts';

/** How this computer's control groups are mounted. With version 1 each controller is a tree of its own. */
export interface CgroupLayout {
  version: 1 | 2;
  /** Mount point of the tree that freezes processes: the `freezer` controller, or the one tree of version 2. */
  freezer: string;
  /** Mount point of the tree that counts memory, where there is one. */
  memory: string | undefined;
  /** Mount points of all trees a machine is put into. */
  trees: string[];
}

/** Folder below the root of each tree under which all labs are. */
const topGroup = 'kawanan';

/** Reads the layout off `/proc/self/mountinfo`. Throws where control groups aren't mounted. */
export function parseCgroupLayout(mountInfo: string): CgroupLayout {
  const mounts = mountInfo
    .split('\n')
    .map((line) => line.split(' - '))
    .filter((halves) => halves.length === 2)
    .map(([left, right]) => {
      const [type, , options] = right!.split(' ');
      return { point: left!.split(' ')[4]!, type, options: (options ?? '').split(',') };
    });
  const one = mounts.filter((mount) => mount.type === 'cgroup');
  const two = mounts.filter((mount) => mount.type === 'cgroup2');
  const freezer = one.find((mount) => mount.options.includes('freezer'))?.point;
  if (freezer) {
    const memory = one.find((mount) => mount.options.includes('memory'))?.point;
    return { version: 1, freezer, memory, trees: [...one, ...two].map((mount) => mount.point) };
  }
  const root = two[0]?.point;
  if (!root)
    throw new UserError('control groups are not mounted: the lab needs them to hold and to freeze machines');
  return { version: 2, freezer: root, memory: root, trees: [root] };
}

export async function readCgroupLayout(): Promise<CgroupLayout> {
  return parseCgroupLayout(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** The group of a machine in one tree. */
export function nodeGroup(tree: string, lab: Pick<Lab, 'id'>, node: LabNode): string {
  return join(tree, topGroup, lab.id, `n${node.index}`);
}

/** Makes the groups of a machine; returns the files that a process writes itself into to enter them. */
export async function makeNodeGroups(layout: CgroupLayout, lab: Lab, node: LabNode): Promise<string[]> {
  for (const tree of layout.trees) {
    const group = nodeGroup(tree, lab, node);
    await mkdir(group, { recursive: true });
    const parents = [tree, join(tree, topGroup), join(tree, topGroup, lab.id)];
    if (layout.version === 2) await passControllersDown(parents);
    else {
      await copyCpuset([...parents, group]);
      await grantRealTime([...parents, group]);
    }
  }
  return layout.trees.map((tree) => join(nodeGroup(tree, lab, node), 'cgroup.procs'));
}

// A group of version 2 has only the controllers that its parent passes on.
async function passControllersDown(groups: string[]): Promise<void> {
  for (const group of groups) {
    const controllers = (await readFile(join(group, 'cgroup.controllers'), 'utf8')).trim().split(' ');
    // One by one: a controller that can't be passed on (in use by real-time tasks) must not hold back the others.
    for (const name of controllers) {
      await writeFile(join(group, 'cgroup.subtree_control'), `+${name}`).catch(() => {});
    }
  }
}

// A new cpuset of version 1 is empty, and takes no process before it has CPUs and memory nodes.
async function copyCpuset(groups: string[]): Promise<void> {
  for (const [index, group] of groups.entries()) {
    if (index === 0) continue;
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const parent = await readFile(join(groups[index - 1]!, file), 'utf8').catch(() => undefined);
      if (parent === undefined) return;
      await writeFile(join(group, file), parent);
    }
    await writeFile(join(group, 'cgroup.clone_children'), '1');
  }
}

/** Microseconds of each second that real-time processes may run: of all labs, of one lab, of one machine. */
const realTimeShares = [800_000, 100_000, 20_000];

// Where real-time scheduling is shared out by group (CONFIG_RT_GROUP_SCHED), a new group has none of it: keepalived
// then competes with everything else, and a busy computer sees takeovers that nothing caused.
async function grantRealTime(groups: string[]): Promise<void> {
  for (const [index, group] of groups.slice(1).entries()) {
    const file = join(group, 'cpu.rt_runtime_us');
    if ((await readOrEmpty(file)).trim() !== '0') continue;
    // Refused when other labs have it all; this one then works, only less steadily under load.
    await writeFile(file, String(realTimeShares[index])).catch(() => {});
  }
}

/** All processes of a group and the groups below it; empty where there is no such group. */
export async function listProcesses(group: string): Promise<number[]> {
  const groups = [group, ...(await listSubgroups(group))];
  const files = await Promise.all(
    groups.map((one) => readFile(join(one, 'cgroup.procs'), 'utf8').catch(() => '')),
  );
  return files.flatMap((text) => text.split('\n').filter(Boolean).map(Number)).filter((pid) => pid > 0);
}

/** Every group below a group, deepest last. */
async function listSubgroups(group: string): Promise<string[]> {
  const entries = await readdir(group, { withFileTypes: true }).catch(() => []);
  const dirs = entries.filter((entry) => entry.isDirectory()).map((entry) => join(group, entry.name));
  const below = await Promise.all(dirs.map(listSubgroups));
  return [...dirs, ...below.flat()];
}

/** Freezes or thaws every process of a group, and waits until it is so. */
export async function setFrozen(layout: CgroupLayout, group: string, frozen: boolean): Promise<void> {
  const file = layout.version === 1 ? 'freezer.state' : 'cgroup.freeze';
  const [stop, go] = layout.version === 1 ? ['FROZEN', 'THAWED'] : ['1', '0'];
  await writeFile(join(group, file), frozen ? stop! : go!);
  for (const deadline = Date.now() + 10_000; (await isFrozen(layout, group)) !== frozen; await sleep(10)) {
    if (Date.now() > deadline)
      throw new UserError(`the processes of ${group} did not ${frozen ? 'freeze' : 'thaw'} within 10 s`);
  }
}

export async function isFrozen(layout: CgroupLayout, group: string): Promise<boolean> {
  if (layout.version === 1) return (await readOrEmpty(join(group, 'freezer.state'))).trim() === 'FROZEN';
  return /^frozen 1$/m.test(await readOrEmpty(join(group, 'cgroup.events')));
}

/** Bytes of memory a machine uses, the cache of its files left out; `undefined` where nothing counts it. */
export async function readMemoryBytes(
  layout: CgroupLayout,
  lab: Lab,
  node: LabNode,
): Promise<number | undefined> {
  if (!layout.memory) return undefined;
  const group = nodeGroup(layout.memory, lab, node);
  const usage = await readOrEmpty(
    join(group, layout.version === 1 ? 'memory.usage_in_bytes' : 'memory.current'),
  );
  if (usage === '') return undefined;
  return Number(usage) - reclaimableBytes(await readOrEmpty(join(group, 'memory.stat')));
}

/** Bytes of cached files in a `memory.stat` of either version; files in memory only (tmpfs) don't count as cache. */
export function reclaimableBytes(stat: string): number {
  const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
  const [files, shared] = /^total_cache /m.test(stat) ? ['total_cache', 'total_shmem'] : ['file', 'shmem'];
  return value(files!) - value(shared!);
}

/** Kills every process of a group, frozen or not, and waits until all are gone. */
export async function killGroup(layout: CgroupLayout, group: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; await sleep(20)) {
    const pids = await listProcesses(group);
    if (pids.length === 0) break;
    if (Date.now() > deadline) throw new UserError(`processes ${pids.join(', ')} survived SIGKILL for 20 s`);
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Ended by itself in between.
      }
    }
    // A frozen process of version 1 dies only when it is thawed.
    await thaw(layout, group);
  }
  // A group stays frozen when its last process has gone, and would freeze the next that enters.
  await thaw(layout, group);
}

async function thaw(layout: CgroupLayout, group: string): Promise<void> {
  const [file, go] = layout.version === 1 ? ['freezer.state', 'THAWED'] : ['cgroup.freeze', '0'];
  await writeFile(join(group, file!), go!).catch(() => {}); // There is no such group: nothing is frozen.
}

/** Removes a lab's groups, and the common one above them when it is the last lab. They must be empty. */
export async function removeLabGroups(layout: CgroupLayout, lab: Pick<Lab, 'id'>): Promise<void> {
  for (const tree of layout.trees) {
    const group = join(tree, topGroup, lab.id);
    for (const one of [...(await listSubgroups(group)).reverse(), group]) await removeGroup(one);
    await rmdir(join(tree, topGroup)).catch(() => {}); // Another lab is still there.
  }
}

async function removeGroup(group: string): Promise<void> {
  // The kernel lets go of a group some milliseconds after its last process has died.
  for (let attempt = 0; attempt < 50; attempt++) {
    const code = await rmdir(group).then(
      () => 'ENOENT',
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (code === 'ENOENT') return;
    await sleep(20);
  }
}

/** Groups of labs that exist on this computer, as folders. */
export async function listLabGroups(layout: CgroupLayout): Promise<string[]> {
  const found = await Promise.all(
    layout.trees.map((tree) => readdir(join(tree, topGroup), { withFileTypes: true }).catch(() => [])),
  );
  return layout.trees.flatMap((tree, index) =>
    found[index]!.filter((entry) => entry.isDirectory()).map((entry) => join(tree, topGroup, entry.name)),
  );
}

async function readOrEmpty(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
