import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { formatError } from '../../src/output/print-error.ts';
import { createTerminal } from '../../src/output/terminal.ts';
import type { LayerPlan } from '../../src/plan/change.ts';
import type { Layer } from '../../src/plan/layer.ts';
import { runChanges } from '../../src/plan/run-changes.ts';
import { selectStackSecrets, type WantedSecrets } from '../../src/secrets/desired.ts';
import { fingerprintSecret } from '../../src/secrets/fingerprint.ts';
import { createSecretsLayerOn, type SecretsLayerOptions } from '../../src/secrets/layer.ts';
import type { ObservedSecrets } from '../../src/secrets/observed.ts';
import type { SecretAction } from '../../src/secrets/plan.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { createFakeSwarm, describeSecrets, type FakeSwarm } from './fake-swarm.ts';

const signal = new AbortController().signal;
type SecretsLayer = Layer<ObservedSecrets, SecretAction>;

function layerOf(
  swarm: FakeSwarm,
  values: Record<string, string | undefined>,
  options?: SecretsLayerOptions,
  stackName = 'shop',
): SecretsLayer {
  const wanted: WantedSecrets = new Map(
    Object.entries(values).map(([name, value]) => [
      name,
      value === undefined || value === 'generated at up' ? value : new SecretValue(value),
    ]),
  );
  return createSecretsLayerOn(wanted, stackName, async () => swarm, options);
}

async function observe(layer: SecretsLayer): Promise<ObservedSecrets> {
  const seen = await layer.observe(signal);
  if (seen.kind === 'unknown') throw new Error(seen.reason);
  return seen.value;
}

const planOf = async (layer: SecretsLayer): Promise<LayerPlan<SecretAction>> =>
  layer.plan(await observe(layer), new Map());

async function up(layer: SecretsLayer): Promise<string[]> {
  const plan = await planOf(layer);
  await runChanges(plan.changes, (change, progress) => layer.apply(change, progress), { signal });
  return [
    ...plan.changes.map((change) => `${change.kind} ${change.object.name}: ${change.title}`),
    ...plan.warnings,
  ];
}

describe('secrets', () => {
  test('are created once, with the key of their fingerprints before them', async () => {
    const swarm = createFakeSwarm();
    const layer = layerOf(swarm, { db_password: 'one', host: 'two' });
    const plan = await planOf(layer);
    expect(plan.changes.map(({ id, after, action }) => ({ id, after, action }))).toEqual([
      { id: 'fingerprint-key', after: [], action: { do: 'create-key' } },
      {
        id: 'secret:db_password',
        after: ['fingerprint-key'],
        action: { do: 'create', secret: 'db_password', objectName: 'db_password', version: 1 },
      },
      {
        id: 'secret:host',
        after: ['fingerprint-key'],
        action: { do: 'create', secret: 'host', objectName: 'host', version: 1 },
      },
    ]);
    await up(layer);
    expect(describeSecrets(swarm)).toEqual(['db_password one 1', 'host two 1']);
    expect(swarm.secrets[0]!.labels).toEqual({
      'kawanan.secret': 'db_password',
      'kawanan.secret.version': '1',
      'kawanan.secret.fingerprint': fingerprintSecret(swarm.key!, 'db_password', new SecretValue('one')),
      'kawanan.stack': 'shop',
    });
    expect(await planOf(layer)).toMatchObject({ changes: [], unchanged: 2, warnings: [] });
  });

  test('that changed get a new version; the old one goes when nothing uses it any longer', async () => {
    const swarm = createFakeSwarm();
    await up(layerOf(swarm, { db_password: 'one', host: 'h' }));
    swarm.use('db_password', 'host');
    const changed = layerOf(swarm, { db_password: 'two', host: 'h' });
    expect(await up(changed)).toEqual([
      'create db_password: create version 2, as the value changed',
      expect.stringContaining(
        'a database or object store that was set up with the old value still wants that one',
      ),
    ]);
    expect(describeSecrets(swarm)).toEqual(['db_password one 1', 'host h 1', 'db_password.v2 two 2']);
    expect(await up(changed), 'as long as a service uses it').toEqual([]);
    swarm.use('db_password.v2', 'host');
    swarm.secrets[0]!.inRunningTask = true;
    expect(await up(changed), 'as long as a task runs with it').toEqual([]);
    swarm.secrets[0]!.inRunningTask = false;
    expect(await up(changed)).toEqual([
      'remove db_password: remove version 1, which nothing uses any longer',
    ]);
    expect(describeSecrets(swarm)).toEqual(['host h 1', 'db_password.v2 two 2']);
    expect(await up(layerOf(swarm, { db_password: 'one', host: 'h' }))).toContain(
      'create db_password: create version 3, as the value changed',
    );
  });

  test('whose name is like the beginning of another are never taken for it', async () => {
    const swarm = createFakeSwarm();
    await up(layerOf(swarm, { db: 'a', 'db.vault': 'b', db_v1: 'c' }));
    expect(await up(layerOf(swarm, { db: 'a2', 'db.vault': 'b', db_v1: 'c' }))).toHaveLength(1);
    swarm.use('db.v2');
    expect(await up(layerOf(swarm, { db: 'a2', 'db.vault': 'b', db_v1: 'c' }))).toEqual([
      'remove db: remove version 1, which nothing uses any longer',
    ]);
    expect(describeSecrets(swarm)).toEqual(['db.vault b 1', 'db_v1 c 1', 'db.v2 a2 2']);
  });

  test('made by hand are used as they are, and replaced when asked', async () => {
    const swarm = createFakeSwarm();
    swarm.addByHand('password', 'by hand');
    expect(await up(layerOf(swarm, { password: 'mine' }))).toEqual([
      expect.stringContaining(
        "password was not made by kawanan: whether it holds the value of the secrets file can't be known",
      ),
    ]);
    expect(await up(layerOf(swarm, { password: undefined })), 'without a source').toEqual([]);
    await up(layerOf(swarm, { password: 'mine' }, { replaceUnknown: true }));
    expect(describeSecrets(swarm)).toEqual(['password by hand by hand', 'password.v2 mine 2']);
    expect(
      await up(layerOf(swarm, { password: 'mine' })),
      'what was made by hand is not ours to remove',
    ).toEqual([]);
  });

  test('step over a version name that somebody took', async () => {
    const swarm = createFakeSwarm();
    await up(layerOf(swarm, { a: '1' }));
    swarm.addByHand('a.v2', 'foreign');
    await up(layerOf(swarm, { a: '2' }));
    expect(describeSecrets(swarm)).toEqual(['a 1 1', 'a.v2 foreign by hand', 'a.v3 2 3']);
  });

  test('stay as they are when the key of their fingerprints was lost', async () => {
    const swarm = createFakeSwarm();
    await up(layerOf(swarm, { a: '1' }));
    delete swarm.key;
    expect(await up(layerOf(swarm, { a: '1' }))).toEqual([expect.stringContaining('is gone')]);
    await up(layerOf(swarm, { a: '1', b: '2' }));
    expect(await up(layerOf(swarm, { a: '1', b: '2' })), 'with a new key too').toEqual([
      expect.stringContaining('is gone'),
    ]);
    expect(describeSecrets(swarm)).toEqual(['a 1 1', 'b 2 1']);
  });

  test('that are yet to be generated are announced, with a warning where a value would be lost', async () => {
    const swarm = createFakeSwarm();
    const { changes } = await planOf(layerOf(swarm, { a: 'generated at up' }));
    expect(changes.at(-1)!.fields).toEqual([{ path: 'value', after: 'a value that up generates' }]);
    await up(layerOf(swarm, { a: '1' }));
    const again = await planOf(layerOf(swarm, { a: 'generated at up' }));
    expect(again.changes.map((change) => change.id)).toEqual(['secret:a.v2']);
    expect(again.warnings).toEqual([expect.stringContaining('the swarm has a already')]);
  });

  test('without a source and without an object are an error, before anything is changed', async () => {
    const swarm = createFakeSwarm();
    const layer = layerOf(
      swarm,
      { a: undefined, b: '1', c: undefined },
      {
        placeOf: (secret) => ({ file: 'compose.yml', line: secret === 'a' ? 3 : 4 }),
        secretsFile: 's.yml',
      },
    );
    const planning = planOf(layer);
    await expect(planning).rejects.toThrow(InputError);
    await expect(planning).rejects.toMatchObject({
      problems: [
        {
          file: 'compose.yml',
          line: 3,
          path: 'secrets.a',
          message: 'the external secret a has no value, and the swarm has none of that name',
          next: 'add it to s.yml, e.g. a: generate',
        },
        { file: 'compose.yml', line: 4, path: 'secrets.c' },
      ],
    });
    const nowhere = (options: SecretsLayerOptions) =>
      createSecretsLayerOn(
        new Map([['a', undefined]]),
        'shop',
        async () => ({ reason: 'no swarm' }),
        options,
      );
    await expect(nowhere({}).observe(signal)).rejects.toThrow('the external secret a has no value');
    expect(await nowhere({ requireSources: false }).observe(signal)).toEqual({
      kind: 'unknown',
      reason: 'no swarm',
    });
  });

  test('of two runs at once are made once', async () => {
    const swarm = createFakeSwarm();
    const [one, other] = [layerOf(swarm, { a: '1', b: '2' }), layerOf(swarm, { a: '1', b: '2' })];
    const plans = await Promise.all([planOf(one), planOf(other)]);
    await Promise.all(
      plans.map((plan, index) =>
        runChanges(plan.changes, (change, progress) => [one, other][index]!.apply(change, progress), {
          signal,
        }),
      ),
    );
    expect(describeSecrets(swarm).sort()).toEqual(['a 1 1', 'b 2 1']);
    const late = layerOf(swarm, { a: 'another' });
    await expect(
      late.apply({ action: { do: 'create', secret: 'a', objectName: 'a', version: 1 } } as never, {
        report: () => {},
        signal,
      }),
    ).rejects.toThrow('a secret a with another value was made meanwhile');
  });

  test('that stacks share are made for the first of them, and go with the last', async () => {
    const swarm = createFakeSwarm();
    const several = { stackNames: ['shop', 'blog'], ownerOf: () => 'shop' };
    await up(layerOf(swarm, { shared: '1' }, several));
    expect(swarm.secrets[0]!.labels['kawanan.stack']).toBe('shop');
    swarm.secrets[0]!.services = [
      { name: 'shop_web', stack: 'shop' },
      { name: 'blog_web', stack: 'blog' },
    ];
    const later = layerOf(swarm, { shared: '2' }, { ...several, deploying: ['shop'] });
    expect((await planOf(later)).warnings).toEqual([
      'shared: blog_web keeps the version before until blog is deployed',
    ]);
    const layer = layerOf(swarm, {}, several);
    const removalOf = async (...stacks: string[]) => {
      const plan = layer.planRemoval(await observe(layer), { volumes: false, stacks });
      return [...plan.changes.map(({ object }) => object.name), ...plan.warnings];
    };
    expect(await removalOf('shop')).toEqual(['the secret shared stays: blog_web of another stack uses it']);
    // shop went, then the services of blog
    swarm.secrets[0]!.services = [];
    expect(await removalOf('blog')).toEqual(['shared', 'kawanan.fingerprint-key']);
  });

  test('of the stack are removed, the key last; what another stack uses stays', async () => {
    const swarm = createFakeSwarm();
    await up(layerOf(swarm, { a: '1', b: '2' }));
    await up(layerOf(swarm, { z: '9' }, {}, 'other'));
    swarm.addByHand('hand', 'x');
    swarm.secrets[1]!.services = [{ name: 'other_web', stack: 'other' }];
    const layer = layerOf(swarm, {});
    const partly = layer.planRemoval(await observe(layer), { volumes: false });
    expect(partly.changes.map((change) => change.object.name)).toEqual(['a']);
    expect(partly.warnings).toEqual(['the secret b stays: other_web of another stack uses it']);
    await (await import('../../src/secrets/apply-secrets.ts')).applySecretChange(
      partly.changes[0]!,
      swarm,
      new Map(),
      () => 'shop',
    );
    swarm.secrets = swarm.secrets
      .filter((secret) => secret.name !== 'z')
      .map((secret) => ({ ...secret, services: [] }));
    const rest = layer.planRemoval(await observe(layer), { volumes: false });
    expect(rest.changes.map(({ object, after }) => [object.name, after])).toEqual([
      ['b', []],
      ['kawanan.fingerprint-key', [rest.changes[0]!.id]],
    ]);
    await runChanges(rest.changes, (change, progress) => layer.apply(change, progress), { signal });
    expect([describeSecrets(swarm), swarm.key]).toEqual([['hand x by hand'], undefined]);
  });

  test('need no second run, whatever changes', async () => {
    const values = fc.dictionary(fc.constantFrom('a', 'a.b', 'c'), fc.constantFrom('1', '2'));
    await fc.assert(
      fc.asyncProperty(fc.array(values, { minLength: 1, maxLength: 4 }), async (rounds) => {
        const swarm = createFakeSwarm();
        for (const round of rounds) {
          const layer = layerOf(swarm, round);
          await up(layer);
          const newest = (name: string) =>
            swarm.secrets.findLast((secret) => secret.labels['kawanan.secret'] === name)!;
          swarm.use(...Object.keys(round).map((name) => newest(name).name));
          await up(layer);
          expect((await planOf(layer)).changes).toEqual([]);
          for (const [name, value] of Object.entries(round)) expect(newest(name).value).toBe(value);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a value', () => {
  const marker = 'hunter2-marker';

  test('shows in no plan, observation, error or inspection', async () => {
    const swarm = createFakeSwarm();
    await up(layerOf(swarm, { password: `${marker}-old` }));
    const layer = layerOf(swarm, { password: marker });
    const observed = await observe(layer);
    const plan = layer.plan(observed, new Map());
    swarm.create = async () => false;
    const failed = await layer
      .apply(plan.changes[0]!, { report: () => {}, signal })
      .catch((error: unknown) => error);
    const encoded = Buffer.from(marker).toString('base64');
    const key = swarm.key!.reveal().toString('base64');
    const shown = [observed, plan, failed, layer, new Map([['password', new SecretValue(marker)]])].flatMap(
      (thing) => [JSON.stringify(thing), inspect(thing, { depth: 20, showHidden: true }), String(thing)],
    );
    shown.push(formatError(failed, createTerminal().colors).join('\n'));
    for (const text of shown) {
      expect(text).not.toContain(marker);
      expect(text).not.toContain(encoded);
      expect(text).not.toContain(key);
    }
  });

  test('has a fingerprint of its own for each secret and key', () => {
    const [key, other] = [new SecretValue('k1'), new SecretValue('k2')];
    const value = new SecretValue('v');
    const prints = [
      fingerprintSecret(key, 'a', value),
      fingerprintSecret(key, 'b', value),
      fingerprintSecret(other, 'a', value),
      fingerprintSecret(key, 'a', new SecretValue('w')),
    ];
    expect(new Set(prints).size).toBe(4);
    expect(fingerprintSecret(key, 'a', new SecretValue('v'))).toBe(prints[0]);
    expect(prints[0]).toMatch(/^[0-9a-f]{8}\.[0-9a-f]{64}$/);
  });
});

test('the secrets of a stack are those it names, whether they have a value or not', () => {
  const definition = {
    file: 'compose.yml',
    external: { networks: [], configs: [], secrets: ['mysql_password', 'api_key', 'by_hand', 'there'] },
  };
  const value = new SecretValue('x');
  const wanted = selectStackSecrets(
    [definition],
    new Map([
      ['there', value],
      ['idle', value],
    ]),
  );
  expect([...wanted]).toEqual([
    ['mysql_password', undefined],
    ['api_key', undefined],
    ['by_hand', undefined],
    ['there', value],
  ]);
});

describe('a secret that is being rotated', () => {
  test('is left to that, whatever the file says, and so are its versions', async () => {
    const swarm = createFakeSwarm();
    await up(layerOf(swarm, { jwt: 'one' }));
    await up(layerOf(swarm, { jwt: 'two' }));
    const [first, second] = swarm.secrets.map(({ name }) => name);
    swarm.records.push({
      secret: 'jwt',
      stack: 'shop',
      phase: 'moving',
      since: 'noon',
      by: 'anna@laptop',
      configId: 'rotation',
    } as never);
    expect(await up(layerOf(swarm, { jwt: 'three' }))).toEqual([
      'jwt is being rotated (moving, since noon by anna@laptop); up and deploy finish that first',
    ]);
    expect(swarm.secrets.map(({ name }) => name)).toEqual([first, second]);
  });

  test('is forgotten together with its stack', async () => {
    const swarm = createFakeSwarm();
    const layer = layerOf(swarm, { jwt: 'one' });
    await up(layer);
    swarm.records.push({ secret: 'jwt', stack: 'shop', configId: 'rotation' } as never);
    const plan = layer.planRemoval(await observe(layer), { volumes: false });
    await runChanges(plan.changes, (change, progress) => layer.apply(change, progress), { signal });
    expect([swarm.secrets, swarm.records]).toEqual([[], []]);
  });
});

test('older versions that are kept are the newest of those that nothing uses', async () => {
  const swarm = createFakeSwarm();
  for (const value of ['one', 'two', 'three', 'four']) {
    await up(layerOf(swarm, { pw: value }, { keep: 9 }));
    swarm.use(swarm.secrets.at(-1)!.name);
  }
  expect(await up(layerOf(swarm, { pw: 'four' }, { keep: 2 }))).toEqual([
    'remove pw: remove version 1, which nothing uses any longer',
  ]);
  expect(describeSecrets(swarm)).toEqual(['pw.v2 two 2', 'pw.v3 three 3', 'pw.v4 four 4']);
});
