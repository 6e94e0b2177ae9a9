import { exists } from './root-fs.ts';
import { runLocal } from './run-local.ts';

/** Whether this computer's kernel has IPVS. A module is loaded for it: containers find none, nor may they load any. */
export async function hasIpvs(): Promise<boolean> {
  if (await exists('/proc/net/ip_vs')) return true;
  // A computer whose kernel has no modules needs no modprobe either.
  await runLocal('modprobe', ['--quiet', 'ip_vs'], { accept: [0, 1] }).catch(() => undefined);
  return exists('/proc/net/ip_vs');
}
