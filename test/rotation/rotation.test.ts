import pico from 'picocolors';
import { describe, expect, test } from 'vitest';
import { formatError } from '../../src/output/print-error.ts';
import { beginRotation, planRotation } from '../../src/rotation/begin.ts';
import { describePlanned } from '../../src/rotation/describe.ts';
import { runRotation } from '../../src/rotation/run.ts';
import { createExecStrategy } from '../../src/rotation/strategies/exec.ts';
import { createSigningKeyStrategy } from '../../src/rotation/strategies/signing-key.ts';
import { createRandomStrategy, createValueStrategy } from '../../src/rotation/strategies/value.ts';
import type { Strategy } from '../../src/rotation/strategy.ts';
import { undoRotations } from '../../src/rotation/undo.ts';
import { groupRecords } from '../../src/rotation/unit.ts';
import { describeSecrets } from '../secrets/fake-swarm.ts';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';

const plain = pico.createColors(false);
const recipe = { length: 8, charset: 'digits' as const };
const exec = createExecStrategy('token', {
  strategy: 'exec',
  service: 'api',
  prepare: ['add'],
  verify: ['try'],
  retire: ['remove'],
  generate: recipe,
});
const signing = createSigningKeyStrategy('jwt', {
  strategy: 'signing-key',
  lifetime: 3600,
  generate: recipe,
});
const random = createRandomStrategy('plain', { generate: recipe });
/** One whose old value stays good for a while though services know one value only, as with a store that has two users. */
const lasting: Strategy = {
  ...createExecStrategy('lasting', {
    strategy: 'exec',
    service: 'api',
    prepare: ['add'],
    retire: ['remove'],
    generate: recipe,
  }),
  overlapSeconds: 3600,
};
const strategies: Record<string, Strategy> = { token: exec, jwt: signing, plain: random, lasting };
const old = { token: 'old-token', jwt: 'old-jwt', plain: 'old-plain', lasting: 'old-lasting' };

/** What `secrets rotate` does; without names, `--finish`. */
async function rotate(world: FakeWorld, names: string[] = []): Promise<void> {
  await runRotation(
    names.map((name) => strategies[name]!),
    world,
    (name) => strategies[name]!,
  );
}

/** Every secret has one valid value: the file's, the services' and the newest version's; nothing is left over. */
function expectSettled(world: FakeWorld, names: string[]): void {
  expect([...world.file.keys()].sort()).toEqual(
    Object.keys(Object.fromEntries(world.file))
      .filter((name) => !name.includes('.'))
      .sort(),
  );
  expect(world.swarm.records).toEqual([]);
  for (const name of names) {
    const newest = world.swarm.secrets.filter((one) => one.name.split('.')[0] === name).at(-1)!;
    expect(world.mounted.get(name)).toBe(newest.value);
    expect(world.file.get(name)).toBe(newest.value);
    expect(world.mounted.has(`${name}.accepted`)).toBe(false);
  }
}

describe('a rotation', () => {
  test('of a random value makes a version, moves the services and leaves nothing behind', async () => {
    const world = createFakeWorld({ plain: 'old-plain' });
    await rotate(world, ['plain']);
    expectSettled(world, ['plain']);
    expect(world.mounted.get('plain')).toMatch(/^\d{8}$/);
    expect(describeSecrets(world.swarm)).toEqual([
      'plain old-plain 1',
      `plain.v2 ${world.mounted.get('plain')} 2`,
    ]);
  });

  test('by exec prepares before services move, verifies after, and retires last', async () => {
    const world = createFakeWorld({ token: 'old-token' });
    await rotate(world, ['token']);
    const value = world.file.get('token')!;
    const input = `{"secret":"token","old":"old-token","new":"${value}"}`;
    expect(world.log).toEqual([
      `run add ${input}`,
      `roll token=${value}`,
      `run try ${input}`,
      `run remove ${input}`,
    ]);
  });

  test('of a signing key accepts, signs, and drops the old one when it is due', async () => {
    const world = createFakeWorld({ jwt: 'old-jwt' });
    await rotate(world, ['jwt']);
    const value = world.file.get('jwt')!;
    expect(world.log).toEqual([
      `roll jwt=old-jwt jwt.accepted=${value}`,
      `roll jwt=${value} jwt.accepted=old-jwt`,
    ]);
    expect(world.swarm.records[0]).toMatchObject({ phase: 'retiring', due: '2026-11-21T01:00:00.000Z' });
    await rotate(world);
    expect(world.log).toHaveLength(2);
    world.clock += 3_600_000;
    await rotate(world);
    expect(world.log.slice(2)).toEqual([`roll jwt=${value}`]);
    expectSettled(world, ['jwt']);
  });

  test('of a value that stays good for a while restarts services once', async () => {
    const world = createFakeWorld({ lasting: 'old-lasting' });
    await rotate(world, ['lasting']);
    const value = world.file.get('lasting');
    const input = `{"secret":"lasting","old":"old-lasting","new":"${value}"}`;
    expect(world.log).toEqual([`run add ${input}`, `roll lasting=${value}`]);
    expect(world.swarm.records[0]).toMatchObject({ phase: 'retiring', due: '2026-11-21T01:00:00.000Z' });
    world.clock += 3_600_000;
    await rotate(world);
    expect(world.log.slice(2)).toEqual([`run remove ${input}`]);
    expectSettled(world, ['lasting']);
  });

  test('of several restarts services once a step, not once a secret', async () => {
    const world = createFakeWorld(old);
    await rotate(world, ['token', 'jwt', 'plain', 'lasting']);
    expect(world.log.filter((line) => line.startsWith('roll'))).toHaveLength(2);
  });

  test('takes the value that the secrets file was given meanwhile', async () => {
    const world = createFakeWorld({ plain: 'old-plain' });
    world.file.set('plain', 'given');
    await rotate(world, ['plain']);
    expectSettled(world, ['plain']);
    expect(world.mounted.get('plain')).toBe('given');
  });

  test('asks a task for an old value that no file has any longer', async () => {
    const world = createFakeWorld({ token: 'old-token' });
    world.file.set('token', 'given');
    await rotate(world, ['token']);
    expect(world.log[0]).toBe('run add {"secret":"token","old":"old-token","new":"given"}');
  });

  test('rotates a secret that was made by hand', async () => {
    const world = createFakeWorld({ plain: 'old-plain' }, true);
    await rotate(world, ['plain']);
    expectSettled(world, ['plain']);
    expect(world.mounted.get('plain')).not.toBe('old-plain');
  });

  test('that only takes given values refuses to make one up', async () => {
    const world = createFakeWorld({ plain: 'old-plain' });
    const planned = planRotation([createValueStrategy('plain', { strategy: 'value' })], world);
    await expect(planned).rejects.toThrow(/a new one is to be given first/);
  });

  test('goes for all stacks of the cluster that use the secret, for the one that declares it', async () => {
    const world = createFakeWorld({ plain: 'old-plain' });
    world.swarm.secrets[0]!.services.push({ name: 'blog_web', stack: 'blog' });
    Object.assign(world, { stackNames: ['blog', 'shop'] });
    const planned = await planRotation([createRandomStrategy('plain', {})], world);
    expect(planned.map(({ users }) => users)).toEqual([['blog_web', 'shop_api']]);
    await beginRotation(planned, world);
    expect(world.swarm.records.map(({ stack }) => stack)).toEqual(['shop']);
  });

  test('tells no value when a program fails', async () => {
    const world = createFakeWorld({ token: 'old-token' });
    world.answer = (command) => ({
      exitCode: 7,
      stdout: String(command.stdin),
      stderr: 'x',
      task: 'shop_api.1',
    });
    const error = await rotate(world, ['token']).catch((one) => one);
    const value = world.file.get('token.next')!;
    expect(formatError(error, plain).join('\n')).toContain('ended with exit code 7 in shop_api.1');
    expect(formatError(error, plain).join('\n')).not.toContain(value);
    expect(formatError(error, plain).join('\n')).not.toContain('old-token');
  });
});

describe('planning a rotation', () => {
  test.each<[string, (world: FakeWorld) => void, string]>([
    [
      'a secret that the swarm has not',
      (world) => {
        world.swarm.secrets.splice(0);
      },
      'the swarm has no secret plain yet',
    ],
    [
      'one that services of a stack outside of the cluster file use, too',
      (world) => {
        world.swarm.secrets[0]!.services.push({ name: 'blog_web', stack: 'blog' });
      },
      'plain is used by blog_web too, which would be left with the old value',
    ],
    [
      'one that is being rotated',
      (world) => {
        world.swarm.records.push({ secret: 'plain', since: 'noon', by: 'bert@pc' } as never);
      },
      'plain is being rotated already, since noon by bert@pc',
    ],
    [
      'one whose value comes from elsewhere',
      (world) => {
        const { read } = world.values;
        world.values.read = async (names) =>
          new Map(
            [...(await read(names))].map(([name, one]) => [
              name,
              { ...one, writable: false, from: 'command' },
            ]),
          );
      },
      "plain gets its value from elsewhere (command), where a new one can't be written",
    ],
  ])('refuses %s, and changes nothing', async (_name, change, message) => {
    const world = createFakeWorld({ plain: 'old-plain' });
    change(world);
    await expect(planRotation([random], world)).rejects.toThrow(message);
    expect(world.calls()).toBe(0);
  });

  test('refuses a name that leaves no room for .previous', async () => {
    const name = 'x'.repeat(50);
    const world = createFakeWorld({ [name]: 'old' });
    const planned = planRotation([createRandomStrategy(name, {})], world);
    await expect(planned).rejects.toThrow(/has at most 49 characters/);
  });

  test('says what will be done, step by step', async () => {
    const world = createFakeWorld(old);
    const planned = await planRotation([exec, signing], world);
    expect(describePlanned(planned)).toEqual([
      'token: exec, version 1 → 2, a random value',
      '  1. add (prepare) runs in a task of api',
      '  2. shop_api restart by their update rules',
      '  3. try (verify) runs in a task of api',
      '  4. remove (retire) runs in a task of api',
      'jwt: signing-key, version 1 → 2, a random value',
      '  1. the services that use it accept the new key beside the old one',
      '  2. shop_api restart by their update rules, once for each step',
      '  3. they drop the old key once nothing that it signed is valid any longer (1h later)',
    ]);
  });

  test('makes a value as long as the old one where nothing else is said', async () => {
    const world = createFakeWorld({ plain: 'o'.repeat(40) });
    const strategy = createRandomStrategy('plain', {});
    await runRotation([strategy], world, () => strategy);
    expect(world.file.get('plain')).toMatch(/^[0-9a-zA-Z]{40}$/);
  });
});

describe('undoing a rotation', () => {
  test.each(['token', 'jwt', 'plain'] as const)(
    'of %s whose services fail leaves the old value',
    async (name) => {
      const world = createFakeWorld({ [name]: old[name] });
      world.failRolls = 1;
      await expect(rotate(world, [name])).rejects.toThrow(/failed, and the old value serves again/);
      expectSettled(world, [name]);
      expect(world.mounted.get(name)).toBe(old[name]);
      expect(describeSecrets(world.swarm)).toEqual([`${name} ${old[name]} 1`]);
    },
  );

  test('by exec retires the new value instead', async () => {
    const world = createFakeWorld({ token: 'old-token' });
    world.failRolls = 1;
    await rotate(world, ['token']).catch(() => {});
    expect(world.log.at(-1)).toMatch(/^run remove {"secret":"token","old":"\d{8}","new":"old-token"}$/);
  });

  test('that fails says so, and is tried again by the next run', async () => {
    const world = createFakeWorld({ token: 'old-token' });
    world.failRolls = 2;
    await expect(rotate(world, ['token'])).rejects.toThrow(/and so did going back/);
    await rotate(world);
    expectSettled(world, ['token']);
    expect(world.mounted.get('token')).toBe('old-token');
  });

  test('of a signing key that signed already accepts the new one until it is due', async () => {
    const world = createFakeWorld({ jwt: 'old-jwt' });
    await rotate(world, ['jwt']);
    const value = world.file.get('jwt');
    await undoRotations(
      groupRecords(world.swarm.records, () => signing),
      world,
    );
    expect(Object.fromEntries(world.mounted)).toEqual({ jwt: 'old-jwt', 'jwt.accepted': value });
    expect(world.file.get('jwt')).toBe('old-jwt');
    world.clock += 3_600_000;
    await rotate(world);
    expectSettled(world, ['jwt']);
    expect(describeSecrets(world.swarm)).toEqual(['jwt old-jwt 1']);
  });

  test('of a value that stays good for a while moves services back, and retires the new one when it is due', async () => {
    const world = createFakeWorld({ lasting: 'old-lasting' });
    await rotate(world, ['lasting']);
    const value = world.file.get('lasting');
    await undoRotations(
      groupRecords(world.swarm.records, () => lasting),
      world,
    );
    expect(Object.fromEntries(world.mounted)).toEqual({ lasting: 'old-lasting' });
    world.clock += 3_600_000;
    await rotate(world);
    expect(world.log.at(-1)).toBe(`run remove {"secret":"lasting","old":"${value}","new":"old-lasting"}`);
    expectSettled(world, ['lasting']);
  });

  test('is refused once the old value is being retired', async () => {
    const world = createFakeWorld({ token: 'old-token' });
    world.answer = ({ command }) => ({
      exitCode: command[0] === 'remove' ? 1 : 0,
      stdout: '',
      stderr: '',
      task: 'shop_api.1',
    });
    await expect(rotate(world, ['token'])).rejects.toThrow(/remove \(retire\) ended with exit code 1/);
    const undone = undoRotations(
      groupRecords(world.swarm.records, () => exec),
      world,
    );
    await expect(undone).rejects.toThrow(/no way back/);
    world.answer = () => ({ exitCode: 0, stdout: '', stderr: '', task: 'shop_api.1' });
    await rotate(world);
    expectSettled(world, ['token']);
  });
});

test("a run whose secrets file doesn't know the new value leaves everything as it is", async () => {
  const world = createFakeWorld({ token: 'old-token' });
  world.killAt(5, 'before');
  await rotate(world, ['token']).catch(() => {});
  world.killAt(0, 'before');
  world.file.delete('token.next');
  const records = structuredClone(world.swarm.records);
  const error = await rotate(world).catch((one) => one);
  expect(formatError(error, plain).join('\n')).toContain(
    "the new value of token isn't in it: anna@laptop began the rotation",
  );
  expect(world.swarm.records).toEqual(records);
  expect(world.mounted.get('token')).toBe('old-token');
});

describe('a rotation that is killed', () => {
  const groups = (['plain', 'token', 'jwt', 'lasting', 'token jwt plain lasting'] as const).flatMap((names) =>
    (['before', 'after'] as const).map((when) => [names, when] as const),
  );
  const valuesOf = (names: string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, old[name as keyof typeof old]]));
  /** Runs once for each call that there is, killed there, and once more unharmed. */
  const forEachKill = async (
    names: string[],
    when: 'before' | 'after',
    check: (world: FakeWorld, run: Promise<unknown>) => Promise<void>,
    failRolls = 0,
  ): Promise<void> => {
    for (let call = 1; call < 100; call++) {
      const world = createFakeWorld(valuesOf(names));
      world.failRolls = failRolls;
      world.killAt(call, when);
      const run = rotate(world, names).catch((error) => error);
      await run;
      const killed = world.calls() >= call;
      world.killAt(0, 'before');
      world.failRolls = 0;
      // one that was killed when all was done but its end isn't begun anew
      const again = killed
        ? await rotate(world, names).catch((error) => formatError(error, plain).join('\n'))
        : undefined;
      if (again !== undefined) expect(again).toMatch(/(jwt|lasting) is being rotated already/);
      await check(world, run);
      world.clock += 3_600_000;
      await rotate(world);
      expectSettled(world, names);
      if (!killed) return;
    }
    throw new Error('it never ends');
  };

  test.each(groups)('(%s) %s any call is finished by the next run', async (group, when) => {
    const names = group.split(' ');
    await forEachKill(names, when, async (world) => {
      for (const name of names) expect(world.mounted.get(name)).toMatch(/^\d{8}$/);
    });
  });

  test.each(groups)('(%s) %s any call of its undoing comes to one end', async (group, when) => {
    await forEachKill(group.split(' '), when, async () => {}, 1);
  });
});
