import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Clock } from '../../src/balancer/clock.ts';
import type { AdminState } from '../../src/balancer/live-server.ts';
import { type HoldSetting, holdWhileRestarting } from '../../src/pipeline/hold-restarts.ts';
import type { Hosts } from '../../src/remote/host.ts';
import { buildCluster, buildService, buildStack } from '../balancer/examples.ts';
import { FakeHaproxy } from '../balancer/fake-haproxy.ts';

const services = ['minio1', 'minio2'].map((key, index) => {
  const service = buildService(key, [[9000 + index, 9000]], [`node.hostname == worker${index + 1}`]);
  return { ...service, spec: { ...service.spec, Mode: { Replicated: { Replicas: 1 } } } };
});
const definition = buildStack(
  's3: {listen: 9000, service: [minio1, minio2], port: 9000, timeouts: {hold: 30s}}',
  services,
);
const restart = services.map(({ spec }) => ({
  kind: 'update' as const,
  object: { type: 'service', name: spec.Name },
}));
const names = ['s3.servers/worker1-minio1', 's3.servers/worker2-minio2'];

/** Both balancers with both servers, each as it was told to be, and a clock that goes on by itself. */
function buildWorld(admin: AdminState[] = ['ready', 'ready']) {
  const balancers = ['lb1', 'lb2'].map(
    (balancer) =>
      new FakeHaproxy(
        balancer,
        ['worker1-minio1', 'worker2-minio2'].map((name, index) => ({
          backend: 's3.servers',
          name,
          admin: admin[index]!,
          up: true,
        })),
      ),
  );
  const hosts: Hosts = {
    connect: async (name) => balancers.find((one) => one.name === name)!,
    close: async () => {},
  };
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    pause: async (ms) => {
      nowMs += ms;
      await turn();
    },
  };
  const told: string[] = [];
  const setting: HoldSetting = {
    cluster: buildCluster(),
    hosts,
    stacks: [{ definition, images: { stackName: 'example', images: [] }, rotations: [] }],
    progress: { report: () => {}, signal: new AbortController().signal },
    tell: (message) => told.push(message),
    clock,
  };
  return {
    setting,
    told,
    clock,
    /** Lets so much time pass, some looks at the balancers long. */
    pass: (ms: number) => {
      const endsAt = nowMs + ms;
      return until(() => nowMs >= endsAt);
    },
    /** What each balancer was told of each server. */
    states: () => balancers.map(({ servers }) => servers.map((server) => server.admin)),
    put: (balancer: number, up: boolean) => {
      for (const server of balancers[balancer]!.servers) server.up = up;
    },
  };
}

const [allReady, allDrained] = (['ready', 'drain'] as const).map((state) => [
  [state, state],
  [state, state],
]);

/** Until it is so; what waits beside it gets its turns. */
async function until(isSo: () => boolean): Promise<void> {
  for (let look = 0; look < 10_000; look++) {
    if (isSo()) return;
    await turn();
  }
  throw new Error('it never came to that');
}

test('no server takes requests before its service restarts, and all do once each has been away and is back', async () => {
  const { setting, told, states, put, clock, pass } = buildWorld();
  const result = await holdWhileRestarting(setting, restart, async () => {
    expect(states()).toEqual(allDrained);
    put(0, false);
    put(1, false);
    await pass(500);
    put(0, true);
    // The other balancer hasn't seen them come back.
    await pass(3_000);
    expect(states()).toEqual(allDrained);
    put(1, true);
    await until(() => JSON.stringify(states()) === JSON.stringify(allReady));
    // long before their time is up
    expect(clock.now()).toBeLessThan(10_000);
    return 'done';
  });
  expect(result).toBe('done');
  expect(told).toEqual(['s3.servers: requests wait at the balancers while minio1, minio2 restart together']);
});

test('the first request that waits finds a server before its time is up, be they down', async () => {
  const { setting, states, put, clock } = buildWorld();
  await holdWhileRestarting(setting, restart, async () => {
    put(0, false);
    put(1, false);
    await until(() => JSON.stringify(states()) === JSON.stringify(allReady));
    // of 30 s
    expect(clock.now()).toBeGreaterThan(24_000);
    expect(clock.now()).toBeLessThan(26_000);
  });
});

test('what fails is told, and the servers take requests again', async () => {
  const { setting, states } = buildWorld();
  const failing = holdWhileRestarting(setting, restart, async () => {
    throw new Error('no image');
  });
  await expect(failing).rejects.toThrow('no image');
  expect(states()).toEqual(allReady);
});

test('a server that a person drained stays so', async () => {
  const { setting, states } = buildWorld(['ready', 'drain']);
  await holdWhileRestarting(setting, restart, async () => expect(states()).toEqual(allDrained));
  expect(states()).toEqual([
    ['ready', 'drain'],
    ['ready', 'drain'],
  ]);
});

test('what a run that was killed left out takes requests again, where nothing restarts it', async () => {
  const { setting, told, states } = buildWorld(['drain', 'drain']);
  await holdWhileRestarting(setting, [], async () => expect(states()).toEqual(allReady));
  expect(told).toEqual([]);
});

test('what a run that was killed left out, and that has restarted by now, is not waited for', async () => {
  const { setting, states, clock } = buildWorld(['drain', 'drain']);
  await holdWhileRestarting(setting, restart, async () => {
    await until(() => JSON.stringify(states()) === JSON.stringify(allReady));
    expect(clock.now()).toBeLessThan(10_000);
  });
});

test('balancers that went away meanwhile are told of with what brings their servers back', async () => {
  const { setting, told } = buildWorld();
  let isOver = false;
  await holdWhileRestarting(
    {
      ...setting,
      hosts: {
        ...setting.hosts,
        connect: async (name) => {
          const host = await setting.hosts.connect(name);
          if (isOver) throw new Error('the connection broke');
          return host;
        },
      },
    },
    restart,
    async () => {
      isOver = true;
    },
  );
  expect(told.slice(1)).toEqual([
    `the balancers weren't told to give requests to the servers again: the connection broke; ${names
      .map((name) => `kawanan balancer ready ${name}`)
      .join('; ')}`,
  ]);
});

test('where nothing can wait, nobody is asked', async () => {
  const { setting } = buildWorld();
  const hosts: Hosts = { ...setting.hosts, connect: () => Promise.reject(new Error('nobody is asked')) };
  const stacks = [
    { ...setting.stacks[0]!, definition: buildStack('s3: {listen: 9000, service: minio1}', services) },
  ];
  expect(await holdWhileRestarting({ ...setting, hosts, stacks }, restart, async () => 'done')).toBe('done');
});
