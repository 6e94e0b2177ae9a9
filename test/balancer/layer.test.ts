import { expect, test } from 'vitest';
import { createBalancerLayer } from '../../src/balancer/layer.ts';
import { observeBalancers } from '../../src/balancer/observe.ts';
import { ConnectionError, type ConnectionFailure } from '../../src/remote/remote-errors.ts';
import { buildCluster, buildStack } from './examples.ts';
import { FakeHost } from './fake-host.ts';

const cluster = buildCluster();
const seen = [
  ['tool haproxy', 'HAProxy version 3.0.11'],
  ['tool keepalived', 'Keepalived v2.3.3'],
  ['tool addresses', '[{"ifname":"eth0","addr_info":[{"family":"inet","local":"192.0.2.11"}]}]'],
].map(([name, text]) => `${name} ${Buffer.from(text!).toString('base64')}\n`);

/** lb1 answers, lb2 doesn't. */
function connectTo(failure: ConnectionFailure, alive = ['lb1']) {
  const host = new FakeHost();
  host.run = async () => ({ exitCode: 0, stdout: seen.join(''), stderr: '' });
  const connect = async (name: string) => {
    if (alive.includes(name)) return host;
    throw new ConnectionError(name, failure, 'no answer');
  };
  return { connect, close: async () => {} };
}

const signal = new AbortController().signal;

test('a balancer that is off leaves the other to be planned, and is named', async () => {
  const layer = createBalancerLayer(
    [{ definition: buildStack('web: {listen: 80, service: flask}') }],
    cluster,
    connectTo('timeout'),
  );
  const observed = await layer.observe(signal);
  if (observed.kind !== 'observed') throw new Error(observed.reason);
  const plan = layer.plan(observed.value, new Map());
  expect(plan.changes.map(({ id }) => id)).toEqual(['lb1/haproxy', 'lb1/keepalived']);
  expect(plan.warnings).toContain(
    "lb2 can't be reached and keeps what it has; run this again when it is back",
  );
  expect(() => layer.planRemoval(observed.value, { volumes: false })).toThrow('no answer');
});

test.each<[string, ConnectionFailure, string[]]>([
  ['none answers', 'timeout', []],
  ['one has another host key', 'changed-host-key', ['lb1']],
])('it is an error when %s', async (_, failure, alive) => {
  await expect(observeBalancers(cluster, connectTo(failure, alive))).rejects.toThrow('no answer');
});

test('stacks that a run leaves alone go on being served, as they are at each look', async () => {
  const several = buildCluster({ stacks: ['blog', 'example'].map((name) => ({ name, files: [] })) });
  const blog = (listen: number) => ({
    definition: { ...buildStack(`blog: {listen: ${listen}, service: fastapi}`), name: 'blog' },
  });
  let listen = 81;
  const shop = { definition: buildStack('web: {listen: 80, service: flask}') };
  const layer = createBalancerLayer([shop], several, connectTo('timeout'), {
    others: async () => [blog(listen)],
  });
  const look = async (): Promise<unknown> => {
    const seen = await layer.observe(signal);
    if (seen.kind !== 'observed') throw new Error(seen.reason);
    return seen.value.model.frontends.map((frontend) => [frontend.name, frontend.listen]);
  };
  // in the order of the cluster file, whichever of them is deployed
  expect(await look()).toEqual([
    ['blog', 81],
    ['web', 80],
  ]);
  listen = 82;
  expect(await look()).toEqual([
    ['blog', 82],
    ['web', 80],
  ]);
  listen = 80;
  await expect(look()).rejects.toThrow('port 80 is listened on by "blog" of the stack blog already');
});

test('when one of several stacks goes, the balancers are brought to what the others say', async () => {
  const layer = createBalancerLayer([], cluster, connectTo('timeout'), {
    others: async () => [{ definition: buildStack('web: {listen: 80, service: flask}') }],
  });
  const seen = await layer.observe(signal);
  if (seen.kind !== 'observed') throw new Error(seen.reason);
  const { changes } = layer.planRemoval(seen.value, { volumes: false, stacks: ['shop'] });
  expect(changes.map(({ id, action }) => [id, action.type])).toEqual([
    ['lb1/haproxy', 'put'],
    ['lb1/keepalived', 'put'],
  ]);
});
