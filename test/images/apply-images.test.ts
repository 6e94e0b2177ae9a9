import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createImageApplier } from '../../src/images/apply-images.ts';
import { digestContext, listContext } from '../../src/images/build-context.ts';
import type { BuildBase, PreparedBuild, WantedImage } from '../../src/images/desired.ts';
import { cachePath, findCached } from '../../src/images/image-cache.ts';
import { EngineFailure } from '../../src/images/image-engine.ts';
import type { ImageAction } from '../../src/images/plan.ts';
import type { Change } from '../../src/plan/change.ts';
import type { FindLogin } from '../../src/registry/credentials.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { createFakeEngine, type FakeEngine } from './fake-engine.ts';
import { imageIdOf, type MadeImage, makeArchive } from './make-archive.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kawanan-images-'));
  await writeFile(join(folder, 'Dockerfile'), 'FROM debian:t');
});
afterEach(() => rm(folder, { recursive: true }));

const reference = 'api:1-d1';

async function prepare(bases: BuildBase[] = []): Promise<PreparedBuild> {
  const contextDigest = await digestContext(folder, await listContext(folder, 'Dockerfile'));
  const build = { context: folder, dockerfile: 'Dockerfile', args: {} };
  return { wantedReference: 'api:1', reference, digest: 'd1', contextDigest, build, bases, opening: '' };
}

/** What `prepare` builds on the fake engine. */
const apiImage: MadeImage = {
  references: [reference],
  labels: { 'kawanan.build': 'd1', 'kawanan.stack': 'shop' },
  layers: ['base', `built ${reference}`],
};

interface Setting {
  engines: Record<string, FakeEngine>;
  prepared: PreparedBuild;
  run: (action: ImageAction, signal?: AbortSignal) => Promise<string[]>;
  cache: string;
}

async function setUp(
  engines: Record<string, FakeEngine>,
  bases: BuildBase[] = [],
  findLogin?: FindLogin,
): Promise<Setting> {
  const prepared = await prepare(bases);
  const cache = join(folder, '..', `${folder.split('/').at(-1)}-cache`);
  const image: WantedImage = {
    reference,
    source: { kind: 'build', prepared },
    nodes: Object.keys(engines),
    services: ['api'],
  };
  const apply = createImageApplier({
    wanted: { stackName: 'shop', images: [image] },
    engineOf: async (name) => engines[name]!,
    cacheFolder: cache,
    findLogin,
  });
  const run: Setting['run'] = async (action, signal = new AbortController().signal) => {
    const reports: string[] = [];
    const change = { action } as Change<ImageAction>;
    await apply(change, { report: (line) => reports.push(line), signal });
    return reports;
  };
  return { engines, prepared, run, cache };
}

const caches: string[] = [];
afterEach(async () => {
  for (const cache of caches.splice(0)) await rm(cache, { recursive: true, force: true });
});

describe('an image', () => {
  test('is built on one node, kept, and sent to the others without the layers they have', async () => {
    const other: MadeImage = { references: ['old:1'], layers: ['base', 'old'] };
    const setting = await setUp({
      w1: createFakeEngine(),
      w2: createFakeEngine([other]),
      w3: createFakeEngine(),
    });
    caches.push(setting.cache);
    const reports = await setting.run({ do: 'build', reference, builder: 'w1', targets: ['w1', 'w2', 'w3'] });
    expect(reports).toEqual([`sending ${folder} to w1`, 'Step 1/1 : COPY . .', 'sending from w1 to w2, w3']);
    expect(Object.values(setting.engines).map((engine) => engine.calls)).toEqual([
      [`build ${reference}`, `save ${reference}`],
      [`load ${reference} with built ${reference}`],
      [`load ${reference} with base, built ${reference}`],
    ]);
    for (const engine of Object.values(setting.engines)) expect(engine.images).toContainEqual(apiImage);
    expect(await findCached(setting.cache, setting.prepared)).toEqual({
      path: cachePath(setting.cache, reference),
      imageId: imageIdOf(apiImage),
      architecture: 'amd64',
    });
    expect(await readdir(setting.cache)).toEqual(['api_1-d1.tar']);
  });

  test('that fails to build says so with the end of the log, and what to do', async () => {
    const setting = await setUp({ w1: createFakeEngine() });
    setting.engines['w1']!.failNext.set('build', new EngineFailure('The command exited 100', 200, undefined));
    const building = setting.run({ do: 'build', reference, builder: 'w1', targets: ['w1'] });
    await expect(building).rejects.toMatchObject({
      message: 'building api:1 on w1 failed',
      details: ['Step 1/1 : COPY . .', 'received Dockerfile', 'The command exited 100'],
      next: `mend Dockerfile in ${folder}, then run again`,
      place: { host: 'w1' },
    });
  });

  test('whose files change while they are sent is not kept', async () => {
    const setting = await setUp({ w1: createFakeEngine() });
    await writeFile(join(folder, 'late'), 'x');
    const building = setting.run({ do: 'build', reference, builder: 'w1', targets: ['w1'] });
    await expect(building).rejects.toThrow(`files of ${folder} changed while they were sent to be built`);
    expect(setting.engines['w1']!.images).toEqual([]);
  });

  test('is tagged on its builder as the Dockerfile of another names it', async () => {
    const low: MadeImage = { references: ['low:1-d0'], layers: ['base'] };
    const bases: BuildBase[] = [{ kind: 'build', reference: 'low:1', builtReference: 'low:1-d0' }];
    const setting = await setUp({ w1: createFakeEngine([low]) }, bases);
    caches.push(setting.cache);
    await setting.run({ do: 'build', reference, builder: 'w1', targets: ['w1'] });
    expect(setting.engines['w1']!.calls.slice(0, 2)).toEqual(['tag low:1-d0 low:1', `build ${reference}`]);
  });

  test('is loaded from the cache on all nodes that lack it', async () => {
    const setting = await setUp({ w1: createFakeEngine(), w2: createFakeEngine() });
    const path = join(folder, 'api.tar');
    await writeFile(path, await makeArchive(apiImage));
    const imageId = imageIdOf(apiImage);
    await setting.run({ do: 'load', reference, path, imageId, targets: ['w1', 'w2'], builder: 'w1' });
    for (const engine of Object.values(setting.engines)) expect(engine.images).toEqual([apiImage]);
  });

  test('whose copy in the cache is damaged is built anew, its base loaded first', async () => {
    const debian: MadeImage = { references: ['debian:t'], labels: {}, layers: ['debian'] };
    const debianPath = join(tmpdir(), `${folder.split('/').at(-1)}-debian.tar`);
    await writeFile(debianPath, await makeArchive(debian));
    caches.push(debianPath);
    const bases: BuildBase[] = [
      { kind: 'archive', reference: 'debian:t', path: debianPath, imageId: imageIdOf(debian) },
    ];
    const setting = await setUp({ w1: createFakeEngine(), w2: createFakeEngine() }, bases);
    caches.push(setting.cache);
    const archive = await makeArchive(apiImage);
    archive.write('BUILT', archive.indexOf(`built ${reference}`));
    const path = join(tmpdir(), `${folder.split('/').at(-1)}-damaged.tar`);
    await writeFile(path, archive);
    caches.push(path);
    const action: ImageAction = {
      do: 'load',
      reference,
      path,
      imageId: imageIdOf(apiImage),
      targets: ['w1', 'w2'],
      builder: 'w1',
    };
    expect(await setting.run(action)).toContain('the copy in the cache is damaged: building it anew');
    expect(setting.engines['w1']!.images).toEqual([debian, apiImage]);
    expect(setting.engines['w2']!.images).toEqual([apiImage]);
  });

  test('that one node did not take is an error that names the node; the others have it', async () => {
    const setting = await setUp({
      w1: createFakeEngine([apiImage]),
      w2: createFakeEngine(),
      w3: createFakeEngine(),
    });
    caches.push(setting.cache);
    setting.engines['w2']!.failNext.set('load', new EngineFailure('no space left on device', 500, undefined));
    const copying = setting.run({ do: 'copy', reference, from: 'w1', targets: ['w2', 'w3'] });
    await expect(copying).rejects.toMatchObject({
      message: `${reference} did not arrive on w2`,
      details: ['w2: no space left on device'],
    });
    expect(setting.engines['w3']!.images).toEqual([apiImage]);
  });

  test('whose layer went away meanwhile is sent again with all layers', async () => {
    const other: MadeImage = { references: ['old:1'], layers: ['base', 'old'] };
    const setting = await setUp({ w1: createFakeEngine([apiImage]), w2: createFakeEngine([other]) });
    caches.push(setting.cache);
    setting.engines['w2']!.failNext.set('load', new EngineFailure('no such file', 500, undefined));
    await setting.run({ do: 'copy', reference, from: 'w1', targets: ['w2'] });
    expect(setting.engines['w2']!.calls).toEqual([
      `load ${reference} with built ${reference}`,
      `load ${reference} with base, built ${reference}`,
    ]);
  });

  test('that one node cannot pull comes from one that could', async () => {
    const setting = await setUp({ w1: createFakeEngine(), w2: createFakeEngine() });
    setting.engines['w1']!.failNext.set('pull', new EngineFailure('no route', 500, undefined));
    await setting.run({ do: 'pull', reference: 'nginx:1', targets: ['w1', 'w2'] });
    expect(setting.engines['w1']!.images.map((image) => image.references)).toEqual([['nginx:1']]);
  });

  test('that no node can pull is an error with the reason of every node and the way around', async () => {
    const setting = await setUp({ w1: createFakeEngine(), w2: createFakeEngine() });
    for (const engine of Object.values(setting.engines))
      engine.failNext.set('pull', new EngineFailure('no route', 500, undefined));
    await expect(
      setting.run({ do: 'pull', reference: 'nginx:1', targets: ['w1', 'w2'] }),
    ).rejects.toMatchObject({
      message: "nginx:1 can't be pulled on any node",
      details: ['w1: no route', 'w2: no route'],
      next: expect.stringContaining('docker save nginx:1'),
    });
  });

  test('of a registry that wants a login is pulled with it on every node, and with none elsewhere', async () => {
    const setting = await setUp({ w1: createFakeEngine(), w2: createFakeEngine() }, [], async (image) => ({
      registry: 'r.example',
      ...(image.startsWith('r.example/') && { account: new SecretValue('{}') }),
    }));
    await setting.run({ do: 'pull', reference: 'r.example/own:1', targets: ['w1', 'w2'] });
    await setting.run({ do: 'pull', reference: 'nginx:1', targets: ['w1'] });
    expect(setting.engines['w1']!.calls).toEqual([
      'pull r.example/own:1 with a login at r.example',
      'pull nginx:1',
    ]);
    expect(setting.engines['w2']!.calls).toEqual(['pull r.example/own:1 with a login at r.example']);
  });

  test('that can not be pulled names the login that could not be read', async () => {
    const setting = await setUp({ w1: createFakeEngine() }, [], async () => ({
      registry: 'r.example',
      problem: 'the login for r.example in /f can not be used: it is no JSON',
    }));
    setting.engines['w1']!.failNext.set(
      'pull',
      new EngineFailure('no basic auth credentials', 500, undefined),
    );
    await expect(
      setting.run({ do: 'pull', reference: 'r.example/own:1', targets: ['w1'] }),
    ).rejects.toMatchObject({
      details: [
        'w1: no basic auth credentials',
        'the login for r.example in /f can not be used: it is no JSON',
      ],
      next: expect.stringContaining('docker login'),
    });
  });

  test('is not touched any further once the user interrupted', async () => {
    const setting = await setUp({ w1: createFakeEngine([apiImage]), w2: createFakeEngine() });
    caches.push(setting.cache);
    const interrupted = AbortSignal.abort(new Error('stop'));
    const copying = setting.run({ do: 'copy', reference, from: 'w1', targets: ['w2'] }, interrupted);
    await expect(copying).rejects.toThrow('stop');
    expect(setting.engines['w2']!.images).toEqual([]);
  });
});
