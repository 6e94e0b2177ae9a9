import { chown, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CombinedError, InputError, InterruptedError, UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import { readCgroupLayout } from './cgroups.ts';
import { type ImageChoice, renderClusterFile, statePaths } from './cluster-file.ts';
import { removeAbandonedLabs } from './down.ts';
import { ensureRunning } from './faults.ts';
import { ensureHostSettings } from './host-settings.ts';
import { hasIpvs } from './kernel-support.ts';
import {
  chooseNumber,
  type Lab,
  type LabNetwork,
  labNetwork,
  labNodes,
  labsDir,
  surroundingDir,
} from './lab.ts';
import { withLock } from './lock.ts';
import { ensureDisk, makeKey, readHostKey } from './machine-disk.ts';
import {
  chooseMachines,
  describeMachines,
  type MachineKinds,
  type MachineRequest,
  sameMachines,
} from './machine-kind.ts';
import { ensureNetwork, readRoutedSubnets } from './network.ts';
import { renderKnownHosts } from './node-files.ts';
import { checkPrerequisites, checkUmlPrerequisites } from './prerequisites.ts';
import {
  type LabRecord,
  listLabs,
  machineKindOf,
  type Release,
  readRecord,
  writeRecord,
  writeWhole,
} from './record.ts';
import { ensureRelease, exists } from './root-fs.ts';
import { ensureUmlImage } from './uml-image.ts';

export interface UpLabOptions {
  /** The lab's own, or trixie for a new one, unless told. */
  release?: Release;
  images: ImageChoice;
  /** The lab's own, or containers for a new one, unless told. */
  machines?: MachineRequest;
  progress: Progress;
}

export interface UpLabResult {
  /** Whether anything had to be done. */
  changed: boolean;
  /** Path of the lab's cluster file. */
  cluster: string;
  network: LabNetwork;
  /** What the machines are made of and why; absent where that was settled before and nobody asked. */
  machines?: string;
}

/** Brings a lab up from whatever state it is in: new, half made, broken or already running. */
export async function upLab(lab: Lab, options: UpLabOptions): Promise<UpLabResult> {
  const { progress } = options;
  await checkPrerequisites();
  const ipvs = await hasIpvs();
  return withLock(lab.stateDir, { progress }, async () => {
    await removeAbandonedLabs(lab, progress);
    const before = await readRecord(lab.machinesDir);
    checkRelease(before, options.release);
    checkMachines(before, options.machines, ipvs);
    const release = options.release ?? before?.release ?? 'trixie';
    const { rootDir } = await ensureRelease(lab.cacheDir, release, progress);
    if (release !== 'trixie') await ensureRelease(lab.cacheDir, 'trixie', progress);
    const choice = chooseMachines(options.machines, ipvs);
    const machines = before ? kindsOf(before) : choice.kinds;
    const umlCount = Object.values(machines).filter((kind) => kind === 'uml').length;
    if (umlCount > 0) {
      // Those of a lab that is there already may have theirs.
      await checkUmlPrerequisites(before ? 0 : umlCount);
      await ensureUmlImage(lab.cacheDir, release, progress);
    }
    const draft = { stateDir: lab.stateDir, cacheDir: lab.cacheDir, release, lowerDir: rootDir, machines };
    const record = before ?? (await claimSubnet(lab, draft, progress));
    const network = labNetwork(record.number);
    const changes = [before === undefined, await ensureHostSettings(), await ensureNetwork(lab, network)];
    changes.push(...(await ensureMachines(lab, record, network, progress)));
    changes.push(await writeStateFiles(lab, network, options.images));
    const asked = before === undefined || options.machines !== undefined;
    return {
      changed: changes.includes(true),
      cluster: statePaths(lab).cluster,
      network,
      ...(asked && { machines: `${describeMachines(machines)} (${choice.reason})` }),
    };
  });
}

function checkRelease(record: LabRecord | undefined, wanted: Release | undefined): void {
  if (!record || !wanted || record.release === wanted) return;
  throw new InputError({
    message: `this lab runs Debian ${record.release}; its machines can't become ${wanted}`,
    next: `kawanan lab down, then kawanan lab up --release ${wanted}`,
  });
}

function checkMachines(
  record: LabRecord | undefined,
  wanted: MachineRequest | undefined,
  ipvs: boolean,
): void {
  if (!record || sameMachines(kindsOf(record), wanted, ipvs)) return;
  throw new InputError({
    message: `this lab's machines are ${describeMachines(kindsOf(record))}; they can't become others`,
    next: 'kawanan lab down, then the same command again',
  });
}

function kindsOf(record: LabRecord): MachineKinds {
  return Object.fromEntries(labNodes.map((node) => [node.name, machineKindOf(record, node)]));
}

// Under a lock of all labs, so that two checkouts don't choose the same subnet.
async function claimSubnet(
  lab: Lab,
  draft: Omit<LabRecord, 'number'>,
  progress: Progress,
): Promise<LabRecord> {
  return withLock(labsDir, { progress }, async () => {
    const claimed = (await listLabs()).flatMap(({ record }) =>
      record ? [labNetwork(record.number).subnet] : [],
    );
    const number = chooseNumber([...claimed, ...(await readRoutedSubnets())]);
    if (number === undefined) throw new UserError('every subnet of 198.18.0.0/15 is taken on this computer');
    const record = { ...draft, number };
    await writeRecord(lab, record);
    return record;
  });
}

async function ensureMachines(
  lab: Lab,
  record: LabRecord,
  network: LabNetwork,
  progress: Progress,
): Promise<boolean[]> {
  const key = statePaths(lab).key;
  if (!(await exists(`${key}.pub`))) {
    await rm(key, { force: true });
    await makeKey(key, 'kawanan lab');
  }
  const userKey = await readFile(`${key}.pub`, 'utf8');
  const layout = await readCgroupLayout();
  let running = 0;
  return allOrFailures(
    labNodes.map(async (node) => {
      await ensureDisk(lab, node, network, userKey, machineKindOf(record, node));
      const changed = await ensureRunning({ lab, node, record, layout }, progress);
      running += 1;
      if (changed)
        progress.report(
          `${node.name} is up at ${network.addresses[node.name]} (${running} of ${labNodes.length})`,
        );
      return changed;
    }),
  );
}

// Waits for all even when one fails: nothing of ours may go on behind the lock's back.
async function allOrFailures<T>(work: Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(work);
  const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (failures.length === 1 || failures[0] instanceof InterruptedError) throw failures[0];
  if (failures.length > 1) throw new CombinedError(`${failures.length} machines did not start`, failures);
  return outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

async function writeStateFiles(lab: Lab, network: LabNetwork, images: ImageChoice): Promise<boolean> {
  const paths = statePaths(lab);
  const keys = await Promise.all(
    labNodes.map(async (node) => [node.name, await readHostKey(lab, node)] as const),
  );
  const wanted: Record<string, string> = {
    [paths.cluster]: renderClusterFile(lab, network, images),
    [paths.knownHosts]: renderKnownHosts(network, Object.fromEntries(keys)),
  };
  let changed = false;
  for (const [path, content] of Object.entries(wanted)) {
    if ((await readFile(path, 'utf8').catch(() => undefined)) === content) continue;
    await writeWhole(path, content);
    changed = true;
  }
  const example = join(lab.projectDir, 'secrets.example');
  if (!(await exists(paths.secrets)) && (await exists(example))) {
    await writeWhole(paths.secrets, await readFile(example), 0o600);
    changed = true;
  }
  await giveToCaller(lab);
  return changed;
}

// With sudo, the files belong to the user who asked, so that kawanan can go on without it.
async function giveToCaller(lab: Lab): Promise<void> {
  const [uid, gid] = [process.env['SUDO_UID'], process.env['SUDO_GID']].map(Number);
  if (!uid || !gid) return;
  const files = (await readdir(lab.stateDir)).map((name) => join(lab.stateDir, name));
  for (const path of [surroundingDir(lab), lab.stateDir, ...files]) {
    if (path) await chown(path, uid, gid);
  }
}
