import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planStacksBackends } from '../../src/balancer/backends.ts';
import { formatPlace, InputError } from '../../src/errors.ts';
import { type Inputs, loadInputs, loadMaterials, loadRemovalInputs } from '../../src/pipeline/inputs.ts';
import { describeRevision, restoreDefinition } from '../../src/stack/revision.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'kawanan-stacks-'));
});
afterEach(() => rm(cwd, { recursive: true }));

const clusterText = `name: c
nodes:
  m: {address: 192.0.2.1, role: manager}
  w: {address: 192.0.2.2, role: worker, labels: {zone: a}}
  b: {address: 192.0.2.3, role: balancer}
secrets: secrets.yml
stacks:
  blog: blog.yml
  shop: {file: [shop.yml], keep_revisions: 3}
`;
const service = (published: number, more = '') => `services:
  web:
    image: debian@sha256:${'0'.repeat(64)}
    ports: [{target: 80, published: ${published}, mode: host}]
${more}`;

async function write(files: Record<string, string>): Promise<void> {
  const all = { 'cluster.yml': clusterText, 'secrets.yml': 'key: x\ntoken: y\nelse: z\n', ...files };
  await Promise.all(
    Object.entries(all).map(([name, text]) => writeFile(join(cwd, name), text, { mode: 0o600 })),
  );
}

const load = (stacks: string[] = []): Promise<Inputs> =>
  loadInputs({ cwd, env: {}, writeSecrets: false, stacks });

async function listProblems(stacks?: string[]): Promise<[place: string, message: string, next?: string][]> {
  const error = await load(stacks).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof InputError)) throw new Error('nothing was refused', { cause: error });
  const short = (text: string): string => text.replaceAll(`${cwd}/`, '');
  return error.problems.map((problem) => [short(formatPlace(problem)), short(problem.message)]);
}

const namesOf = ({ stacks }: Inputs): string[] => stacks.map(({ definition }) => definition.name);

describe('several stacks', () => {
  const shop = service(8001, 'networks: {shared: {name: shared}}\n');
  const blog = service(8002, '    networks: [shared]\nnetworks: {shared: {name: shared, external: true}}\n');

  test('come after those whose networks they use, otherwise as in the file', async () => {
    await write({
      'shop.yml': shop.replace('networks:', '    networks: [shared]\nnetworks:'),
      'blog.yml': blog,
    });
    const inputs = await load();
    expect(namesOf(inputs)).toEqual(['shop', 'blog']);
    expect(inputs.cluster.stacks).toEqual([
      { name: 'blog', files: [join(cwd, 'blog.yml')] },
      { name: 'shop', files: [join(cwd, 'shop.yml')], keepRevisions: 3 },
    ]);
    await write({ 'shop.yml': service(8001), 'blog.yml': service(8002) });
    expect(namesOf(await load())).toEqual(['blog', 'shop']);
  });

  test('together say whether an image that the cluster file builds is named at all', async () => {
    const builds = 'images: {builds: {team/blog: ./blog, team/nothing: ./nothing}}\n';
    const unused = (inputs: Inputs): string[] =>
      inputs.cluster.warnings.filter((one) => one.includes('images.builds'));
    await mkdir(join(cwd, 'blog'));
    await writeFile(join(cwd, 'blog/Dockerfile'), 'FROM scratch\n');
    await write({
      'cluster.yml': `${clusterText}${builds}`,
      'shop.yml': service(8001),
      'blog.yml': service(8002).replace(/image: .*/, 'image: team/blog'),
    });
    const expected = [
      expect.stringMatching(/^images\.builds\.team\/nothing of the cluster file: no service/),
    ];
    expect(unused(await load())).toEqual(expected);
    expect(unused(await load(['shop']))).toEqual(expected);
    // what can't be read may name it
    await write({ 'cluster.yml': `${clusterText}${builds}`, 'shop.yml': service(8001), 'blog.yml': '{' });
    expect(unused(await load(['shop']))).toEqual([]);
  });

  test('have what is wrong with their builds told with its line, in whichever file it stands', async () => {
    await mkdir(join(cwd, 'empty'));
    await write({
      'cluster.yml': `${clusterText}images:\n  builds: {team/blog:1.2: empty}\n  archives: {base:1: gone.tar}\n`,
      'shop.yml': service(8001).replace(/image: .*/, 'image: shop:1\n    build: ./gone'),
      'blog.yml': service(8002, '  base: {image: base:1}\n').replace(/image: .*/, 'image: team/blog:1.2'),
    });
    expect((await listProblems()).sort()).toEqual([
      ['cluster.yml:11:12 images.builds.team/blog:1.2', 'there is no Dockerfile in empty'],
      ['cluster.yml:12:14 images.archives.base:1', "the archive gone.tar isn't there"],
      ['shop.yml:4:5 services.web.build.context', 'there is no folder gone'],
    ]);
  });

  test('are loaded alone where only they are wanted, though another one is broken', async () => {
    await write({ 'shop.yml': 'servises: {}\n', 'blog.yml': service(8002) });
    expect(namesOf(await load(['blog']))).toEqual(['blog']);
    expect(await listProblems(['shop'])).toMatchObject([['shop.yml:1:1 servises', expect.any(String)]]);
    expect(namesOf(await loadRemovalInputs({ cwd, env: {}, stacks: ['shop'] }))).toEqual(['shop']);
  });

  test('are told of a network that another one makes', async () => {
    await write({
      'shop.yml': shop.replace('networks:', '    networks: [shared]\nnetworks:'),
      'blog.yml': blog,
    });
    const [alone] = (await load(['blog'])).stacks;
    expect(alone?.definition.networksOfOthers).toEqual({ shared: 'shop' });
  });

  test('have their secrets loaded together, each once, and no others', async () => {
    const secrets = (...names: string[]): string =>
      `    secrets: [${names.join(', ')}]\nsecrets: {${names.map((name) => `${name}: {external: true}`).join(', ')}}\n`;
    await write({
      'shop.yml': service(8001, secrets('key', 'token')),
      'blog.yml': service(8002, secrets('key')),
    });
    expect([...(await load()).secrets.keys()]).toEqual(['key', 'token']);
    expect([...(await load(['blog'])).secrets.keys()]).toEqual(['key']);
  });

  test('that the cluster file does not have are refused, with the nearest', async () => {
    await write({ 'shop.yml': shop, 'blog.yml': blog });
    await expect(load(['shpo'])).rejects.toMatchObject({
      problems: [{ message: 'the cluster has no stack "shpo"', next: 'did you mean "shop"?' }],
    });
  });
});

describe('what two stacks want at once is refused, with the places of both', () => {
  const balanced = (frontend: string, listen: number, published: number) =>
    service(published, `x-balancer:\n  ${frontend}: {listen: ${listen}, service: web}\n`);

  test.each<[string, string, string, [string, string][]]>([
    [
      'a port of the balancers',
      balanced('shop', 80, 8001),
      balanced('blog', 80, 8002),
      [
        [
          'shop.yml:6:10 x-balancer.shop.listen',
          'port 80 is listened on by "blog" of the stack blog already (blog.yml:6:10 x-balancer.blog.listen)',
        ],
      ],
    ],
    [
      'the name of a frontend',
      balanced('web', 80, 8001),
      balanced('web', 81, 8002),
      [
        [
          'shop.yml:6:3 x-balancer.web',
          'the stack blog has a frontend "web" already (blog.yml:6:3 x-balancer.web)',
        ],
      ],
    ],
    [
      'a port of a node, and with it that of the frontend made of it',
      service(8001),
      service(8001),
      [
        [
          'shop.yml:4:5 services.web.ports',
          'web of the stack blog (blog.yml:4:5 services.web.ports) and web both publish port 8001 on the host, and both may run on m, w',
        ],
        [
          'shop.yml:4:5 services.web.ports',
          'port 8001 is listened on by "web-8001" of the stack blog already (blog.yml:4:5 services.web.ports)',
        ],
      ],
    ],
    [
      'a port of the mesh',
      balanced('shop', 80, 8001).replace(', mode: host', ''),
      balanced('blog', 81, 8001),
      [
        [
          'shop.yml:4:5 services.web.ports',
          'web of the stack blog (blog.yml:4:5 services.web.ports) and web both publish port 8001: a port of the ingress mesh is taken on every node',
        ],
      ],
    ],
    [
      'a network of one name',
      balanced('shop', 80, 8001).replace('x-b', '    networks: [net]\nnetworks: {net: {name: one}}\nx-b'),
      balanced('blog', 81, 8002).replace('x-b', '    networks: [n]\nnetworks: {n: {name: one}}\nx-b'),
      [
        [
          'shop.yml:6:12 networks.net',
          'the network one is made by the stack blog already (blog.yml:6:12 networks.n)',
        ],
      ],
    ],
    [
      'networks of each other',
      balanced('shop', 80, 8001).replace(
        'x-b',
        '    networks: [a, b]\nnetworks:\n  a: {name: a}\n  b: {name: b, external: true}\nx-b',
      ),
      balanced('blog', 81, 8002).replace(
        'x-b',
        '    networks: [a, b]\nnetworks:\n  b: {name: b}\n  a: {name: a, external: true}\nx-b',
      ),
      [
        [
          'blog.yml:8:3 networks.a',
          'blog uses the network a of shop, and the stacks wait for each other: blog → shop → blog',
        ],
        [
          'shop.yml:8:3 networks.b',
          'shop uses the network b of blog, and the stacks wait for each other: blog → shop → blog',
        ],
      ],
    ],
  ])('%s', async (_what, shop, blog, problems) => {
    await write({ 'shop.yml': shop, 'blog.yml': blog });
    expect(await listProblems()).toEqual(problems);
  });

  test('also where only one of them is deployed, unless placement keeps them apart', async () => {
    await write({ 'shop.yml': balanced('shop', 80, 8001), 'blog.yml': balanced('blog', 80, 8001) });
    expect((await listProblems(['shop'])).map(([place]) => place)).toEqual([
      'shop.yml:4:5 services.web.ports',
      'shop.yml:6:10 x-balancer.shop.listen',
    ]);
    const placed = (text: string, role: string): string =>
      text.replace('x-b', `    deploy: {placement: {constraints: [node.role == ${role}]}}\nx-b`);
    await write({
      'shop.yml': placed(balanced('shop', 80, 8001), 'manager'),
      'blog.yml': placed(balanced('blog', 81, 8001), 'worker'),
    });
    expect(namesOf(await load())).toEqual(['blog', 'shop']);
  });
});

test.each([
  [
    'with x-balancer',
    'x-balancer:\n  blog: {listen: 81, service: web, check: GET /healthz, update: blue-green, weights: {w: 2}}\n',
  ],
  ['without', ''],
])(
  'the balancers do the same for a stack %s from its revision as from its files',
  async (_which, section) => {
    const shop = 'x-balancer:\n  shop: {listen: 80, service: web}\n';
    await write({ 'shop.yml': service(8001, shop), 'blog.yml': service(8002, section) });
    const { cluster, stacks } = await load();
    const [ofShop, ofBlog] = ['shop', 'blog'].map(
      (name) => stacks.find(({ definition }) => definition.name === name)!,
    );
    const kept = describeRevision(ofBlog!.definition, { configs: {}, secrets: {} });
    const definition = restoreDefinition(JSON.parse(JSON.stringify(kept)), 'revision 7 of blog');
    const materials = await loadMaterials(definition, cluster, {});
    const fromFiles = planStacksBackends([ofShop!, ofBlog!], cluster);
    expect(fromFiles.frontends).toHaveLength(2);
    expect(planStacksBackends([ofShop!, { definition, materials }], cluster)).toEqual(fromFiles);
  },
);
