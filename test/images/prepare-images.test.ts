import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import type { InputError } from '../../src/errors.ts';
import { prepareImages } from '../../src/images/prepare-images.ts';
import type { StackDefinition } from '../../src/stack/definition.ts';
import { imageIdOf, makeArchive } from './make-archive.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kawanan-prepare-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = async (files: Record<string, string | Buffer>): Promise<void> => {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
};

interface ServiceInput {
  image: string;
  build?: {
    context: string;
    dockerfile?: string;
    args?: Record<string, string>;
    target?: string;
    declared?: { file: string; path: string };
  };
}

function prepare(services: Record<string, ServiceInput>, archives: Record<string, string> = {}) {
  const definition = {
    name: 'shop',
    file: 'compose.yml',
    services: Object.entries(services).map(([key, { image, build }]) => ({
      key,
      dependsOn: [],
      spec: { Name: key, TaskTemplate: { ContainerSpec: { Image: image } } },
      ...(build && {
        build: { dockerfile: 'Dockerfile', args: {}, ...build, context: join(folder, build.context) },
      }),
    })),
  } as unknown as StackDefinition;
  const cluster = { file: 'cluster.yml', images: { archives } } as unknown as Cluster;
  return prepareImages(definition, cluster);
}

async function digestOf(services: Record<string, ServiceInput>, archives?: Record<string, string>) {
  const { builds } = await prepare(services, archives);
  return Object.fromEntries([...builds].map(([key, build]) => [key, build.reference]));
}

describe('what a build is made from decides its tag', () => {
  const api = { image: 'api:1', build: { context: 'api' } };

  test('and nothing else does', async () => {
    await write({ 'api/Dockerfile': 'FROM debian', 'other/Dockerfile': 'FROM debian' });
    const [one] = Object.values(await digestOf({ api }));
    const [other] = Object.values(await digestOf({ api: { image: 'api:1', build: { context: 'other' } } }));
    expect(one).toMatch(/^api:1-[0-9a-f]{12}$/);
    expect(other).toBe(one);
  });

  test.each<[string, () => Promise<ServiceInput>]>([
    ['a file', async () => write({ 'api/a.py': '2' }).then(() => api)],
    ['the Dockerfile', async () => write({ 'api/Dockerfile': 'FROM debian\nRUN x' }).then(() => api)],
    ['an argument', async () => ({ ...api, build: { context: 'api', args: { A: '1' } } })],
    ['the target', async () => ({ ...api, build: { context: 'api', target: 'x' } })],
  ])('%s', async (_, change) => {
    await write({ 'api/Dockerfile': 'FROM debian', 'api/a.py': '1' });
    const before = await digestOf({ api });
    expect(await digestOf({ api: await change() })).not.toEqual(before);
  });

  test('the base of an archive too, and the base that the stack builds itself', async () => {
    const archive = (layer: string) => makeArchive({ references: ['debian:t'], layers: [layer] });
    await write({
      'low/Dockerfile': 'FROM debian:t',
      'top/Dockerfile': 'FROM low:1',
      'd.tar': await archive('a'),
    });
    const services = {
      top: { image: 'top:1', build: { context: 'top' } },
      low: { image: 'low:1', build: { context: 'low' } },
    };
    const archives = { 'debian:t': join(folder, 'd.tar') };
    const { builds } = await prepare(services, archives);
    const imageId = imageIdOf({ references: ['debian:t'], layers: ['a'] });
    expect(builds.get('low')!.bases).toEqual([
      { kind: 'archive', reference: 'debian:t', path: archives['debian:t'], imageId },
    ]);
    expect(builds.get('top')!.bases).toEqual([
      { kind: 'build', reference: 'low:1', builtReference: builds.get('low')!.reference },
    ]);
    await write({ 'd.tar': await archive('b') });
    const after = await prepare(services, archives);
    for (const key of ['low', 'top'])
      expect(after.builds.get(key)!.reference).not.toBe(builds.get(key)!.reference);
  });
});

test('services that share an image share its build, with or without a build section of their own', async () => {
  await write({ 's3/Dockerfile': 'FROM debian' });
  const s3 = { image: 's3:1', build: { context: 's3' } };
  const { builds } = await prepare({ one: s3, two: s3, three: { image: 's3:1' }, four: { image: 'else:1' } });
  expect([...builds.keys()]).toEqual(['one', 'two', 'three']);
  expect(new Set(builds.values()).size).toBe(1);
});

test('everything that is missing is reported at once', async () => {
  await write({
    'b/x': '',
    'c/Dockerfile': 'FROM d:1',
    'd/Dockerfile': 'FROM c:1',
    'bad.tar': 'x',
    'e/Dockerfile': 'FROM base:1',
  });
  const archives = {
    'gone:1': join(folder, 'gone.tar'),
    'base:1': join(folder, 'bad.tar'),
    'unused:1': '/nowhere',
  };
  const preparing = prepare(
    {
      a: { image: 'a:1', build: { context: 'a' } },
      b: { image: 'b:1', build: { context: 'b' } },
      j: {
        image: 'j:1',
        build: { context: 'j', declared: { file: 'cluster.yml', path: 'images.builds.j:1' } },
      },
      c: { image: 'c:1', build: { context: 'c' } },
      d: { image: 'd:1', build: { context: 'd' } },
      e: { image: 'e:1', build: { context: 'e' } },
      f: { image: 'gone:1' },
      g: { image: 'g@sha256:00', build: { context: 'e' } },
      h: { image: 'e:1', build: { context: 'e', args: { X: '1' } } },
      i: { image: 'e:1' },
    },
    archives,
  );
  const error = await preparing.then(
    () => undefined,
    (thrown: InputError) => thrown,
  );
  const lines = error!.problems.map(({ file, path, message }) =>
    `${file} ${path}: ${message}`.replaceAll(`${folder}/`, ''),
  );
  expect(lines.sort()).toEqual([
    'cluster.yml images.archives.base:1: the archive bad.tar is no image archive: it ends too early',
    "cluster.yml images.archives.gone:1: the archive gone.tar isn't there",
    'cluster.yml images.builds.j:1: there is no folder j',
    'compose.yml services.a.build.context: there is no folder a',
    'compose.yml services.b.build.dockerfile: there is no Dockerfile in b',
    'compose.yml services.c.build: images are built on each other in a circle: c → d → c',
    'compose.yml services.g: an image that is built has a digest',
    'compose.yml services.i.image: e:1 is built in different ways by e and h',
  ]);
});
