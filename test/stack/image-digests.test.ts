import { describe, expect, test } from 'vitest';
import {
  type ImageAnswer,
  listImagesToResolve,
  pinImage,
  type ResolveImageMode,
} from '../../src/stack/image-digests.ts';
import type { StackObserved } from '../../src/stack/observed.ts';
import { planStack } from '../../src/stack/plan.ts';
import { createImageResolver, type HeldImage } from '../../src/stack/resolve-images.ts';
import { nameObjects } from '../../src/stack/resolve-references.ts';
import { describeRevision, pinObjects } from '../../src/stack/revision.ts';
import { makeDefinition, makeObserved, makeService, makeSpec, makeTask } from './builders.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const pinned = (image: string, letter: string): ImageAnswer => ({
  kind: 'pinned',
  ...pinImage(image, digest(letter), [{ Architecture: 'amd64', OS: 'linux' }]),
});
const withImage = (name: string, image: string) =>
  makeSpec(name, (spec) => {
    spec.TaskTemplate.ContainerSpec.Image = image;
  });

/** The stack as it runs after its images were deployed, each under its name here. */
function runWith(images: Record<string, string>, more: Partial<StackObserved> = {}): StackObserved {
  const services = Object.entries(images).map(([name, image]) => makeService(withImage(name, image)));
  const tasks = services.map((service) => makeTask(service));
  return makeObserved({ services, tasks, ...more });
}

describe('which images a registry is asked for', () => {
  const oldAndNew = ['shop/app:1', 'shop/new:1'];
  const table: [ResolveImageMode, string, string | undefined, string[]][] = [
    ['changed', 'a new service', undefined, oldAndNew],
    ['changed', 'the same tag with a digest', `shop/app:1@${digest('a')}`, ['shop/new:1']],
    ['changed', 'the same tag without a digest', 'shop/app:1', ['shop/new:1']],
    ['changed', 'another tag', `shop/app:2@${digest('a')}`, oldAndNew],
    ['always', 'the same tag', `shop/app:1@${digest('a')}`, oldAndNew],
    ['never', 'a new service', undefined, []],
  ];
  test.each(table)('%s, and the service is %s', (mode, _, running, asked) => {
    const definition = makeDefinition([
      withImage('app', 'shop/app:1'),
      withImage('twin', 'shop/app:1'),
      withImage('new', 'shop/new:1'),
      withImage('ours', 'shop/ours:1'),
      withImage('written', `shop/written:1@${digest('f')}`),
    ]);
    const { services } = runWith(running ? { app: running, twin: running } : {});
    expect(listImagesToResolve(definition, services, mode, new Set(['ours']))).toEqual(asked);
  });
});

describe('what a registry answered', () => {
  const definition = makeDefinition([withImage('app', 'shop/app:1')]);
  const plan = (observed: StackObserved) => planStack(definition, observed, new Map());

  test('is what a new service gets, and where it may run', () => {
    const { changes } = plan(runWith({}, { images: { 'shop/app:1': pinned('shop/app:1', 'a') } }));
    expect(changes[0]?.fields[0]).toEqual({ path: 'image', after: `shop/app:1@${digest('a')}` });
    const { names } = changes[0]!.action as { names: Parameters<typeof nameObjects>[1] };
    const { ContainerSpec, Placement } = nameObjects(definition.services[0]!.spec, names).TaskTemplate;
    expect(ContainerSpec.Image).toBe(`shop/app:1@${digest('a')}`);
    expect(Placement).toEqual({ Platforms: [{ Architecture: 'amd64', OS: 'linux' }] });
  });

  test('updates a service whose tag moved', () => {
    const images = { 'shop/app:1': pinned('shop/app:1', 'b') };
    const { changes } = plan(runWith({ app: `shop/app:1@${digest('a')}` }, { images }));
    expect(changes.map(({ kind, fields }) => ({ kind, fields }))).toEqual([
      {
        kind: 'update',
        fields: [{ path: 'image', before: `shop/app:1@${digest('a')}`, after: `shop/app:1@${digest('b')}` }],
      },
    ]);
  });

  test.each([
    ['it is the digest that runs', { 'shop/app:1': pinned('shop/app:1', 'a') }],
    ['nobody was asked', undefined],
    ['nobody answered', { 'shop/app:1': { kind: 'unknown', reason: 'no route' } as ImageAnswer }],
    ['the image is of this place', { 'shop/app:1': { kind: 'local' } as ImageAnswer }],
  ])('changes nothing where %s: a digest is kept with its tag', (_, images) => {
    const observed = runWith({ app: `shop/app:1@${digest('a')}` }, images ? { images } : {});
    expect(plan(observed).changes).toEqual([]);
  });

  test('is missed in one warning for each image', () => {
    const two = makeDefinition([withImage('app', 'shop/app:1'), withImage('twin', 'shop/app:1')]);
    const images = { 'shop/app:1': { kind: 'unknown', reason: 'no route' } as ImageAnswer };
    const { changes, warnings } = planStack(two, runWith({}, { images }), new Map());
    expect(warnings).toEqual([
      'shop/app:1: no registry told its digest (no route); a service that has none yet gets the tag alone, so nodes may run different versions',
    ]);
    expect(changes.map(({ fields }) => fields[0]?.after)).toEqual(['shop/app:1', 'shop/app:1']);
  });

  test('is in the revision, which is the same when it is found running', () => {
    const about = runWith({}, { images: { 'shop/app:1': pinned('shop/app:1', 'a') } });
    const service = withImage('app', `shop/app:1@${digest('a')}`);
    service.TaskTemplate.Placement = { Platforms: [{ Architecture: 'amd64', OS: 'linux' }] };
    const done = makeObserved({ services: [makeService(service)] });
    const revision = describeRevision(definition, pinObjects(definition, about));
    expect(revision.services[0]!.spec.TaskTemplate.ContainerSpec.Image).toBe(`shop/app:1@${digest('a')}`);
    expect(describeRevision(definition, pinObjects(definition, done))).toEqual(revision);
  });
});

test('a registry that says arm names no architecture: nodes say armv7l, and no node would fit', () => {
  const platforms = [
    { Architecture: 'arm', OS: 'linux' },
    { Architecture: 'arm64', OS: 'linux' },
  ];
  expect(pinImage('a:1', digest('a'), platforms).platforms).toEqual([
    { Architecture: '', OS: 'linux' },
    { Architecture: 'arm64', OS: 'linux' },
  ]);
});

describe('asking', () => {
  const pulled: HeldImage = { digests: [`a@${digest('a')}`], built: false };
  const loaded: HeldImage = { digests: [], built: false };
  const built: HeldImage = { digests: [`a@${digest('a')}`], built: true };

  function createSources(held: HeldImage[], answer: () => Promise<{ digest: string; platforms: [] }>) {
    const asked: string[] = [];
    const resolve = createImageResolver({
      listHeld: async () => held,
      ask: (image) => {
        asked.push(image);
        return answer();
      },
    });
    return { asked, resolve };
  }
  const tell = async () => ({ digest: digest('b'), platforms: [] as [] });

  test.each([
    ['no node has it', []],
    ['a node pulled it', [pulled]],
  ])('happens where %s', async (_, held) => {
    const { asked, resolve } = createSources(held, tell);
    expect(await resolve(['a:1'])).toEqual({
      'a:1': { kind: 'pinned', image: `a:1@${digest('b')}`, platforms: [] },
    });
    expect(asked).toEqual(['a:1']);
  });

  test.each([
    ['was loaded', [pulled, loaded]],
    ['was built', [built]],
  ])('does not where a node has an image that %s', async (_, held) => {
    const { asked, resolve } = createSources(held, tell);
    expect(await resolve(['a:1'])).toEqual({ 'a:1': { kind: 'local' } });
    expect(asked).toEqual([]);
  });

  test('counts for nothing once a node was sent the image: it would not find it by its digest', async () => {
    const held: HeldImage[] = [];
    const { resolve } = createSources(held, tell);
    expect(await resolve(['a:1'])).toMatchObject({ 'a:1': { kind: 'pinned' } });
    held.push(pulled, loaded);
    expect(await resolve(['a:1'])).toEqual({ 'a:1': { kind: 'local' } });
  });

  test('happens once an image in a run, and tells why there is no answer', async () => {
    const { asked, resolve } = createSources([], () =>
      Promise.reject({ statusCode: 500, json: { message: 'dial tcp: \n no route' } }),
    );
    const unknown = { kind: 'unknown', reason: 'dial tcp: no route' };
    expect(await resolve(['a:1', 'b:1'])).toEqual({ 'a:1': unknown, 'b:1': unknown });
    expect(await resolve(['b:1'])).toEqual({ 'b:1': unknown });
    expect(asked).toEqual(['a:1', 'b:1']);
  });
});
