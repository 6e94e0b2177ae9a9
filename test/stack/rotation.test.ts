import { describe, expect, test } from 'vitest';
import { type RotationRecord, writeRotationLabels } from '../../src/secrets/rotation-record.ts';
import type { StackDefinition } from '../../src/stack/definition.ts';
import type { ServiceSpec } from '../../src/stack/engine-types.ts';
import type { ObservedConfig, ObservedSecret, StackObserved } from '../../src/stack/observed.ts';
import { planStack } from '../../src/stack/plan.ts';
import { makeDefinition, makeObserved, makeService, makeSpec, makeTask } from './builders.ts';

const none = new Map();

/** A service with these files in /run/secrets, each of an object of the swarm. */
function specWith(name: string, mounted: Record<string, string>): ServiceSpec {
  return makeSpec(name, (spec) => {
    spec.TaskTemplate.ContainerSpec.Secrets = Object.entries(mounted).map(([Name, SecretName]) => ({
      File: { Name, UID: '0', GID: '0', Mode: 0o400 },
      SecretID: SecretName,
      SecretName,
    }));
  });
}

const versions: ObservedSecret[] = ['jwt', 'jwt.v2'].map((Name, index) => ({
  ID: `id-${Name}`,
  Spec: { Name, Labels: { 'kawanan.secret': 'jwt', 'kawanan.secret.version': String(index + 1) } },
}));

function recordOf(more: Partial<RotationRecord>): ObservedConfig {
  const record: RotationRecord = {
    secret: 'jwt',
    stack: 'stk',
    id: '1',
    strategy: 'signing-key',
    declaredBy: 'jwt',
    phase: 'moving',
    old: 'jwt',
    next: 'jwt.v2',
    serving: 'jwt.v2',
    since: '2026-11-21T05:00:00Z',
    by: 'anna@laptop',
    ...more,
  };
  return { ID: 'rotation', Spec: { Name: 'kawanan.rotation.jwt', Labels: writeRotationLabels(record) } };
}

const definitionOf = (services: ServiceSpec[], more: Partial<StackDefinition> = {}): StackDefinition =>
  makeDefinition(services, { external: { networks: [], configs: [], secrets: ['jwt'] }, ...more });

/** `service: file before → after` of each difference. */
function planOf(
  definition: StackDefinition,
  present: ServiceSpec[],
  configs: ObservedConfig[] = [],
  more: Partial<StackObserved> = {},
): string[] {
  const services = present.map((spec) => makeService(spec));
  const tasks = services.map((service) => makeTask(service));
  const observed = makeObserved({ services, tasks, secrets: versions, configs, ...more });
  return planStack(definition, observed, none).changes.flatMap(({ object, fields }) =>
    fields.map(({ path, before = '-', after = '-' }) => `${object.name}: ${path} ${before} → ${after}`),
  );
}

const wanted = definitionOf([specWith('web', { jwt: 'jwt' })]);

describe('while a secret is being rotated', () => {
  test('services have the version that the rotation says, not the newest', () => {
    const preparing = recordOf({ phase: 'preparing', serving: 'jwt' });
    expect(planOf(wanted, [specWith('web', { jwt: 'jwt' })], [preparing])).toEqual([]);
    const [change] = planOf(wanted, [specWith('web', { jwt: 'jwt' })], [recordOf({})]);
    expect(change).toMatch(/^stk_web: secrets\.jwt jwt.* → jwt\.v2/);
  });

  test('a second key is mounted beside the first, with its owner and mode', () => {
    const accepting = recordOf({ phase: 'accepting', serving: 'jwt', accepted: 'jwt.v2' });
    const changes = planOf(wanted, [specWith('web', { jwt: 'jwt' })], [accepting]);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatch(/^stk_web: secrets\.jwt\.accepted - → jwt\.v2/);
    const has = [specWith('web', { jwt: 'jwt', 'jwt.accepted': 'jwt.v2' })];
    expect(planOf(wanted, has, [accepting])).toEqual([]);
    expect(planOf(wanted, has, [recordOf({ serving: 'jwt' })])).toHaveLength(1);
  });

  test('a version that is gone from the swarm means nothing', () => {
    const record = recordOf({ serving: 'jwt.v9' });
    expect(planOf(wanted, [specWith('web', { jwt: 'jwt.v2' })], [record])).toEqual([]);
  });
});

describe('a service that a newer version is no reason to restart for', () => {
  const left = definitionOf([specWith('db', { jwt: 'jwt' })], { leaves: { jwt: ['db'] } });

  test('keeps the version it has', () => {
    expect(planOf(left, [specWith('db', { jwt: 'jwt' })])).toEqual([]);
    const accepting = recordOf({ phase: 'accepting', serving: 'jwt', accepted: 'jwt.v2' });
    expect(planOf(left, [specWith('db', { jwt: 'jwt' })], [accepting])).toEqual([]);
  });

  test('takes the newer one along when it changes for another reason', () => {
    const other = specWith('db', { jwt: 'jwt' });
    other.TaskTemplate.ContainerSpec.Image = 'shop/app:0';
    const changes = planOf(left, [other]);
    expect(changes.map((line) => line.split(' ')[1])).toEqual(['image', 'secrets.jwt']);
  });

  test('gets the newest when it is new', () => {
    const observed = makeObserved({ secrets: versions });
    const [change] = planStack(left, observed, none).changes;
    expect(change?.action).toMatchObject({ do: 'create-service', names: { secrets: { jwt: 'jwt.v2' } } });
  });

  test('follows another secret at the same place', () => {
    const secrets = [...versions, { ID: 'x', Spec: { Name: 'other' } }];
    expect(planOf(left, [specWith('db', { jwt: 'other' })], [], { secrets })).toHaveLength(1);
  });
});
