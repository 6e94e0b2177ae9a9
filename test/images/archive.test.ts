import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readArchive } from '../../src/images/archive.ts';
import { dropTarMembers } from '../../src/images/tar-filter.ts';
import { diffIdOf, imageIdOf, type MadeImage, makeArchive, readTar, sha256 } from './make-archive.ts';

const image: MadeImage = { references: ['a:1', 'b:2'], labels: { x: 'y' }, layers: ['low', 'high'] };

let folder: string;
let archive: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kawanan-archive-'));
  archive = await makeArchive(image);
});
afterAll(() => rm(folder, { recursive: true }));

const read = async (bytes: Buffer) => {
  const path = join(folder, 'image.tar');
  await writeFile(path, bytes);
  return readArchive(path);
};

describe('an image archive', () => {
  test('is known without reading its layers', async () => {
    expect(await read(archive)).toEqual({
      imageId: imageIdOf(image),
      references: ['a:1', 'b:2'],
      labels: { x: 'y' },
      architecture: 'amd64',
      layers: ['low', 'high'].map((layer) => ({
        diffId: diffIdOf(layer),
        file: `blobs/sha256/${sha256(layer)}`,
      })),
    });
  });

  test('cut off anywhere is noticed', async () => {
    for (let length = 0; length <= archive.length - 1024; length += 512)
      await expect(read(archive.subarray(0, length)), `${length} bytes`).rejects.toThrow(/ends too early/);
  });

  test('that is something else is noticed', async () => {
    await expect(read(Buffer.alloc(4096, 'no tar '))).rejects.toThrow('it is not a tar archive');
    await expect(read(Buffer.alloc(4096))).rejects.toThrow('it has no manifest.json');
  });
});

describe('members are dropped from a tar', () => {
  const long = `${'deep/'.repeat(40)}name`;
  const make = (): NodeJS.ReadableStream => {
    const tar = pack();
    tar.entry({ name: 'a' }, 'first');
    tar.entry({ name: long }, 'x'.repeat(1500));
    tar.entry({ name: 'link', type: 'symlink', linkname: 'a' });
    tar.entry({ name: 'z' }, 'y'.repeat(512));
    tar.finalize();
    return tar as unknown as NodeJS.ReadableStream;
  };
  const chop = async function* (stream: NodeJS.ReadableStream, size: number) {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const all = Buffer.concat(chunks);
    for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
  };

  test.each([
    [[], ['a', long, 'link', 'z']],
    [['a'], [long, 'link', 'z']],
    [[long], ['a', 'link', 'z']],
    [
      ['link', 'z', 'nobody'],
      ['a', long],
    ],
  ])('%#', async (dropped, left) => {
    for (const size of [1, 511, 512, 700, 100_000]) {
      const filtered = Readable.from(chop(make(), size)).pipe(dropTarMembers(new Set(dropped)));
      const members = await readTar(filtered);
      expect([...members.keys()], `in pieces of ${size}`).toEqual(left);
      if (left.includes(long)) expect(members.get(long)).toBe('x'.repeat(1500));
    }
  });
});
