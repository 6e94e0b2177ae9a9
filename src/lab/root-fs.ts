import { cp, mkdir, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import { type AptSettings, readAptSettings } from './apt-settings.ts';
import { writeBaseImage } from './base-image.ts';
import { withLock } from './lock.ts';
import type { Release } from './record.ts';
import { machineFiles, machineLinks } from './root-files.ts';
import { runLocal } from './run-local.ts';

/** Raised when what is built changes, so that an older cache isn't mistaken for it. */
const recipe = 1;

/** What a bare Debian server has. No engine, no balancer: installing those is kawanan's work. */
const machinePackages = [
  ...['systemd', 'systemd-sysv', 'dbus', 'openssh-server', 'sudo', 'iproute2', 'iptables', 'iputils-ping'],
  ...['netbase', 'procps', 'kmod', 'ca-certificates'],
];

/** Downloaded but not installed: five machines then install them without downloading five times. */
const downloadedPackages = [
  ...['docker.io', 'docker-cli', 'haproxy', 'keepalived', 'nginx', 'socat', 'nftables', 'chrony'],
  ...['curl', 'jq', 'rsync', 'openssl', 'tcpdump', 'iperf3'],
];

/** What debootstrap brings besides the essential packages; the base image has only this. */
const imagePackages = ['ca-certificates'];

export interface CachedRelease {
  /** The root file system of machines, never written to. */
  rootDir: string;
  /** Archive of a base image of the same release. */
  imageFile: string;
}

/** Where a release is in the cache, whether or not it has been built. */
export function cachedRelease(cacheDir: string, release: Release): CachedRelease {
  const dir = join(cacheDir, `${release}-${recipe}`);
  return { rootDir: join(dir, 'root'), imageFile: join(dir, `debian-${release}-slim.tar`) };
}

/** Builds the root file system and base image of a release unless the cache has them. About a minute and a half. */
export async function ensureRelease(
  cacheDir: string,
  release: Release,
  progress: Progress,
): Promise<CachedRelease> {
  const cached = cachedRelease(cacheDir, release);
  if (await exists(cached.rootDir)) return cached;
  await withLock(cacheDir, { progress }, async () => {
    if (await exists(cached.rootDir)) return;
    await removePartial(cacheDir);
    const settings = await readAptSettings();
    const partial = join(cacheDir, `.partial-${release}-${process.pid}`);
    await mkdir(partial, { recursive: true });
    // What runs in the chroot is looked up through these folders.
    await buildRelease(partial, release, settings, progress);
    await rename(partial, dirname(cached.rootDir));
  });
  return cached;
}

/** Removes what killed builds left in the cache; the caller holds its lock. */
export async function removePartial(cacheDir: string): Promise<void> {
  const names = (await readdir(cacheDir)).filter((name) => name.startsWith('.partial-'));
  await Promise.all(names.map((name) => rm(join(cacheDir, name), { recursive: true, force: true })));
}

async function buildRelease(
  dir: string,
  release: Release,
  settings: AptSettings,
  progress: Progress,
): Promise<void> {
  const root = join(dir, 'root');
  await runDebootstrap(root, release, settings, progress);
  await writeAptSettings(root, settings);
  progress.report(`Debian ${release}: packing the base image`);
  await writeBaseImage(
    { rootDir: root, workDir: join(dir, 'image'), file: join(dir, `debian-${release}-slim.tar`), release },
    progress,
  );
  progress.report(`Debian ${release}: reading the package lists`);
  await runApt(root, ['update'], settings, progress);
  progress.report(`Debian ${release}: installing what a bare server has`);
  await runApt(root, ['install', ...machinePackages], settings, progress);
  progress.report(`Debian ${release}: downloading what kawanan will install`);
  const wanted = await knownPackages(root, downloadedPackages, progress);
  await runApt(root, ['install', '--download-only', ...wanted], settings, progress);
  await dressRoot(root);
}

async function runDebootstrap(
  root: string,
  release: Release,
  settings: AptSettings,
  progress: Progress,
): Promise<void> {
  let count = 0;
  const onLine = (line: string): void => {
    if (/^I: (Retrieving|Extracting|Unpacking|Configuring) \S/.test(line)) {
      count += 1;
      if (count % 20 === 0) progress.report(`Debian ${release}: ${line.slice(3).trim()}`);
    }
  };
  progress.report(`Debian ${release}: fetching the base system, about a minute`);
  const include = `--include=${imagePackages.join(',')}`;
  const mirror = settings.mirror === undefined ? [] : [settings.mirror];
  try {
    await runLocal('debootstrap', ['--variant=minbase', include, release, root, ...mirror], {
      bound: true,
      env: settings.environment,
      timeoutMs: 30 * 60_000,
      signal: progress.signal,
      onLine,
    });
  } catch (error) {
    if (!(error instanceof UserError) || error.name === 'InterruptedError') throw error;
    throw new UserError(`Debian ${release} could not be fetched`, {
      details: error.details,
      next: 'check that apt-get update works on this computer, then run the same command again',
      cause: error,
    });
  }
}

async function writeAptSettings(root: string, settings: AptSettings): Promise<void> {
  const lines = ['APT::Install-Recommends "false";', 'Acquire::Languages "none";', 'Acquire::Retries "5";'];
  await writeFile(
    join(root, 'etc/apt/apt.conf.d/90lab'),
    `${[...lines, ...settings.configuration].join('\n')}\n`,
  );
  const certificates = '/usr/local/share/ca-certificates';
  if (await exists(certificates)) await cp(certificates, join(root, certificates), { recursive: true });
}

async function runApt(
  root: string,
  args: string[],
  settings: AptSettings,
  progress: Progress,
): Promise<void> {
  await runInRoot(
    root,
    ['apt-get', '-y', '-q', '-o', 'DPkg::Options::=--force-unsafe-io', ...args],
    progress,
    settings.environment,
  );
}

async function runInRoot(
  root: string,
  words: string[],
  progress: Progress,
  env: Record<string, string> = {},
): Promise<string> {
  const { stdout } = await runLocal(
    'unshare',
    [`--mount-proc=${join(root, 'proc')}`, 'chroot', root, ...words],
    {
      bound: true,
      env: { DEBIAN_FRONTEND: 'noninteractive', ...env },
      timeoutMs: 20 * 60_000,
      signal: progress.signal,
    },
  );
  return stdout;
}

// Not every release has every package: docker-cli came apart from docker.io in trixie.
async function knownPackages(root: string, names: string[], progress: Progress): Promise<string[]> {
  const known = await runInRoot(root, ['apt-cache', 'pkgnames'], progress);
  const all = new Set(known.split('\n'));
  return names.filter((name) => all.has(name));
}

/** Makes the root file system that of a machine which has never been started. */
async function dressRoot(root: string): Promise<void> {
  const etc = join(root, 'etc');
  const hostKeys = (await readdir(join(etc, 'ssh'))).filter((name) => name.startsWith('ssh_host_'));
  const unwanted = [...hostKeys.map((name) => join('ssh', name)), 'hostname', 'resolv.conf', 'machine-id'];
  await Promise.all(unwanted.map((name) => rm(join(etc, name), { force: true })));
  for (const [path, content] of Object.entries(machineFiles())) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  for (const [path, target] of Object.entries(machineLinks())) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await rm(join(root, path), { force: true });
    await symlink(target, join(root, path));
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
