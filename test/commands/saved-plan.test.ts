import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseCluster } from '../../src/cluster/parse-cluster.ts';
import { checkSavedPlan, describeMoved, savePlan } from '../../src/commands/saved-plan.ts';
import type { Inputs } from '../../src/pipeline/inputs.ts';
import type { LayerPlan } from '../../src/plan/change.ts';

let cwd: string;
let inputs: Inputs;
const secret = { key: 'key', spec: { Name: 'shop_key', Data: Buffer.from('hunter2').toString('base64') } };
const plans: LayerPlan[] = [
  { layer: 'stack', changes: [], unchanged: 1, warnings: [], versions: { 'service shop_web': '12 (abc)' } },
];

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'kawanan-plan-'));
  const text = [
    'name: c',
    'nodes: {m: {address: 192.168.1.1, role: manager}}',
    'stack: {name: shop, file: shop.yml}',
    'secrets: secrets.yml',
  ].join('\n');
  await writeFile(join(cwd, 'cluster.yml'), text);
  await writeFile(join(cwd, 'shop.yml'), 'services: {}\n');
  await writeFile(join(cwd, 'secrets.yml'), 'password: hunter2\n');
  inputs = {
    cluster: parseCluster(text, join(cwd, 'cluster.yml'), { home: cwd }),
    stacks: [
      {
        definition: {
          name: 'shop',
          file: join(cwd, 'shop.yml'),
          networks: [],
          configs: [],
          secrets: [secret],
          services: [],
          external: { networks: [], configs: [], secrets: [] },
          warnings: [],
        },
        images: { stackName: 'shop', images: [] },
        rotations: [],
      },
    ],
    secrets: new Map(),
    env: {},
  };
});
afterEach(() => rm(cwd, { recursive: true }));

async function findDifferences(now: Inputs, planned: LayerPlan[]): Promise<string[]> {
  await savePlan('plan.json', cwd, inputs, plans);
  return checkSavedPlan('plan.json', cwd, now, planned).then(
    () => [],
    (error: { details: string[] }) => error.details,
  );
}

test('a plan holds as long as nothing moves', async () => {
  expect(await findDifferences(inputs, plans)).toEqual([]);
});

test('a plan holds no longer once an object has another version, and says which', async () => {
  const moved = [{ ...plans[0]!, versions: { 'service shop_web': '15 (abc)' } }];
  expect(await findDifferences(inputs, moved)).toEqual([
    'service shop_web: version 12 (abc) then, 15 (abc) now',
  ]);
});

test('a plan holds no longer once a file has changed', async () => {
  await savePlan('plan.json', cwd, inputs, plans);
  await writeFile(join(cwd, 'shop.yml'), 'services: {web: {image: w}}\n');
  await expect(checkSavedPlan('plan.json', cwd, inputs, plans)).rejects.toMatchObject({
    details: ['shop.yml has changed'],
  });
});

test('a plan holds no longer once what the compose file reads is another', async () => {
  const [stack] = inputs.stacks;
  const external = { ...stack!.definition.external, networks: ['other'] };
  const stacks = [{ ...stack!, definition: { ...stack!.definition, external } }];
  expect(await findDifferences({ ...inputs, stacks }, plans)).toEqual([
    'what the compose file comes to is another: a file or variable that it reads has changed',
  ]);
});

test('a plan holds no longer once there is something else to do', async () => {
  expect(await findDifferences(inputs, [{ ...plans[0]!, warnings: ['a host is off'] }])).toEqual([
    'what is to be done is another: a host, an image or a balancer has changed',
  ]);
});

test('a saved plan is for its owner alone and holds no value of a secret', async () => {
  await savePlan('plan.json', cwd, inputs, plans);
  const text = await readFile(join(cwd, 'plan.json'), 'utf8');
  expect(text).not.toContain('hunter2');
  expect(text).not.toContain(secret.spec.Data);
  expect((await stat(join(cwd, 'plan.json'))).mode & 0o777).toBe(0o600);
});

test.each(['', '{}', 'null', '[1]', '{"kind":"kawanan plan","format":9}'])(
  'refuses %j as a plan',
  async (text) => {
    await writeFile(join(cwd, 'plan.json'), text);
    await expect(checkSavedPlan('plan.json', cwd, inputs, plans)).rejects.toMatchObject({ exitCode: 2 });
  },
);

test('what comes and what goes has moved, too', () => {
  expect(describeMoved({ 'node a': '1' }, { 'node b': '2' })).toEqual(['node a is gone', 'node b is new']);
});
