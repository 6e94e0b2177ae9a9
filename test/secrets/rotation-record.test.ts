import { describe, expect, test } from 'vitest';
import {
  describeRotation,
  isParked,
  nameRotationConfig,
  type RotationRecord,
  readRotationLabels,
  writeRotationLabels,
} from '../../src/secrets/rotation-record.ts';

const record: RotationRecord = {
  secret: 'jwt',
  stack: 'shop',
  id: 'abcd1234',
  strategy: 'signing-key',
  declaredBy: 'jwt',
  phase: 'retiring',
  old: 'jwt',
  next: 'jwt.v2',
  serving: 'jwt.v2',
  accepted: 'jwt',
  since: '2026-11-21T05:00:00.000Z',
  by: 'anna@laptop',
  due: '2026-11-21T17:00:00.000Z',
};

describe('the record of a rotation', () => {
  test('is read as it was written', () => {
    expect(readRotationLabels(writeRotationLabels(record))).toEqual(record);
    const { accepted: _, due: __, ...rest } = record;
    expect(readRotationLabels(writeRotationLabels(rest))).toEqual(rest);
  });

  test.each([
    ['labels of something else', { 'kawanan.lock': 'x' }],
    ['a record with a hole', { 'kawanan.rotation': 'jwt', 'kawanan.rotation.phase': 'moving' }],
    ['an unknown phase', { ...writeRotationLabels(record), 'kawanan.rotation.phase': 'dancing' }],
  ])('is none for %s', (_name, labels) => {
    expect(readRotationLabels(labels)).toBeUndefined();
  });

  test('has a name of its own, of 64 characters at most', () => {
    expect(nameRotationConfig('jwt')).toBe('kawanan.rotation.jwt');
    const [one, other] = ['a', 'b'].map((end) => nameRotationConfig(`${'x'.repeat(57)}${end}`));
    expect(one).toHaveLength(64);
    expect(one).not.toBe(other);
  });

  test('only waits until it is due', () => {
    expect(isParked(record, new Date('2026-11-21T16:59:59Z'))).toBe(true);
    expect(isParked(record, new Date('2026-11-21T17:00:00Z'))).toBe(false);
    expect(isParked({ ...record, phase: 'moving' }, new Date('2026-11-21T06:00:00Z'))).toBe(false);
  });

  test('says in words how far it is', () => {
    const now = new Date('2026-11-21T06:00:00Z');
    expect(describeRotation(record, now)).toBe(
      'services use the new value, the old one is accepted until 2026-11-21T17:00:00.000Z',
    );
    expect(describeRotation({ ...record, phase: 'moving' }, now)).toBe(
      'services are moving to the new value (since 2026-11-21T05:00:00.000Z, by anna@laptop)',
    );
  });
});
