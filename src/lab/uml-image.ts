import { copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import { readAptSettings } from './apt-settings.ts';
import { withLock } from './lock.ts';
import type { Release } from './record.ts';
import { cachedRelease, exists, removePartial } from './root-fs.ts';
import { runLocal } from './run-local.ts';
import { umlImageFiles, umlImageLinks } from './uml-files.ts';

/** Raised when what is built changes, so that an older cache isn't mistaken for it. */
const recipe = 3;

const kernelPackage = 'user-mode-linux';

/** The disk a machine sees; on this computer it takes what is written to it. */
const diskSize = '16G';

// Named one by one: what mke2fs takes by itself differs from release to release, and older kernels know less.
// Checksums of metadata are left out: the kernel computes them slowly here, for a disk that lives a day.
const diskFeatures = [
  ...[
    'has_journal',
    'ext_attr',
    'resize_inode',
    'dir_index',
    'filetype',
    'extent',
    'flex_bg',
    'sparse_super',
  ],
  ...['large_file', 'huge_file', 'uninit_bg', 'dir_nlink', 'extra_isize'],
];

/** Where the kernel (`linux.uml`) and the image of a disk (`disk.img`) are in the cache, whether or not they have been made. */
export function cachedUmlDir(cacheDir: string, release: Release): string {
  return join(dirname(cachedRelease(cacheDir, release).rootDir), `uml-${recipe}`);
}

/** Fetches the release's User-Mode Linux and makes a disk of its root file system, unless the cache has them. About half a minute. */
export async function ensureUmlImage(cacheDir: string, release: Release, progress: Progress): Promise<void> {
  const wanted = cachedUmlDir(cacheDir, release);
  if (await exists(wanted)) return;
  await withLock(cacheDir, { progress }, async () => {
    if (await exists(wanted)) return;
    await removePartial(cacheDir);
    const partial = join(cacheDir, `.partial-uml-${release}-${process.pid}`);
    for (const name of ['upper', 'work', 'root']) await mkdir(join(partial, name), { recursive: true });
    await buildUmlImage(partial, cachedRelease(cacheDir, release).rootDir, release, progress);
    await rename(partial, wanted);
  });
}

async function buildUmlImage(
  dir: string,
  lowerDir: string,
  release: Release,
  progress: Progress,
): Promise<void> {
  const root = join(dir, 'root');
  const upper = join(dir, 'upper');
  const { environment } = await readAptSettings();
  const enter = async (...words: string[]): Promise<void> => {
    const chroot = ['unshare', `--mount-proc=${join(root, 'proc')}`, 'chroot', root];
    await runOver(lowerDir, dir, [...chroot, ...words], progress, environment);
  };
  // For apt only: machines are given theirs at each start.
  const resolvConf = join(upper, 'etc/resolv.conf');
  await mkdir(dirname(resolvConf));
  await copyFile('/etc/resolv.conf', resolvConf);
  progress.report(`Debian ${release}: fetching ${kernelPackage}`);
  try {
    await enter('apt-get', '-y', '-q', 'update');
    await enter('apt-get', '-y', '-q', 'install', kernelPackage);
  } catch (error) {
    if (!(error instanceof UserError) || error.name === 'InterruptedError') throw error;
    throw new UserError(`Debian ${release}: the package ${kernelPackage} could not be installed`, {
      details: error.details,
      next: 'check that apt-get update works on this computer; without it: kawanan lab up --machines nspawn',
      cause: error,
    });
  }
  // The kernel has no nf_tables for IPv4, which iptables uses unless told otherwise.
  for (const name of ['iptables', 'ip6tables']) {
    await enter('update-alternatives', '--quiet', '--set', name, `/usr/sbin/${name}-legacy`);
  }
  await rm(resolvConf);
  await rename(join(upper, 'usr/bin/linux.uml'), join(dir, 'linux.uml'));
  await dressUpper(upper);
  progress.report(`Debian ${release}: making a disk of it`);
  const shape = ['-t', 'ext4', '-O', ['none', ...diskFeatures].join(','), '-m', '0', '-J', 'size=32'];
  const lazy = ['-E', 'lazy_itable_init=1,lazy_journal_init=1'];
  const words = ['mke2fs', '-q', ...shape, ...lazy, '-d', root, join(dir, 'disk.img'), diskSize];
  await runOver(lowerDir, dir, words, progress);
  for (const name of ['upper', 'work', 'root']) await rm(join(dir, name), { recursive: true });
}

// What is written goes to `upper`; the release's root file system stays as it is.
const overlayScript = `set -eu
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
shift 2
exec "$@"`;

async function runOver(
  lowerDir: string,
  dir: string,
  words: string[],
  progress: Progress,
  env: Record<string, string> = {},
): Promise<void> {
  await runLocal('sh', ['-c', overlayScript, 'sh', lowerDir, dir, ...words], {
    bound: true,
    env: { DEBIAN_FRONTEND: 'noninteractive', ...env },
    timeoutMs: 20 * 60_000,
    signal: progress.signal,
  });
}

async function dressUpper(upper: string): Promise<void> {
  const modules = await readdir(join(upper, 'usr/lib/uml/modules'));
  const links = Object.fromEntries(
    modules.map((version) => [`/usr/lib/modules/${version}`, `/usr/lib/uml/modules/${version}`]),
  );
  for (const { path, content, mode } of umlImageFiles()) {
    await mkdir(dirname(join(upper, path)), { recursive: true });
    await writeFile(join(upper, path), content, { mode });
  }
  for (const [path, target] of Object.entries({ ...links, ...umlImageLinks() })) {
    await mkdir(dirname(join(upper, path)), { recursive: true });
    await rm(join(upper, path), { force: true });
    await symlink(target, join(upper, path));
  }
}
