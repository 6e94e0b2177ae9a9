import { access, constants, open } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { systemPath } from './run-local.ts';

/** The programs a lab needs and the Debian package that brings each. */
const packageOf: Record<string, string> = {
  debootstrap: 'debootstrap',
  'systemd-nspawn': 'systemd-container',
  ip: 'iproute2',
  ss: 'iproute2',
  iptables: 'iptables',
  'iptables-save': 'iptables',
  'ssh-keygen': 'openssh-client',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  nsenter: 'util-linux',
  flock: 'util-linux',
  mount: 'mount',
  tar: 'tar',
  'apt-config': 'apt',
};

export interface Surroundings {
  platform: string;
  /** Effective user id. */
  uid: number;
  missingPrograms: string[];
}

/** What this computer lacks for a lab, as one error with the command that mends it; `undefined` when nothing is. */
export function explainMissing(found: Surroundings): UserError | undefined {
  if (found.platform !== 'linux') {
    return new UserError(
      `the lab needs Linux: it runs machines with systemd-nspawn, and this is ${found.platform}`,
      {
        next: 'run it in a Linux virtual machine, or write a cluster.yml for machines of your own: kawanan init',
      },
    );
  }
  const packages = [...new Set(found.missingPrograms.map((program) => packageOf[program] ?? program))];
  const install = packages.length > 0 ? `apt-get install -y ${packages.join(' ')}` : undefined;
  if (found.uid !== 0) {
    return new UserError('the lab needs root: it mounts file systems and makes network interfaces', {
      next: `run the same command with sudo${install ? `, after sudo ${install}` : ''}`,
    });
  }
  if (!install) return undefined;
  return new UserError(`the lab needs programs that are not installed: ${found.missingPrograms.join(', ')}`, {
    next: install,
  });
}

/** Throws unless a lab can run on this computer. */
export async function checkPrerequisites(): Promise<void> {
  const names = Object.keys(packageOf);
  const found = await Promise.all(names.map(isInstalled));
  const missingPrograms = names.filter((_, index) => !found[index]);
  const problem = explainMissing({
    platform: process.platform,
    uid: process.geteuid?.() ?? 0,
    missingPrograms,
  });
  if (problem) throw problem;
}

export interface UmlSurroundings {
  /** As Node.js names it. */
  architecture: string;
  /** Whether `/dev/net/tun` can be opened. */
  tun: boolean;
  mke2fs: boolean;
  /** What programs may still take without anything being put out. */
  freeBytes: number;
}

/** A machine with an engine and a few tasks; what it may take at most is its `mem=`. */
const umlBytes = 2 ** 30;

/**
 * What this computer lacks for machines with kernels of their own; `undefined` when nothing is.
 *
 * @param count how many of them are to be made.
 */
export function explainMissingForUml(found: UmlSurroundings, count: number): UserError | undefined {
  const otherwise = 'kawanan lab up --machines nspawn';
  if (found.architecture !== 'x64') {
    return new UserError(`User-Mode Linux needs an amd64 processor, and this is ${found.architecture}`, {
      next: otherwise,
    });
  }
  if (!found.tun) {
    return new UserError("User-Mode Linux needs /dev/net/tun for its network, and it can't be opened", {
      next: `modprobe tun; in a container, give it that device; or ${otherwise}`,
    });
  }
  if (!found.mke2fs) {
    return new UserError('machines with kernels of their own need a program that is not installed: mke2fs', {
      next: 'apt-get install -y e2fsprogs',
    });
  }
  // Short of memory, the kernel here would end one of theirs, which looks like a machine that lost its power.
  if (found.freeBytes >= count * umlBytes) return undefined;
  return new UserError(
    `machines with kernels of their own take up to 2 GB each, of which this computer can give ${count} of them ${formatGigabytes(found.freeBytes)} in all; they need ${formatGigabytes(count * umlBytes)}`,
    { next: `end what takes memory here; or ${otherwise}` },
  );
}

/** Throws unless this computer can run so many more machines with kernels of their own. */
export async function checkUmlPrerequisites(count: number): Promise<void> {
  // The device may be there without the kernel's part of it.
  const tun = open('/dev/net/tun', 'r+').then(
    async (device) => {
      await device.close();
      return true;
    },
    () => false,
  );
  const problem = explainMissingForUml(
    {
      architecture: process.arch,
      tun: await tun,
      mke2fs: await isInstalled('mke2fs'),
      // MemAvailable of /proc/meminfo, in spite of its name
      freeBytes: freemem(),
    },
    count,
  );
  if (problem) throw problem;
}

async function isInstalled(program: string): Promise<boolean> {
  const tries = systemPath.split(':').map((dir) => access(join(dir, program), constants.X_OK));
  return Promise.any(tries).then(
    () => true,
    () => false,
  );
}

/** `2.5 GB` */
function formatGigabytes(bytes: number): string {
  return `${Math.floor((bytes / 2 ** 30) * 10) / 10} GB`;
}
