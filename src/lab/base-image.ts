import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Progress } from '../plan/layer.ts';
import type { Release } from './record.ts';
import { runLocal } from './run-local.ts';

/** Times in the image: the same packages give the same image ID whenever it is made. */
const fixedTime = '1970-01-01T00:00:00Z';

/** Left out of the image: what only a person at a terminal reads, what apt fetches anew, and what the container gets at start. */
const leftOut = [
  ...['dev/*', 'proc/*', 'sys/*', 'run/*', 'tmp/*', 'debootstrap'],
  ...['etc/hostname', 'etc/resolv.conf', 'etc/machine-id', 'etc/.pwd.lock', 'etc/*-'],
  ...['usr/share/doc/*', 'usr/share/man/*', 'usr/share/info/*', 'usr/share/locale/*', 'usr/share/lintian/*'],
  ...[
    'var/cache/apt/*',
    'var/cache/debconf/*-old',
    'var/cache/ldconfig/*',
    'var/lib/apt/lists/*',
    'var/log/*',
    'var/lib/dpkg/*-old',
  ],
];

/** Files that the image has beyond what debootstrap made. */
const imageFiles: Record<string, { content: string; mode: number }> = {
  'etc/dpkg/dpkg.cfg.d/slim': {
    content: `${['doc', 'man', 'info', 'locale', 'lintian'].map((name) => `path-exclude /usr/share/${name}/*`).join('\n')}\nforce-unsafe-io\n`,
    mode: 0o644,
  },
  // A package's service must not start while an image is built.
  'usr/sbin/policy-rc.d': { content: '#!/bin/sh\nexit 101\n', mode: 0o755 },
};

export interface BaseImageOptions {
  /** The root file system as debootstrap left it. */
  rootDir: string;
  /** Scratch folder; made and removed. */
  workDir: string;
  /** The archive to write. */
  file: string;
  release: Release;
}

/** The reference the base image is loaded under. */
export function baseImageReference(release: Release): string {
  return `debian:${release}-slim`;
}

/** Packs a root file system into an archive that `docker load` takes, with an ID that depends on its files only. */
export async function writeBaseImage(options: BaseImageOptions, progress: Progress): Promise<void> {
  const { rootDir, workDir, file, release } = options;
  const extra = join(workDir, 'extra');
  const parts = join(workDir, 'parts');
  await mkdir(parts, { recursive: true });
  for (const [path, { content, mode }] of Object.entries(imageFiles)) {
    await mkdir(dirname(join(extra, path)), { recursive: true });
    await writeFile(join(extra, path), content);
    await chmod(join(extra, path), mode);
  }
  const layer = join(workDir, 'layer.tar');
  const excludes = leftOut.map((pattern) => `--exclude=./${pattern}`);
  const sources = ['-C', rootDir, '.', '-C', extra, ...Object.keys(imageFiles).map((path) => `./${path}`)];
  await packTar(layer, ['--anchored', ...excludes, ...sources], progress);
  const layerDigest = await hashFile(layer);
  const config = renderImageConfig(layerDigest, process.arch);
  const configDigest = createHash('sha256').update(config).digest('hex');
  await writeFile(join(parts, `${configDigest}.json`), config);
  await mkdir(join(parts, layerDigest));
  await rename(layer, join(parts, layerDigest, 'layer.tar'));
  await writeFile(
    join(parts, 'manifest.json'),
    renderManifest(configDigest, layerDigest, baseImageReference(release)),
  );
  await packTar(file, ['-C', parts, 'manifest.json', `${configDigest}.json`, layerDigest], progress);
  await rm(workDir, { recursive: true });
}

async function packTar(file: string, args: string[], progress: Progress): Promise<void> {
  const fixed = ['--create', '--file', file, '--format=gnu', '--sort=name', '--mtime=@0', '--numeric-owner'];
  await runLocal('tar', [...fixed, ...args], { bound: true, timeoutMs: 600_000, signal: progress.signal });
}

/** The image's configuration; its SHA-256 is the image ID. */
export function renderImageConfig(layerDigest: string, nodeArchitecture: string): string {
  const architecture = nodeArchitecture === 'x64' ? 'amd64' : nodeArchitecture;
  return JSON.stringify({
    architecture,
    os: 'linux',
    created: fixedTime,
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['bash'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created: fixedTime, created_by: 'debootstrap --variant=minbase' }],
  });
}

/** The table of contents of the archive, as `docker save` writes it. */
export function renderManifest(configDigest: string, layerDigest: string, reference: string): string {
  return JSON.stringify([
    { Config: `${configDigest}.json`, RepoTags: [reference], Layers: [`${layerDigest}/layer.tar`] },
  ]);
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
