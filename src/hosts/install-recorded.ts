/** Installs packages so that `down` knows what they brought. */
import type { Progress } from '../plan/layer.ts';
import type { Host } from '../remote/host.ts';
import { broughtPath } from './paths.ts';
import { hasFreshLists, installPackages, repairPackages, simulateInstall, updateLists } from './run-apt.ts';

/** Installs packages, with fresh lists where they are old or name what their mirror no longer has. */
export async function installRecorded(host: Host, packages: string[], progress: Progress): Promise<void> {
  if (!(await hasFreshLists(host))) await updateLists(host, progress);
  try {
    await recordAndInstall(host, packages, progress);
  } catch (error) {
    if (progress.signal.aborted) throw error;
    // Lists that are out of date name packages that their mirror no longer has; and the host may have gone down.
    await updateLists(host, progress);
    await repairPackages(host, progress);
    await recordAndInstall(host, packages, progress);
  }
}

/** Writes down what will come before it comes: an install that is cut short is known to be ours, too. */
async function recordAndInstall(host: Host, packages: string[], progress: Progress): Promise<void> {
  const coming = await simulateInstall(host, packages);
  const known = ((await host.readFile(broughtPath)) ?? '').split('\n').filter(Boolean);
  const brought = [...new Set([...known, ...coming])].toSorted();
  await host.writeFile(broughtPath, `${brought.join('\n')}\n`);
  progress.report(`installing ${packages.join(', ')} (${coming.length} packages with what they need)`);
  await installPackages(host, packages, progress);
}

/** Takes packages that are gone again off the record: whoever installs them next owns them. */
export async function forgetRecorded(host: Host, packages: string[]): Promise<void> {
  const known = await host.readFile(broughtPath);
  if (known === undefined) return;
  const left = known.split('\n').filter((name) => !packages.includes(name));
  await host.writeFile(broughtPath, left.join('\n'));
}
