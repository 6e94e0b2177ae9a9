import { expect, test } from 'vitest';
import { parseAnswers } from '../../../src/balancer/keepalived/ask-who-has.ts';
import { judgeNetworkView, type NetworkView } from '../../../src/balancer/keepalived/judge-network-view.ts';

const address = '192.0.2.20';
const macs = { lb1: ['02:00:00:00:00:01'], lb2: ['02:00:00:00:00:02'] };
const [one, two, foreign] = ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:99'];
const sees = (answers: string[], cached?: string, known: NetworkView['macs'] = macs): NetworkView => ({
  node: 'worker1',
  answers: { [address]: { macs: answers, ...(cached !== undefined && { cached }) } },
  macs: known,
});

test.each<[string, string[], NetworkView, string | undefined]>([
  ['the holder answers and is believed in', ['lb1'], sees([one], one), undefined],
  ['the node was not on that network', ['lb1'], { node: 'worker1', answers: {}, macs }, undefined],
  [
    'a foreign machine answers too',
    ['lb1'],
    sees([one, foreign]),
    `a machine that is no balancer (MAC ${foreign}) answers for ${address}, as worker1 sees it: it has the same address`,
  ],
  [
    'a foreign machine answers and no balancer holds it',
    [],
    sees([foreign]),
    `a machine that is no balancer (MAC ${foreign}) answers for ${address}, as worker1 sees it: it has the same address`,
  ],
  [
    'the answer may come from the balancer that is away',
    [],
    sees([foreign], undefined, { ...macs, lb2: [] }),
    undefined,
  ],
  [
    'nobody answers',
    ['lb1'],
    sees([]),
    `lb1 holds ${address}, but nobody answers for it, as worker1 sees it: is lb1 cut off from that network?`,
  ],
  [
    'the other balancer answers',
    ['lb1'],
    sees([two]),
    `lb2 answers for ${address}, as worker1 sees it, but lb1 holds it`,
  ],
  [
    'the entry was of the other balancer',
    ['lb1'],
    sees([one], two),
    `worker1 looked for ${address} at lb2 (MAC ${two}), but lb1 holds it: its ARP entry was stale`,
  ],
])('%s', (_name, holders, view, expected) => {
  expect(judgeNetworkView({ address, holders }, view)).toBe(expected);
});

test('reads what a node has seen, address by address', () => {
  const output = `asked ${address}\ncached ${address} ${two}\nanswer ${address} ${one}\nasked 192.0.2.21\n`;
  expect(parseAnswers(output)).toEqual({
    [address]: { macs: [one], cached: two },
    '192.0.2.21': { macs: [] },
  });
});
