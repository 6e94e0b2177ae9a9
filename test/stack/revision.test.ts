import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareContents, describeRevisions } from '../../src/stack/describe-revisions.ts';
import type { ObservedConfig } from '../../src/stack/observed.ts';
import { planStack } from '../../src/stack/plan.ts';
import {
  describeRevision,
  digestRevision,
  listRevisions,
  pinObjects,
  planRevision,
  readRevision,
  restoreDefinition,
  warnOfForgotten,
  writeRevision,
} from '../../src/stack/revision.ts';
import { makeDefinition, makeObserved, makeService, makeSpec } from './builders.ts';

const none = { configs: {}, secrets: {} };
const web = makeSpec('web');
const definition = makeDefinition([web], {
  xBalancer: { value: { web: { listen: 80 } }, locate: () => ({}) },
});

let count = 0;
const stored = (spec: ObservedConfig['Spec']): ObservedConfig => ({
  ID: `config-${++count}`,
  CreatedAt: '2026-11-21T03:00:00Z',
  Spec: spec,
});
const keep = (of: typeof definition, number: number, maxBytes?: number): ObservedConfig[] =>
  writeRevision(describeRevision(of, none), { number, by: 'anna@laptop', why: 'up' }, maxBytes).map(stored);
const actionOf = (change: ReturnType<typeof planRevision>) => {
  if (change?.action.do !== 'record-revision') throw new Error('no revision is planned');
  return change.action;
};

describe('a revision', () => {
  test('comes back as it was written, in as many parts as it takes', () => {
    const [found] = listRevisions('stk', keep(definition, 3, 40).reverse());
    expect(found!.parts.length).toBeGreaterThan(2);
    expect({ ...found, parts: [] }).toEqual({
      number: 3,
      digest: digestRevision(describeRevision(definition, none)),
      createdAt: '2026-11-21T03:00:00Z',
      by: 'anna@laptop',
      why: 'up',
      parts: [],
    });
    expect(readRevision(found!)).toEqual(describeRevision(definition, none));
  });

  test('of any environment comes back', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 90 }), (env, maxBytes) => {
        const of = makeDefinition([
          makeSpec('web', (spec) => {
            spec.TaskTemplate.ContainerSpec.Env = env;
          }),
        ]);
        const [found] = listRevisions('stk', keep(of, 1, maxBytes));
        expect(readRevision(found!).services[0]?.spec.TaskTemplate.ContainerSpec.Env).toEqual(env);
      }),
      { numRuns: 30 },
    );
  });

  test('is the same state again once it is a definition', () => {
    const content = describeRevision(definition, none);
    const back = restoreDefinition(content, 'revision 1');
    expect(digestRevision(describeRevision(back, back.pinned!))).toBe(digestRevision(content));
  });

  test('holds no secret of the compose file, only the name of its version', () => {
    const Data = Buffer.from('hunter2-hunter2').toString('base64');
    const of = makeDefinition([web], { secrets: [{ key: 'pw', spec: { Name: 'stk_pw', Data } }] });
    const text = JSON.stringify(describeRevision(of, pinObjects(of, makeObserved())));
    expect(text).not.toContain(Data);
    expect(text).toContain('"secrets":{"stk_pw":"stk_pw"}');
  });

  test('fits the names of configs, however long the stack is named', () => {
    const long = makeDefinition([web], { name: 'a'.repeat(63) });
    const [spec] = writeRevision(describeRevision(long, none), { number: 12345, by: '', why: '' });
    expect(spec!.Name).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9-_.]{1,62}[a-zA-Z0-9]$/);
  });

  test('that is damaged is a clear error', () => {
    const [found] = listRevisions('stk', keep(definition, 1));
    found!.parts[0]!.Spec.Data = 'AAAA';
    expect(() => readRevision(found!)).toThrow("revision 1 can't be read");
  });
});

describe('planning a revision', () => {
  const first = planStack(definition, makeObserved(), new Map()).changes;

  test('keeps a new state, after everything else', () => {
    const change = planRevision(definition, makeObserved(), first, 10);
    expect(change).toMatchObject({
      id: 'revision/1',
      kind: 'create',
      title: 'keep this state as revision 1',
      after: ['service/stk_web'],
    });
  });

  test('keeps nothing when the newest one is this state', () => {
    const observed = makeObserved({ configs: keep(definition, 4), services: [makeService(web)] });
    expect(planRevision(definition, observed, [], 10)).toBeUndefined();
  });

  test('keeps an old state as a new revision when it is gone back to', () => {
    const other = makeDefinition([makeSpec('db')]);
    const configs = [...keep(definition, 1), ...keep(other, 2)];
    const [, old] = listRevisions('stk', configs);
    const back = restoreDefinition(readRevision(old!), 'revision 1');
    expect(actionOf(planRevision(back, makeObserved({ configs }), [], 10)).number).toBe(3);
  });

  test('removes those beyond what is kept, and what a killed run left of one', () => {
    const states = [1, 2, 3].map((number) => keep(makeDefinition([makeSpec(`s${number}`)]), number));
    const fragment = keep(definition, 4, 40).slice(1);
    const observed = makeObserved({ configs: [...states.flat(), ...fragment] });
    const action = actionOf(planRevision(definition, observed, [], 2));
    expect(action.number).toBe(4);
    expect(action.expired).toEqual([...states[1]!, ...states[0]!].map(({ ID }) => ID));
    expect(action.fragments).toEqual(fragment.map(({ ID }) => ID));
  });

  test('leaves the revisions of other stacks alone', () => {
    const other = makeDefinition([web], { name: 'stk2' });
    const action = actionOf(planRevision(definition, makeObserved({ configs: keep(other, 7) }), [], 1));
    expect(action).toMatchObject({ number: 1, expired: [], fragments: [] });
  });
});

describe('going back', () => {
  const withConfig = makeDefinition(
    [
      makeSpec('web', (spec) => {
        const File = { Name: '/c', UID: '0', GID: '0', Mode: 0o444 };
        spec.TaskTemplate.ContainerSpec.Configs = [{ ConfigID: '', ConfigName: 'stk_conf', File }];
      }),
    ],
    { configs: [{ key: 'conf', spec: { Name: 'stk_conf', Data: 'b2xk' } }] },
  );
  const labels = { 'com.docker.stack.namespace': 'stk' };
  const old = stored({ Name: 'stk_conf', Data: 'b2xk', Labels: labels });
  const newer = stored({
    Name: 'stk_conf.v2',
    Data: 'bmV3',
    Labels: { ...labels, 'kawanan.version-of': 'stk_conf', 'kawanan.version': '2' },
  });
  const content = describeRevision(withConfig, pinObjects(withConfig, makeObserved({ configs: [old] })));
  const back = restoreDefinition(content, 'revision 1');

  test('uses the version of a config that was used then, and removes no other', () => {
    const plan = planStack(back, makeObserved({ configs: [old, newer] }), new Map());
    expect(plan.changes.map(({ id }) => id)).toEqual(['service/stk_web']);
    expect(plan.changes[0]?.action).toMatchObject({ names: { configs: { stk_conf: 'stk_conf' } } });
  });

  test('is refused when that version is gone', () => {
    expect(() => planStack(back, makeObserved({ configs: [newer] }), new Map())).toThrow(
      'the config stk_conf is gone from the swarm',
    );
  });
});

test('history tells what each revision changed', () => {
  const next = makeDefinition([
    makeSpec('web', (spec) => {
      spec.TaskTemplate.ContainerSpec.Image = 'shop/app:2';
      spec.Mode = { Replicated: { Replicas: 3 } };
    }),
    makeSpec('db'),
  ]);
  const revisions = listRevisions('stk', [...keep(definition, 1), ...keep(next, 2)]);
  expect(describeRevisions(revisions).map(({ number, changes }) => [number, changes])).toEqual([
    [2, ['web: image, replicas 1 → 3', '+db', 'x-balancer']],
    [1, undefined],
  ]);
  expect(compareContents(describeRevision(next, none), describeRevision(definition, none))).toContain('-db');
});

test('a stack that was deployed and that the cluster file names no longer is told of', () => {
  const config = (stack: string) => ({
    ID: stack,
    Spec: { Name: stack, Labels: { 'kawanan.revision': stack } },
  });
  const stacks = [{ name: 'shop', files: [] }];
  expect(
    warnOfForgotten({ stacks }, [config('shop'), config('old'), config('old'), config('monitoring')]),
  ).toEqual([
    "the swarm keeps the stack old, which the cluster file doesn't name: it runs on, and the balancers serve it no longer; name it again to deploy it or to take it away (kawanan down old)",
  ]);
});
