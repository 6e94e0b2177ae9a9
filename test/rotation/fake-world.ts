/** A swarm, a secrets file and services, in memory; any call can be the one at which the process is killed. */

import type { TaskAnswer, TaskCommand } from '../../src/rotation/strategy.ts';
import type { ValueFile } from '../../src/rotation/value-file.ts';
import type { RotationWorld } from '../../src/rotation/world.ts';
import { fingerprintSecret } from '../../src/secrets/fingerprint.ts';
import { secretLabels } from '../../src/secrets/observed.ts';
import { nextOf, previousOf } from '../../src/secrets/pending-values.ts';
import type { RotationStore } from '../../src/secrets/rotation-store.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { createFakeSwarm, type FakeSwarm } from '../secrets/fake-swarm.ts';

/** The process is gone; whatever the call did is done, or not. */
export class Killed extends Error {}

export interface FakeWorld extends RotationWorld {
  swarm: FakeSwarm;
  /** Entry of the secrets file → its value. */
  file: Map<string, string>;
  /** What services have: `NAME` and `NAME.accepted` → value. */
  mounted: Map<string, string>;
  /** All that mattered, in order. */
  log: string[];
  /** Kill at the call of this number, before or after it has done its work; counted from now. 0 brings back to life. */
  killAt(call: number, when: 'before' | 'after'): void;
  /** How many calls there have been since. */
  calls(): number;
  /** What programs in tasks answer. */
  answer: (command: TaskCommand) => TaskAnswer;
  /** How many of the next rolls fail. */
  failRolls: number;
  clock: number;
}

/** A world whose services have these secrets. */
export function createFakeWorld(secrets: Record<string, string>, byHand = false): FakeWorld {
  const swarm = createFakeSwarm();
  const file = new Map(Object.entries(secrets));
  let count = 0;
  let dead = false;
  let deadly: { call: number; when: 'before' | 'after' } | undefined;
  const step = async <T>(work: () => T | Promise<T>): Promise<T> => {
    count += 1;
    if (dead) throw new Killed();
    const mine = deadly?.call === count ? deadly.when : undefined;
    dead = mine !== undefined;
    if (mine === 'before') throw new Killed();
    const result = await work();
    if (mine === 'after') throw new Killed();
    return result;
  };
  const valueOfObject = (object: string): string => swarm.secrets.find(({ name }) => name === object)!.value;
  const values: ValueFile = {
    path: '/app/secrets.yml',
    read: async (names) =>
      new Map(
        names.map((name) => {
          const read = (entry: string): SecretValue | undefined =>
            file.has(entry) ? new SecretValue(file.get(entry)!) : undefined;
          const [current, next, previous] = [read(name), read(nextOf(name)), read(previousOf(name))];
          return [
            name,
            {
              ...(current && { current }),
              ...(next && { next }),
              ...(previous && { previous }),
              from: current ? 'value' : 'none',
              writable: true,
            },
          ];
        }),
      ),
    keepNext: (kept) =>
      step(() => {
        for (const [name, value] of kept) file.set(nextOf(name), value.reveal().toString());
      }),
    promote: (names) =>
      step(() => {
        for (const name of names) {
          const next = file.get(nextOf(name));
          if (next === undefined) continue;
          if (file.has(name)) file.set(previousOf(name), file.get(name)!);
          file.set(name, next);
          file.delete(nextOf(name));
        }
      }),
    forget: (which, names) =>
      step(() => {
        for (const name of names)
          for (const one of which) file.delete(one === 'next' ? nextOf(name) : previousOf(name));
      }),
  };
  const { rotations } = swarm;
  const createSecret = swarm.create;
  const removeSecret = swarm.remove;
  Object.assign(swarm, {
    create: (...args: Parameters<typeof createSecret>) => step(() => createSecret(...args)),
    remove: (id: string) => step(() => removeSecret(id)),
    rotations: {
      list: rotations.list,
      create: (record) => step(() => rotations.create(record)),
      update: (record) => step(() => rotations.update(record)),
      remove: (id) => step(() => rotations.remove(id)),
    } satisfies RotationStore,
  });
  const world: FakeWorld = {
    stackNames: ['shop'],
    stackOf: () => 'shop',
    swarm,
    values,
    file,
    mounted: new Map(Object.entries(secrets)),
    log: [],
    killAt: (call, when) => {
      count = 0;
      dead = false;
      deadly = { call, when };
    },
    calls: () => count,
    answer: () => ({ exitCode: 0, stdout: '', stderr: '', task: 'shop_api.1' }),
    failRolls: 0,
    clock: Date.parse('2026-11-21T00:00:00Z'),
    roll: () =>
      step(() => {
        if (world.failRolls-- > 0) throw new Error('the services did not come up');
        for (const name of Object.keys(secrets)) {
          const record = swarm.records.find(({ secret }) => secret === name);
          if (!record) continue;
          world.mounted.set(name, valueOfObject(record.serving));
          world.mounted.delete(`${name}.accepted`);
          if (record.accepted) world.mounted.set(`${name}.accepted`, valueOfObject(record.accepted));
          const used = [record.serving, record.accepted];
          for (const one of swarm.secrets)
            if ((one.labels[secretLabels.secret] ?? one.name) === name)
              one.services = used.includes(one.name) ? [{ name: 'shop_api', stack: 'shop' }] : [];
        }
        world.log.push(`roll ${[...world.mounted].map(([name, value]) => `${name}=${value}`).join(' ')}`);
      }),
    runInTask: (_stack, command) =>
      step(() => {
        world.log.push(`run ${command.command.join(' ')} ${String(command.stdin).trim()}`);
        return world.answer(command);
      }),
    readFromTask: async (_secret, object) => new SecretValue(valueOfObject(object)),
    now: () => new Date(world.clock),
    by: 'anna@laptop',
    tell: () => {},
    signal: new AbortController().signal,
  };
  for (const [name, value] of Object.entries(secrets)) swarm.addByHand(name, value);
  swarm.use(...Object.keys(secrets));
  if (!byHand) labelAll(swarm);
  return world;
}

/** As if `up` had made them. */
function labelAll(swarm: FakeSwarm): void {
  swarm.key = new SecretValue('key');
  for (const secret of swarm.secrets)
    secret.labels = {
      [secretLabels.secret]: secret.name,
      [secretLabels.version]: '1',
      [secretLabels.stack]: 'shop',
      [secretLabels.fingerprint]: fingerprintSecret(swarm.key, secret.name, new SecretValue(secret.value)),
    };
}
