import pico from 'picocolors';
import { expect, test } from 'vitest';
import { hasChanges, planToJson, renderPlan } from '../../src/output/render-plan.ts';
import { type Change, type LayerPlan, unknownPlan } from '../../src/plan/change.ts';

const plain = pico.createColors(false);

function change(part: Partial<Change>): Change {
  return {
    id: 'x',
    layer: 'stack',
    kind: 'update',
    object: { type: 'service', name: 's' },
    title: 'service s',
    fields: [],
    after: [],
    action: { hidden: 1 },
    ...part,
  };
}

const hosts: LayerPlan = {
  layer: 'hosts',
  changes: [
    change({
      layer: 'hosts',
      kind: 'create',
      object: { type: 'package', name: 'haproxy', host: 'lb1' },
      title: 'install haproxy',
    }),
  ],
  unchanged: 2,
  warnings: ['lb1: the clock is not synchronised'],
};
const stack: LayerPlan = {
  layer: 'stack',
  changes: [
    change({
      fields: [
        { path: 'replicas', before: '2', after: '3' },
        { path: 'env.DEBUG', before: '1' },
        { path: 'env.MODE', after: 'fast' },
      ],
      interrupts: 'mysql stops for about 12 s',
    }),
  ],
  unchanged: 3,
  warnings: [],
};

test('shows layers, changes, fields, interruptions, warnings and a footer that counts', () => {
  expect(renderPlan([hosts, stack, unknownPlan('balancer', 'haproxy is not installed on lb1')], plain)).toBe(
    `hosts
  + lb1  install haproxy
stack
  ~ service s
      replicas 2 → 3
      env.DEBUG - 1
      env.MODE + fast
      interrupts mysql stops for about 12 s
balancer
  ? known after apply: haproxy is not installed on lb1
warning lb1: the clock is not synchronised
1 create · 1 update · 5 unchanged · on 1 host · 1 interruption · 1 layer known after apply
`,
  );
});

test('says that nothing changes when nothing does', () => {
  const nothing = { ...stack, changes: [] };
  expect(renderPlan([nothing], plain)).toBe('no changes · 3 unchanged\n');
  expect(hasChanges([nothing])).toBe(false);
});

test('counts a layer that is known after apply as a change', () => {
  expect(hasChanges([unknownPlan('swarm', 'no engine')])).toBe(true);
});

test("keeps the layers' own instructions out of the JSON", () => {
  expect(JSON.stringify(planToJson([hosts]))).not.toContain('hidden');
});

test('names the object where the title does not', () => {
  const secret = change({
    layer: 'secrets',
    object: { type: 'secret', name: 'jwt_secret_key' },
    title: 'create',
  });
  expect(renderPlan([{ ...stack, layer: 'secrets', changes: [secret] }], plain)).toContain(
    '  ~ secret jwt_secret_key: create\n',
  );
});

test("makes control characters of a remote machine's text visible", () => {
  const evil = { ...stack, changes: [change({ title: 'service \x1b[2Jgone' })] };
  expect(renderPlan([evil], plain)).toContain('service \\x1b[2Jgone');
});
