import { readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import { readCgroupLayout, removeLabGroups } from './cgroups.ts';
import { statePaths } from './cluster-file.ts';
import { restoreHostSettings } from './host-settings.ts';
import { type Lab, labNetwork, labNodes, labsDir, surroundingDir } from './lab.ts';
import { withLock } from './lock.ts';
import { powerOff } from './machine.ts';
import { removeNetwork } from './network.ts';
import { checkPrerequisites } from './prerequisites.ts';
import { listLabs, readRecord } from './record.ts';
import { exists } from './root-fs.ts';

export interface DownLabOptions {
  /** Remove the cache of this computer's labs, too. */
  purge: boolean;
  progress: Progress;
}

/** Removes a lab, whatever state it is in, so that nothing of it is left but the cache. Says whether there was one. */
export async function downLab(lab: Lab, options: DownLabOptions): Promise<boolean> {
  const { progress } = options;
  await checkPrerequisites();
  const there = (await listOwnFiles(lab)).length > 0 || (await exists(lab.machinesDir));
  await withLock(lab.stateDir, { progress }, async () => {
    await removeAbandonedLabs(lab, progress);
    await removeLab(lab, there ? progress : { ...progress, report: () => {} });
    if (options.purge) await purgeCache(lab, progress);
  });
  const around = surroundingDir(lab);
  if (around) await rmdir(around).catch(() => {}); // Something else is in it.
  return there;
}

async function removeLab(lab: Lab, progress: Progress): Promise<void> {
  const record = await readRecord(lab.machinesDir);
  const layout = await readCgroupLayout();
  progress.report('switching the machines off');
  await Promise.all(labNodes.map((node) => powerOff(layout, lab, node)));
  progress.report('removing the network');
  await removeNetwork(lab, record && labNetwork(record.number), progress);
  await removeLabGroups(layout, lab);
  progress.report('removing the disks');
  await withLock(labsDir, { progress }, async () => {
    // The record goes with the last file: until then another down knows what to remove.
    await rm(`${lab.machinesDir}/nodes`, { recursive: true, force: true });
    await rm(lab.machinesDir, { recursive: true, force: true });
    await restoreHostSettings();
    await rmdir(labsDir).catch(() => {}); // Another lab is still there.
  });
  for (const name of await listOwnFiles(lab)) await rm(join(lab.stateDir, name), { force: true });
  await rmdir(lab.stateDir).catch(() => {}); // What the user put there stays.
}

/** What we write into the state folder, with what a killed writer left beside it; nothing else in there is ours to delete. */
async function listOwnFiles(lab: Lab): Promise<string[]> {
  const paths = statePaths(lab);
  const own = [...Object.values(paths), `${paths.key}.pub`].map((path) => basename(path));
  const found = await readdir(lab.stateDir).catch(() => []);
  return found.filter((name) => own.some((file) => isFileOrItsDraft(name, file)));
}

/** `secrets.yml`, and the new version that was being written: `secrets.yml.1234.new`, `.secrets.yml.1a2b`. */
export function isFileOrItsDraft(name: string, file: string): boolean {
  return (
    name === file || name.startsWith(`.${file}.`) || (name.startsWith(`${file}.`) && name.endsWith('.new'))
  );
}

/** Removes labs whose checkout was deleted: nobody has their key any more, and nobody else would remove them. */
export async function removeAbandonedLabs(own: Lab, progress: Progress): Promise<void> {
  for (const { id, machinesDir, record } of await listLabs()) {
    if (id === own.id || !record) continue;
    const checkout = dirname(surroundingDir(record) ?? record.stateDir);
    if (await exists(checkout)) continue;
    progress.report(`removing the lab of ${checkout}, which is gone`);
    await removeLab(
      { ...own, id, machinesDir, stateDir: record.stateDir, cacheDir: record.cacheDir },
      progress,
    );
  }
}

async function purgeCache(lab: Lab, progress: Progress): Promise<void> {
  if (!(await exists(lab.cacheDir))) return;
  const others = (await listLabs()).filter(({ record }) => record?.cacheDir === lab.cacheDir);
  if (others.length > 0) {
    throw new UserError(
      `the cache ${lab.cacheDir} is in use by another lab; this lab is down, the cache was kept`,
      {
        details: others.map(({ record }) => record!.stateDir),
        next: 'take that lab down first',
      },
    );
  }
  progress.report(`removing the cache ${lab.cacheDir}`);
  await withLock(lab.cacheDir, { progress }, async () => {
    for (const name of await readdir(lab.cacheDir))
      await rm(`${lab.cacheDir}/${name}`, { recursive: true, force: true });
    await rm(lab.cacheDir, { recursive: true, force: true });
  });
}
