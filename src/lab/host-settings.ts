import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labsDir } from './lab.ts';
import { listLabs } from './record.ts';

/** Kernel settings of this computer that labs need, each with its smallest sufficient value. */
const needed: Record<string, number> = {
  // Machines reach package mirrors through this computer.
  'net.ipv4.ip_forward': 1,
  // Every systemd and every engine takes several; the usual 128 is used up by a few machines, whose systemd then hangs.
  'fs.inotify.max_user_instances': 8192,
};

/** What the settings were before the first lab: one file each. */
const beforeDir = join(labsDir, 'before');

/** Raises the settings that are too low, remembering what they were. Says whether any was. */
export async function ensureHostSettings(): Promise<boolean> {
  let changed = false;
  for (const [name, least] of Object.entries(needed)) {
    const now = (await readFile(settingPath(name), 'utf8')).trim();
    if (Number(now) >= least) continue;
    await mkdir(beforeDir, { recursive: true });
    // `wx`: only the first lab sees what it was before any lab came.
    await writeFile(join(beforeDir, name), now, { flag: 'wx' }).catch(() => {});
    await writeFile(settingPath(name), String(least));
    changed = true;
  }
  return changed;
}

/** Puts the settings back as they were before the first lab, when this was the last. */
export async function restoreHostSettings(): Promise<void> {
  if ((await listLabs()).length > 0) return;
  for (const name of await readdir(beforeDir).catch(() => [])) {
    const before = (await readFile(join(beforeDir, name), 'utf8')).trim();
    if (name in needed && before !== '') await writeFile(settingPath(name), before);
  }
  await rm(beforeDir, { recursive: true, force: true });
}

function settingPath(name: string): string {
  return join('/proc/sys', name.replaceAll('.', '/'));
}
