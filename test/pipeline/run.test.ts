import { describe, expect, test } from 'vitest';
import { CombinedError, InterruptedError, UserError } from '../../src/errors.ts';
import { applyAndVerify, planLayers, planRemovals, removeLayers } from '../../src/pipeline/run.ts';
import type { Change, LayerName, LayerPlan } from '../../src/plan/change.ts';
import type { Layer } from '../../src/plan/layer.ts';

interface FakeWorld {
  present: Set<string>;
  log: string[];
}

interface FakeOptions {
  /** Can't be observed until this object is there. */
  needs?: string;
  /** Objects that are only removed once this one is there (an old secret, once its consumers have moved). */
  collects?: { object: string; once: string };
  broken?: boolean;
  /** Objects that can't be created. */
  refuses?: string[];
  /** Knows the way back. */
  transaction?: boolean;
}

/** A layer whose objects are names in a set: real plans and real order, no machines. */
function fakeLayer(name: LayerName, objects: string[], world: FakeWorld, options: FakeOptions = {}): Layer {
  const change = (kind: 'create' | 'remove', object: string): Change => ({
    id: object,
    layer: name,
    kind,
    object: { type: 'thing', name: object },
    title: `${kind} ${object}`,
    fields: [],
    after: [],
    action: object,
  });
  const wrap = (changes: Change[]): LayerPlan => ({
    layer: name,
    changes,
    unchanged: objects.length - changes.length,
    warnings: [],
  });
  return {
    name,
    observe: async () =>
      options.needs === undefined || world.present.has(options.needs)
        ? { kind: 'observed', value: new Set(world.present) }
        : { kind: 'unknown', reason: `no ${options.needs}` },
    plan: (observed) => {
      const seen = observed as Set<string>;
      const missing = objects.filter((object) => !seen.has(object)).map((object) => change('create', object));
      const { collects } = options;
      const old =
        collects && seen.has(collects.once) && seen.has(collects.object)
          ? [change('remove', collects.object)]
          : [];
      return wrap([...missing, ...old]);
    },
    planRemoval: (observed) =>
      wrap(
        objects
          .filter((object) => (observed as Set<string>).has(object))
          .map((object) => change('remove', object)),
      ),
    ...(options.transaction && {
      planRestore: async () =>
        wrap(objects.filter((object) => world.present.has(object)).map((object) => change('remove', object))),
    }),
    apply: async ({ kind, action }) => {
      if (kind === 'create' && options.refuses?.includes(action as string))
        throw new UserError(`${action} is broken`);
      world.log.push(`${kind} ${action}`);
      if (options.broken) return;
      if (kind === 'create') world.present.add(action as string);
      else world.present.delete(action as string);
    },
  };
}

function walkOf(layers: Layer[], signal = new AbortController().signal) {
  return {
    layers,
    signal,
    show: (_: LayerPlan, work: (onEvent: () => void) => Promise<void>) => work(() => {}),
  };
}

describe('walking the layers', () => {
  test('plans a layer that rests on what is not there yet as known after apply, and applies it all the same', async () => {
    const world: FakeWorld = { present: new Set(), log: [] };
    const walk = walkOf([
      fakeLayer('hosts', ['docker'], world),
      fakeLayer('swarm', ['node'], world, { needs: 'docker' }),
    ]);
    const plans = await planLayers(walk);
    expect(plans.map(({ layer, unknown, changes }) => [layer, unknown, changes.length])).toEqual([
      ['hosts', undefined, 1],
      ['swarm', 'no docker', 0],
    ]);
    await applyAndVerify(walk, plans);
    expect(world.log).toEqual(['create docker', 'create node']);
  });

  test('warns of what is known of a layer that can not be observed yet, from the plans below it too', async () => {
    const world: FakeWorld = { present: new Set(), log: [] };
    const hosts = fakeLayer('hosts', ['docker'], world);
    const stack = fakeLayer('stack', ['web'], world, { needs: 'docker' });
    const warnUnobserved: Layer['warnUnobserved'] = (earlier) => [
      `web wants more than ${earlier.get('hosts')?.changes.length} change`,
    ];
    const [, plan] = await planLayers(walkOf([hosts, { ...stack, warnUnobserved }]));
    expect(plan).toMatchObject({ unknown: 'no docker', warnings: ['web wants more than 1 change'] });
  });

  test('tells of the lowest layer that can not be observed, whichever fails first', async () => {
    const world: FakeWorld = { present: new Set(), log: [] };
    const failing = (name: Layer['name'], afterTurns: number): Layer => ({
      ...fakeLayer(name, [], world),
      observe: async () => {
        for (let turn = 0; turn < afterTurns; turn++) await Promise.resolve();
        throw new Error(`${name} is silent`);
      },
    });
    const walk = walkOf([failing('hosts', 9), failing('balancer', 0)]);
    await expect(planLayers(walk)).rejects.toThrow('hosts is silent');
  });

  test('waits for no other layer where the user wants to leave', async () => {
    const world: FakeWorld = { present: new Set(), log: [] };
    const stop = new AbortController();
    const hanging: Layer = { ...fakeLayer('hosts', [], world), observe: () => new Promise(() => {}) };
    const leaving: Layer = {
      ...fakeLayer('balancer', [], world),
      observe: async () => {
        stop.abort();
        throw new Error('interrupted');
      },
    };
    const walk = { ...walkOf([hanging, leaving]), signal: stop.signal };
    await expect(planLayers(walk)).rejects.toThrow('interrupted');
  });

  test('changes nothing the second time', async () => {
    const world: FakeWorld = { present: new Set(['docker', 'node']), log: [] };
    const walk = walkOf([fakeLayer('hosts', ['docker'], world), fakeLayer('swarm', ['node'], world)]);
    expect(await applyAndVerify(walk, await planLayers(walk))).toEqual([]);
    expect(world.log).toEqual([]);
  });

  test('goes through once more for what only an upper layer makes possible', async () => {
    const world: FakeWorld = { present: new Set(['old-secret']), log: [] };
    const secrets = fakeLayer('secrets', ['new-secret'], world, {
      collects: { object: 'old-secret', once: 'service' },
    });
    const walk = walkOf([secrets, fakeLayer('stack', ['service'], world)]);
    await applyAndVerify(walk, await planLayers(walk));
    expect(world.log).toEqual(['create new-secret', 'create service', 'remove old-secret']);
  });

  test('fails when the cluster is still not as wanted after everything was carried out', async () => {
    const world: FakeWorld = { present: new Set(), log: [] };
    const walk = walkOf([fakeLayer('hosts', ['docker'], world, { broken: true })]);
    const error = await applyAndVerify(walk, await planLayers(walk)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).details).toEqual(['hosts: create docker']);
  });

  test('fails when a layer stays unobservable although the layers below are done', async () => {
    const world: FakeWorld = { present: new Set(), log: [] };
    const walk = walkOf([fakeLayer('swarm', ['node'], world, { needs: 'docker' })]);
    await expect(applyAndVerify(walk, await planLayers(walk))).rejects.toThrow(
      "the swarm layer still can't be observed: no docker",
    );
  });

  test('takes a layer back of which one change failed, and tells what failed and what was restored', async () => {
    const world: FakeWorld = { present: new Set(), log: [] };
    const options = { transaction: true, refuses: ['web'] };
    const walk = walkOf([
      fakeLayer('secrets', ['password'], world),
      fakeLayer('stack', ['db', 'web'], world, options),
      fakeLayer('balancer', ['front'], world),
    ]);
    const error = await applyAndVerify(walk, await planLayers(walk)).catch((caught: unknown) => caught);
    expect(world.log).toEqual(['create password', 'create db', 'remove db']);
    expect(error).toBeInstanceOf(CombinedError);
    const { message, details, errors, exitCode } = error as CombinedError;
    expect({ message, details, exitCode }).toEqual({
      message: 'it failed, and the stack is back to what it was before',
      details: ['removed thing db'],
      exitCode: 1,
    });
    expect(errors.map((one) => (one as Error).message)).toEqual(['web is broken']);
  });

  test('takes back the one of several stacks that failed, and leaves the one before it deployed', async () => {
    const world: FakeWorld = { present: new Set(), log: [] };
    const ofStack = (stack: string, objects: string[], options: FakeOptions): Layer => ({
      ...fakeLayer('stack', objects, world, { transaction: true, ...options }),
      stack,
    });
    const walk = walkOf([
      ofStack('shop', ['shop_web'], {}),
      ofStack('blog', ['blog_db', 'blog_web'], { refuses: ['blog_web'] }),
      fakeLayer('balancer', ['front'], world),
    ]);
    const plans = await planLayers(walk);
    expect(plans.map(({ layer, stack, changes }) => [layer, stack, changes.length])).toEqual([
      ['stack', 'shop', 1],
      ['stack', 'blog', 2],
      ['balancer', undefined, 1],
    ]);
    await expect(applyAndVerify(walk, plans)).rejects.toMatchObject({
      message: 'it failed, and the stack blog is back to what it was before',
    });
    expect(world.log).toEqual(['create shop_web', 'create blog_db', 'remove blog_db']);
  });

  test('leaves a failed layer as it is where that is asked for, and where nothing was changed yet', async () => {
    for (const keepFailed of [true, false]) {
      const world: FakeWorld = { present: new Set(), log: [] };
      const objects = keepFailed ? ['db', 'web'] : ['web'];
      const layer = fakeLayer('stack', objects, world, { transaction: true, refuses: ['web'] });
      // Nothing was touched, and nothing is unchanged: the failure is told as it is.
      layer.planRestore = async () => ({ layer: 'stack', changes: [], unchanged: 0, warnings: [] });
      const walk = { ...walkOf([layer]), keepFailed };
      await expect(applyAndVerify(walk, await planLayers(walk))).rejects.toThrow('web is broken');
      expect(world.log).toEqual(keepFailed ? ['create db'] : []);
    }
  });

  test('tells of both failures when the way back fails too', async () => {
    const world: FakeWorld = { present: new Set(), log: [] };
    const layer = fakeLayer('stack', ['web'], world, { refuses: ['web'] });
    layer.planRestore = async () => {
      throw new UserError('no manager answers');
    };
    const walk = walkOf([layer]);
    const error = await applyAndVerify(walk, await planLayers(walk)).catch((caught: unknown) => caught);
    expect((error as CombinedError).errors.map((one) => (one as Error).message)).toEqual([
      'web is broken',
      'no manager answers',
    ]);
  });

  test('asks for the lock before the changes of each layer, and not where there are none', async () => {
    const world: FakeWorld = { present: new Set(['node']), log: [] };
    const walk = {
      ...walkOf([
        fakeLayer('hosts', ['docker'], world),
        fakeLayer('swarm', ['node'], world),
        fakeLayer('stack', ['service'], world),
      ]),
      beforeChanges: async () => void world.log.push('lock'),
    };
    await applyAndVerify(walk, await planLayers(walk));
    expect(world.log).toEqual(['lock', 'create docker', 'lock', 'create service']);
  });

  test('removes from the top down', async () => {
    const world: FakeWorld = { present: new Set(['docker', 'node', 'service']), log: [] };
    const layers = [
      fakeLayer('hosts', ['docker'], world),
      fakeLayer('swarm', ['node'], world),
      fakeLayer('stack', ['service'], world),
    ];
    const plans = await planRemovals(walkOf(layers), { volumes: false });
    expect(plans.map(({ layer }) => layer)).toEqual(['stack', 'swarm', 'hosts']);
    await removeLayers(walkOf(layers), { volumes: false });
    expect(world.log).toEqual(['remove service', 'remove node', 'remove docker']);
  });

  test('starts no further layer once interrupted', async () => {
    const world: FakeWorld = { present: new Set(), log: [] };
    const interrupt = new AbortController();
    const walk = walkOf(
      [fakeLayer('hosts', ['docker'], world), fakeLayer('swarm', ['node'], world)],
      interrupt.signal,
    );
    const plans = await planLayers(walk);
    interrupt.abort();
    await expect(applyAndVerify(walk, plans)).rejects.toBeInstanceOf(InterruptedError);
    expect(world.log).toEqual([]);
  });
});

describe('Ctrl-C answered with roll back', () => {
  function interruptible(world: FakeWorld, layer: LayerName, transaction: boolean, late = false) {
    const stop = new AbortController();
    const interruption = { canTakeBack: false, takeBack: false, leaving: new AbortController().signal };
    const fake = fakeLayer(layer, ['a', 'b'], world, { transaction });
    const plan = fake.plan(new Set(), new Map());
    plan.changes[1]!.after = ['a'];
    const answer = (): void => {
      interruption.takeBack = interruption.canTakeBack;
      stop.abort();
    };
    const apply: Layer['apply'] = async (change, progress) => {
      await fake.apply(change, progress);
      if (change.action === (late ? 'b' : 'a') && change.kind === 'create') answer();
    };
    return { walk: { ...walkOf([{ ...fake, apply }], stop.signal), interruption }, plan };
  }

  test.each([
    ['in the middle', false, ['create a', 'remove a']],
    ['when all had just been done', true, ['create a', 'create b', 'remove a', 'remove b']],
  ])('takes back what was changed, %s, and exits with 130', async (_, late, log) => {
    const world: FakeWorld = { present: new Set(), log: [] };
    const { walk, plan } = interruptible(world, 'stack', true, late);
    const error = await applyAndVerify(walk, [plan]).catch((caught) => caught);
    expect(world.log).toEqual(log);
    expect(error).toBeInstanceOf(InterruptedError);
    expect(error).toMatchObject({
      message: 'rolled back as asked: the stack is back to what it was before',
      exitCode: 130,
    });
  });

  test('is not offered by a layer that knows no way back', async () => {
    const world: FakeWorld = { present: new Set(), log: [] };
    const { walk, plan } = interruptible(world, 'hosts', false);
    await expect(applyAndVerify(walk, [plan])).rejects.toMatchObject({ message: 'interrupted' });
    expect(world.log).toEqual(['create a']);
  });
});
