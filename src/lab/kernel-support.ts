import { exists } from './root-fs.ts';
import { runLocal } from './run-local.ts';

/** Whether this computer's kernel has IPVS, loaded or as a module; nothing is loaded to find out. */
export async function hasIpvs(): Promise<boolean> {
  if (await exists('/proc/net/ip_vs')) return true;
  const words = ['--dry-run', '--quiet', 'ip_vs'];
  // A computer whose kernel has no modules needs no modprobe either.
  const found = await runLocal('modprobe', words, { accept: [0, 1] }).catch(() => undefined);
  return found?.exitCode === 0;
}
