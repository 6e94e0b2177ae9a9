import type { Host } from '../remote/host.ts';
import { backupPathOf, packagedParts, unitBackupPathOf } from './backup.ts';
import { type PartName, packagedFiles, partFiles, partUnits } from './parts.ts';
import { readSeal } from './seal.ts';
import { readUnitState, reloadSystemd } from './units.ts';

/** Keeps, once, what was there before us: a packaged configuration and whether its unit ran. Idempotent. */
export async function keepPrevious(host: Host, part: PartName): Promise<void> {
  if (!packagedParts.includes(part)) return;
  const statePath = unitBackupPathOf(part);
  if ((await host.readFile(statePath)) === undefined)
    await host.writeFile(statePath, `${await readUnitState(host, partUnits[part])}\n`);
  for (const path of partFiles[part].filter((one) => packagedFiles.includes(one))) {
    const kept = await host.readFile(backupPathOf(path));
    const current = await host.readFile(path);
    // what is ours is never kept: a lost backup must not make our own file come back
    if (kept === undefined && (current === undefined || readSeal(current) === undefined))
      await host.writeFile(backupPathOf(path), current ?? '');
  }
}

/** Puts the files of a part back as they were before us, or away where there were none; systemd reads its units anew. */
export async function putPreviousBack(host: Host, part: PartName): Promise<void> {
  for (const path of partFiles[part]) {
    const kept = packagedFiles.includes(path) ? await host.readFile(backupPathOf(path)) : undefined;
    const current = await host.readFile(path);
    const ours = current !== undefined && readSeal(current) !== undefined;
    // a file that somebody put there since isn't ours to remove
    if (kept) await host.writeFile(path, kept);
    else if (ours) await host.removeFile(path);
  }
  await reloadSystemd(host);
}

/** The state a part's unit had before us; absent when it wasn't recorded. */
export async function readPreviousState(
  host: Host,
  part: PartName,
): Promise<{ active: boolean; enabled: boolean } | undefined> {
  const text = packagedParts.includes(part) ? await host.readFile(unitBackupPathOf(part)) : undefined;
  if (text === undefined) return undefined;
  const [active, enabled] = text.trim().split(' ');
  return { active: active === 'active', enabled: enabled === 'enabled' };
}

/** Forgets what was kept for a part; the last thing removal does, so that a run cut short goes on. */
export async function forgetPrevious(host: Host, part: PartName): Promise<void> {
  for (const path of partFiles[part].filter((one) => packagedFiles.includes(one)))
    await host.removeFile(backupPathOf(path));
  if (packagedParts.includes(part)) await host.removeFile(unitBackupPathOf(part));
}
