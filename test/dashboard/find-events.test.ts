import { expect, test } from 'vitest';
import { describeState, type Observed } from '../../src/dashboard/describe-state.ts';
import { findEvents } from '../../src/dashboard/find-events.ts';
import type { DashboardState } from '../../src/dashboard/state.ts';
import { exampleObserved, exampleRates, exampleState, exampleStatus } from './example-state.ts';

const after = (more: Partial<Observed>): DashboardState =>
  describeState({ ...exampleObserved, ...more }).state;
const told = (before: DashboardState, then: DashboardState): string[] =>
  findEvents(before, then).map(({ tone, text }) => `${tone}: ${text}`);

const silent = after({ silent: new Map([['w1', "doesn't answer"]]) });
const downInSwarm = after({
  look: {
    at: 1,
    status: {
      ...exampleStatus,
      nodes: exampleStatus.nodes.map((node) =>
        node.name === 'w1' ? { ...node, swarm: { ...node.swarm!, status: 'down' } } : node,
      ),
    },
  },
});
const down = after({
  rates: new Map([
    ['lb1', exampleRates('down')],
    ['lb2', exampleRates('down')],
  ]),
});
const moved = after({
  look: {
    at: 1,
    status: { ...exampleStatus, vips: [{ address: '10.0.0.20', holders: ['lb2'] }] },
  },
});
const unanswered = after({ figures: { ...exampleObserved.figures, answers: false } });
const [service] = exampleStatus.stacks[0]!.services;
const short = after({
  look: {
    at: 1,
    status: {
      ...exampleStatus,
      stacks: [{ name: 'shop', services: [{ ...service!, running: 0, nodes: ['w1'], done: false }] }],
    },
  },
});
const revision = { stack: 'shop', by: 'ann', why: 'deploy', services: 1 };

test.each<[string, DashboardState, DashboardState, string[]]>([
  ['nothing', exampleState, exampleState, []],
  ['a node goes silent', exampleState, silent, ["bad: w1 doesn't answer"]],
  ['and answers', silent, exampleState, ['good: w1 answers again']],
  ['and answers, in trouble', silent, downInSwarm, ['good: w1 answers again', 'bad: w1: down in the swarm']],
  ['and leaves the swarm', exampleState, downInSwarm, ['bad: w1: down in the swarm']],
  ['and is well', downInSwarm, exampleState, ['good: w1 is well again']],
  ['a server goes down, on both', exampleState, down, ['bad: w1-api is down on lb1 and lb2']],
  ['and comes up', down, exampleState, ['good: w1-api is up on lb1 and lb2']],
  ['the address moves', exampleState, moved, ['neutral: lb2 holds 10.0.0.20 instead of lb1']],
  ['no answers', exampleState, unanswered, ['bad: clients get no answer']],
  ['answers again', unanswered, exampleState, ['good: clients are answered again']],
  ['a task ends', exampleState, short, ['neutral: api: 0 of 1 tasks run']],
  ['and another runs', short, exampleState, ['good: api: 1 of 1 tasks run']],
  [
    'a deploy',
    after({ revisions: [{ ...revision, number: 3, createdAt: '2026-01-03T00:00:00Z' }] }),
    after({
      revisions: [
        { ...revision, number: 4, createdAt: '2026-01-04T00:00:00Z' },
        { ...revision, number: 3, createdAt: '2026-01-03T00:00:00Z' },
      ],
    }),
    ['neutral: shop revision 4: deploy by ann'],
  ],
])('%s', (_, before, then, events) => {
  expect(told(before, then)).toEqual(events);
});

test('what the first look finds has not just happened', () => {
  const { look: _, ...unseen } = exampleObserved;
  expect(told(describeState(unseen).state, silent)).toEqual([]);
});
