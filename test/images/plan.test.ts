import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import {
  type BuildBase,
  listWantedImages,
  type PreparedBuild,
  resolveBuildImages,
  type WantedImage,
} from '../../src/images/desired.ts';
import type { EngineImage } from '../../src/images/image-engine.ts';
import type { NodeImages, ObservedImages, OtherStacks } from '../../src/images/observed.ts';
import { planImageRemoval, planImages } from '../../src/images/plan.ts';
import type { StackDefinition } from '../../src/stack/definition.ts';

const prepare = (name: string, bases: BuildBase[] = [], opening = `FROM ${name}`): PreparedBuild => ({
  wantedReference: `${name}:1`,
  reference: `${name}:1-x`,
  digest: `digest-${name}`,
  contextDigest: '',
  build: { context: `/c/${name}`, dockerfile: 'Dockerfile', args: {} },
  bases,
  opening,
});
const built = (name: string, nodes: string[], bases: BuildBase[] = [], opening?: string): WantedImage => ({
  reference: `${name}:1-x`,
  source: { kind: 'build', prepared: prepare(name, bases, opening) },
  nodes,
  services: [name],
});
const pulled = (reference: string, nodes: string[]): WantedImage => ({
  reference,
  source: { kind: 'registry' },
  nodes,
  services: ['s'],
});
const archived = (reference: string, nodes: string[]): WantedImage => ({
  reference,
  source: { kind: 'archive', path: '/archive.tar', imageId: 'sha256:base' },
  nodes,
  services: ['s'],
});
const base: BuildBase = {
  kind: 'archive',
  reference: 'debian:t',
  path: '/debian.tar',
  imageId: 'sha256:deb',
};

const held = (reference: string, id: string, labels: Record<string, string> = {}): EngineImage => ({
  id,
  references: [reference],
  labels,
  createdAt: 0,
});
const heldBuild = (name: string, id = `sha256:${name}`): EngineImage =>
  held(`${name}:1-x`, id, { 'kawanan.build': `digest-${name}`, 'kawanan.stack': 'shop' });
const node = (name: string, images: EngineImage[] = [], more: Partial<NodeImages> = {}): NodeImages => ({
  node: name,
  architecture: 'x86_64',
  store: 'classic',
  images,
  ...more,
});
const observe = (
  nodes: NodeImages[],
  cached: ObservedImages['cached'] = {},
  unreachable: string[] = [],
): ObservedImages => ({ nodes, cached, unreachable, exposed: {} });

function plan(images: WantedImage[], observed: ObservedImages): string[] {
  const { changes, unchanged, warnings } = planImages({ stackName: 'shop', images }, observed);
  return [
    ...changes.map((change) =>
      [
        change.kind,
        change.object.name,
        change.object.host,
        `| ${change.title}`,
        ...change.after.map((id) => `> ${id}`),
      ]
        .filter(Boolean)
        .join(' '),
    ),
    ...(unchanged > 0 ? [`${unchanged} unchanged`] : []),
    ...warnings,
  ];
}

const cachedApi = { 'digest-api': { path: '/cache/api.tar', imageId: 'sha256:api', architecture: 'amd64' } };

describe('images are planned', () => {
  test.each<{ name: string; images: WantedImage[]; observed: ObservedImages; changes: string[] }>([
    {
      name: 'to be built on one node and sent to the others, its base loaded first',
      images: [built('api', ['w1', 'w2'], [base])],
      observed: observe([node('m'), node('w1'), node('w2')]),
      changes: [
        'create debian:t w1 | load from /debian.tar, to build on it',
        'create api:1-x | build on w1, then send to w2 > base:debian:t@w1',
      ],
    },
    {
      name: 'without loading a base that is there',
      images: [built('api', ['w1'], [base])],
      observed: observe([node('w1', [held('debian:t', 'sha256:deb')])]),
      changes: ['create api:1-x | build on w1'],
    },
    {
      name: 'to be built side by side on different nodes',
      images: [built('api', ['w1', 'w2']), built('web', ['w1', 'w2']), built('db', ['w1'])],
      observed: observe([node('w1'), node('w2')]),
      changes: [
        'create api:1-x | build on w1, then send to w2',
        'create web:1-x | build on w2, then send to w1',
        'create db:1-x | build on w1',
      ],
    },
    {
      name: 'to be built on one node when they begin alike',
      images: [
        built('api', ['w1', 'w2'], [], 'FROM a\nRUN apt'),
        built('web', ['w1', 'w2'], [], 'FROM a\nRUN apt'),
      ],
      observed: observe([node('w1'), node('w2')]),
      changes: [
        'create api:1-x | build on w1, then send to w2',
        'create web:1-x | build on w1, then send to w2',
      ],
    },
    {
      name: 'after the image of the stack that they are built on, which goes to the building node too',
      images: [
        built('top', ['w2'], [{ kind: 'build', reference: 'low:1', builtReference: 'low:1-x' }]),
        built('low', ['w1']),
      ],
      observed: observe([node('w1'), node('w2')]),
      changes: [
        'create top:1-x | build on w2 > image:low:1-x',
        'create low:1-x | build on w1, then send to w2',
      ],
    },
    {
      name: 'to be loaded from the cache on the nodes that lack them only',
      images: [built('api', ['w1', 'w2'])],
      observed: observe([node('w1', [heldBuild('api')]), node('w2')], cachedApi),
      changes: ['update api:1-x | load from the cache on w2'],
    },
    {
      name: 'to be copied from a node when the cache has nothing',
      images: [built('api', ['w1', 'w2'])],
      observed: observe([node('w1'), node('w2', [heldBuild('api')])]),
      changes: ['update api:1-x | copy from w2 to w1'],
    },
    {
      name: 'to be copied when the cache has another image of the same build than the nodes',
      images: [built('api', ['w1', 'w2'])],
      observed: observe([node('w1'), node('w2', [heldBuild('api', 'sha256:other')])], cachedApi),
      changes: ['update api:1-x | copy from w2 to w1'],
    },
    {
      name: 'to be made equal when two nodes built them apart',
      images: [built('api', ['w1', 'w2', 'w3'])],
      observed: observe([
        node('w1', [heldBuild('api', 'sha256:one')]),
        node('w2', [heldBuild('api', 'sha256:two')]),
        node('w3', [heldBuild('api', 'sha256:two')]),
      ]),
      changes: ['update api:1-x | copy from w2 to w1'],
    },
    {
      name: 'to be built when an image of that name was built from something else',
      images: [built('api', ['w1'])],
      observed: observe([node('w1', [held('api:1-x', 'sha256:api', { 'kawanan.build': 'digest-old' })])]),
      changes: ['create api:1-x | build on w1'],
    },
    {
      name: 'to be built when the cache is for another architecture',
      images: [built('api', ['w1'])],
      observed: observe([node('w1', [], { architecture: 'aarch64' })], cachedApi),
      changes: ['create api:1-x | build on w1'],
    },
    {
      name: 'to be pulled on the nodes that lack them',
      images: [pulled('nginx:1.27', ['w1', 'w2'])],
      observed: observe([node('w1', [held('nginx:1.27', 'sha256:n')]), node('w2')]),
      changes: ['update nginx:1.27 | pull on w2'],
    },
    {
      name: 'to be pulled everywhere when a tag moved between two pulls',
      images: [pulled('nginx', ['w1', 'w2'])],
      observed: observe([
        node('w1', [held('nginx:latest', 'sha256:1')]),
        node('w2', [held('nginx:latest', 'sha256:2')]),
      ]),
      changes: ['create nginx | pull on w1, w2, as the nodes have different images of that name'],
    },
    {
      name: 'to be loaded from an archive, again when the archive changed',
      images: [archived('debian:t', ['w1', 'w2', 'w3'])],
      observed: observe([
        node('w1', [held('debian:t', 'sha256:base')]),
        node('w2', [held('debian:t', 'sha256:old')]),
        node('w3'),
      ]),
      changes: ['update debian:t | load from /archive.tar on w2, w3'],
    },
    {
      name: 'as unchanged where another image store gives other IDs',
      images: [built('api', ['w1', 'w2']), archived('debian:t', ['w2'])],
      observed: observe([
        node('w1', [heldBuild('api', 'sha256:1')]),
        node('w2', [heldBuild('api', 'sha256:2'), held('debian:t', 'sha256:x')], { store: 'containerd' }),
      ]),
      changes: ['2 unchanged'],
    },
    {
      name: 'around a node that is away, which the plan says',
      images: [built('api', ['w1', 'w2']), pulled('nginx', ['w1'])],
      observed: observe([node('w2')], {}, ['w1']),
      changes: [
        'create api:1-x | build on w2',
        '1 unchanged',
        "w1 can't be reached; run this again when it is back, so that it gets api:1-x, nginx",
      ],
    },
    {
      name: 'nowhere when no node may run the service',
      images: [built('api', [])],
      observed: observe([node('w1')]),
      changes: ['api:1-x: no node may run api, so it is placed nowhere'],
    },
  ])('$name', ({ images, observed, changes }) => {
    expect(plan(images, observed)).toEqual(changes);
  });

  test('so that nothing is left to do once every node has what it was to get', () => {
    const names = ['a', 'b', 'c'];
    const nodeNames = ['n1', 'n2', 'n3'];
    const subset = fc.subarray(nodeNames, { minLength: 1 });
    fc.assert(
      fc.property(fc.array(subset, { minLength: 1, maxLength: 3 }), fc.array(subset), (wanted, present) => {
        const images = wanted.map((nodes, index) => built(names[index]!, nodes));
        const nodes = nodeNames.map((name) =>
          node(
            name,
            names.filter((_, index) => present[index]?.includes(name)).map((one) => heldBuild(one)),
          ),
        );
        for (const { action } of planImages({ stackName: 's', images }, observe(nodes)).changes) {
          if (action.do === 'remove') throw new Error('nothing is to be removed');
          const name = action.reference.split(':')[0]!;
          for (const target of action.targets)
            nodes.find((one) => one.node === target)!.images.push(heldBuild(name));
        }
        expect(planImages({ stackName: 's', images }, observe(nodes)).changes).toEqual([]);
      }),
    );
  });
});

test('removal takes what was built for the stack, and says what stays', () => {
  const images = [built('api', ['w1'], [base]), pulled('nginx', ['w1']), pulled('absent', ['w1'])];
  const foreign = held('other:1', 'sha256:o', { 'kawanan.build': 'x', 'kawanan.stack': 'other' });
  const labels = { 'kawanan.build': '0123456789abcdef', 'kawanan.stack': 'shop' };
  const ours = {
    ...held('api:1-0123456789ab', 'sha256:api', labels),
    references: ['api:1', 'api:1-0123456789ab'],
  };
  const old = { ...ours, id: 'sha256:old', references: ['<none>:<none>', '<none>@<none>'] };
  // labels are inherited by what is built on top
  const builtOnOurs = held('mine:1', 'sha256:mine', labels);
  const observed = observe([
    node('w1', [
      ours,
      old,
      builtOnOurs,
      foreign,
      held('nginx:latest', 'sha256:n'),
      held('debian:t', 'sha256:deb'),
    ]),
    node('w2', [ours]),
  ]);
  const { changes, warnings } = planImageRemoval({ stackName: 'shop', images }, observed, [
    'debian:t',
    'gone:1',
  ]);
  expect(changes.map((change) => [change.object.name, change.action])).toEqual([
    ['api:1', { do: 'remove', id: 'sha256:api', targets: ['w1', 'w2'] }],
    ['<none>:<none>', { do: 'remove', id: 'sha256:old', targets: ['w1'] }],
  ]);
  expect(warnings).toEqual([
    "images that were loaded or pulled can't be told from those of others and are left alone: debian:t, nginx:latest",
  ]);
});

const ssh = { user: 'root', port: 22 };
const cluster = {
  nodes: [
    { name: 'lb', address: '1', role: 'balancer', labels: {}, availability: 'active', ssh },
    { name: 'm', address: '2', role: 'manager', labels: {}, availability: 'active', ssh },
    { name: 'w1', address: '3', role: 'worker', labels: { zone: 'a' }, availability: 'active', ssh },
    { name: 'w2', address: '4', role: 'worker', labels: { zone: 'b' }, availability: 'drain', ssh },
  ],
} as unknown as Cluster;

const service = (key: string, image: string, constraints: string[], labels?: Record<string, string>) => ({
  key,
  dependsOn: [],
  spec: {
    Name: key,
    ...(labels && { Labels: labels }),
    TaskTemplate: { ContainerSpec: { Image: image }, Placement: { Constraints: constraints } },
  },
});

const stackOf = (services: ReturnType<typeof service>[]): StackDefinition =>
  ({ name: 'shop', file: '/compose.yml', services }) as unknown as StackDefinition;

test('an image is wanted where any of its services may run, balancers and drained nodes excepted', () => {
  const api = prepare('api');
  const definition = stackOf([
    service('api', 'api:1', ['node.role == worker']),
    service('migrate', 'api:1', ['node.hostname == m']),
    service('cache', 'docker.io/library/redis:7', ['node.platform.arch == x86_64']),
    service('nowhere', 'redis:7', ['node.hostname == lb']),
    service('low', 'debian:t', ['node.labels.zone == a']),
  ]);
  const builds = new Map([
    ['api', api],
    ['migrate', api],
  ]);
  const archives = new Map([['debian:t', { path: '/d.tar', imageId: 'sha256:d' }]]);
  expect(listWantedImages(definition, cluster, builds, archives)).toEqual({
    stackName: 'shop',
    images: [
      {
        reference: 'api:1-x',
        source: { kind: 'build', prepared: api },
        nodes: ['m', 'w1'],
        services: ['api', 'migrate'],
      },
      {
        reference: 'docker.io/library/redis:7',
        source: { kind: 'registry' },
        nodes: ['m', 'w1'],
        services: ['cache', 'nowhere'],
      },
      {
        reference: 'debian:t',
        source: { kind: 'archive', path: '/d.tar', imageId: 'sha256:d' },
        nodes: ['w1'],
        services: ['low'],
      },
    ],
  });
});

test('a built service is deployed under the tag of its digest, its image label too', () => {
  const label = 'com.docker.stack.image';
  const definition = stackOf([
    service('api', 'api:1', [], { [label]: 'api:1', a: 'b' }),
    service('db', 'db:1', []),
  ]);
  const resolved = resolveBuildImages(definition, new Map([['api', prepare('api')]]));
  expect(resolved.services.map(({ spec }) => [spec.TaskTemplate.ContainerSpec.Image, spec.Labels])).toEqual([
    ['api:1-x', { [label]: 'api:1-x', a: 'b' }],
    ['db:1', undefined],
  ]);
});

describe('an image of a revision', () => {
  const reference = 'shop/web:1-0123456789ab';
  const kept: WantedImage = { reference, source: { kind: 'kept' }, nodes: ['a', 'b'], services: ['web'] };
  const plan = (nodes: NodeImages[], cached: ObservedImages['cached'] = {}, wanted = kept) =>
    planImages(
      { stackName: 'shop', images: [wanted] },
      { nodes, unreachable: [], cached, exposed: {} },
    ).changes.map(({ action }) => action);
  const image = held(reference, 'sha256:web');

  test('is left where it is, when each node has it', () => {
    expect(plan([node('a', [image]), node('b', [image])])).toEqual([]);
  });

  test('is sent from whichever node has it, also one that may not run it', () => {
    expect(plan([node('a'), node('b'), node('c', [image])])).toEqual([
      { do: 'copy', reference, from: 'c', targets: ['a', 'b'] },
    ]);
  });

  test('is not sent to a node of another architecture', () => {
    const other = node('c', [image], { architecture: 'aarch64' });
    expect(() => plan([node('a'), node('b'), other])).toThrow(/is gone/);
  });

  test('is loaded from the cache, where no node has it', () => {
    const cached = { [reference]: { path: '/c/web.tar', imageId: 'sha256:web', architecture: 'amd64' } };
    expect(plan([node('a'), node('b')], cached)).toEqual([
      { do: 'load', reference, path: '/c/web.tar', imageId: 'sha256:web', targets: ['a', 'b'] },
    ]);
  });

  test('is refused by name where it was built and is nowhere, and pulled where it was not built', () => {
    expect(() => plan([node('a'), node('b')])).toThrow(
      'the image shop/web:1-0123456789ab is gone: a, b would need it',
    );
    const foreign: WantedImage = { ...kept, reference: 'nginx:1.27' };
    expect(plan([node('a'), node('b')], {}, foreign)).toEqual([
      { do: 'pull', reference: 'nginx:1.27', targets: ['a', 'b'] },
    ]);
  });
});

test('removal leaves an image that another stack runs, too', () => {
  const ours = held('api:1-0123456789ab', 'sha256:api', {
    'kawanan.build': '0123456789abcdef',
    'kawanan.stack': 'shop',
  });
  const removed = (usedElsewhere: string[]): number =>
    planImageRemoval(
      { stackName: 'shop', images: [] },
      { ...observe([node('w1', [ours])]), others: { used: usedElsewhere, gone: [] } },
    ).changes.length;
  expect([removed([]), removed(['docker.io/library/api:1-0123456789ab'])]).toEqual([1, 0]);
});

test('removal takes an image that it shared with a stack that went before it, and none of a stack that stays', () => {
  const ofBlog = held('api:1-0123456789ab', 'sha256:api', {
    'kawanan.build': '0123456789abcdef',
    'kawanan.stack': 'blog',
  });
  const removed = (others: OtherStacks): string[] =>
    planImageRemoval(
      { stackName: 'shop', images: [] },
      { ...observe([node('w1', [ofBlog])]), others },
    ).changes.map(({ object }) => object.name);
  expect(removed({ used: [], gone: ['blog'] })).toEqual(['api:1-0123456789ab']);
  expect(removed({ used: [], gone: [] })).toEqual([]);
  expect(removed({ used: ['api:1-0123456789ab'], gone: ['blog'] })).toEqual([]);
});
