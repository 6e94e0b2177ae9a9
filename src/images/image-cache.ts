/** Built images kept on this computer as archives, so that a lab or a new node needs no second build. */
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readArchive } from './archive.ts';
import type { PreparedBuild } from './desired.ts';
import { buildLabel, type CachedImage } from './observed.ts';
import { parseReference, readBuildDigest } from './reference.ts';

/** Path of the archive of a built image in a cache folder. */
export function cachePath(folder: string, reference: string): string {
  return join(folder, `${flatten(reference)}.tar`);
}

/** What the cache holds of a build; `undefined` where it holds nothing, half a file, or another image. */
export async function findCached(folder: string, prepared: PreparedBuild): Promise<CachedImage | undefined> {
  const path = cachePath(folder, prepared.reference);
  try {
    const { imageId, labels, architecture } = await readArchive(path);
    return labels[buildLabel] === prepared.digest ? { path, imageId, architecture } : undefined;
  } catch {
    return undefined;
  }
}

/** The same of an image of which only the reference is known: its tag tells what it was built from. */
export async function findKept(folder: string, reference: string): Promise<CachedImage | undefined> {
  const digest = readBuildDigest(reference);
  if (digest === undefined) return undefined;
  const path = cachePath(folder, reference);
  try {
    const { imageId, labels, architecture } = await readArchive(path);
    return labels[buildLabel]?.startsWith(digest) ? { path, imageId, architecture } : undefined;
  } catch {
    return undefined;
  }
}

/** Writes an archive into the cache: under another name first, looked through, synced, then swapped in. */
export async function writeCached(folder: string, prepared: PreparedBuild, archive: Readable): Promise<void> {
  const path = cachePath(folder, prepared.reference);
  const half = `${path}.${process.pid}.half`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await pipeline(archive, createWriteStream(half));
    const { labels } = await readArchive(half);
    if (labels[buildLabel] !== prepared.digest) throw new Error('another image was written');
    const file = await open(half, 'r+');
    await file.sync().finally(() => file.close());
    await rename(half, path);
  } finally {
    await rm(half, { force: true });
  }
  await dropOld(folder, prepared.reference);
}

/** Forgets the archive of a build. */
export async function dropCached(folder: string, reference: string): Promise<void> {
  await rm(cachePath(folder, reference), { force: true });
}

const keptPerImage = 3;
const halfTooOldMs = 6 * 60 * 60 * 1000;

/** Keeps the newest archives of one image, and removes what killed runs left half written. */
async function dropOld(folder: string, reference: string): Promise<void> {
  const prefix = `${flatten(parseReference(reference).name)}_`;
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix));
  const aged = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { path, modifiedMs: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 };
    }),
  );
  const halves = aged.filter(
    (one) => one.path.endsWith('.half') && Date.now() - one.modifiedMs > halfTooOldMs,
  );
  const old = aged
    .filter((one) => /_[^_]*-[0-9a-f]{12}\.tar$/.test(one.path))
    .sort((a, b) => b.modifiedMs - a.modifiedMs)
    .slice(keptPerImage);
  for (const { path } of [...halves, ...old]) await rm(path, { force: true });
}

function flatten(reference: string): string {
  return reference.replaceAll(/[/:]/g, '_');
}
