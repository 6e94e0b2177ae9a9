import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { refuseStranger, selectOurs } from '../../src/monitoring/our-services.ts';
import { loadStack } from '../../src/stack/compose/load-stack.ts';
import type { ObservedService } from '../../src/stack/observed.ts';
import { makeService, makeSpec } from '../stack/builders.ts';

const folder = resolve(import.meta.dirname, '../../stacks/monitoring');
const files = ['compose.yml', 'compose.grafana.yml'].map((file) => resolve(folder, file));
const { services } = await loadStack(files, { name: 'monitoring', variables: {} });
const ours = services.map(({ key, spec }) => [key, makeService(spec)] as const);

function buildStranger(name: string): ObservedService {
  return makeService({ ...makeSpec(name), Name: `monitoring_${name}` });
}

describe('a stack called monitoring', () => {
  test.each(ours)('is ours as soon as it has %s', (_, service) => {
    expect(selectOurs([service])).toEqual([service]);
    expect(() => refuseStranger([service])).not.toThrow();
  });

  test('is ours where there is none', () => {
    expect(selectOurs([])).toEqual([]);
    expect(() => refuseStranger([])).not.toThrow();
  });

  test("is somebody else's where it has none of our images, whatever its services are called", () => {
    const strangers = ['prometheus', 'grafana'].map(buildStranger);
    expect(selectOurs(strangers)).toEqual([]);
    expect(() => refuseStranger(strangers)).toThrow(
      'the swarm has a stack called monitoring that is not the one of `kawanan monitor`; nothing was changed',
    );
  });
});
