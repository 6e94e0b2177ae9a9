import { expect, test } from 'vitest';
import { planBackends } from '../../src/balancer/backends.ts';
import { InputError } from '../../src/errors.ts';
import {
  buildCluster,
  buildNginxCluster,
  buildNode,
  buildService,
  buildStack,
  fullSection,
} from './examples.ts';

function serversOf(...args: Parameters<typeof planBackends>): Record<string, string[]> {
  const { backends } = planBackends(...args);
  return Object.fromEntries(
    backends.map((backend) => [
      backend.name,
      backend.servers.map((server) => `${server.name} ${server.address}:${server.port}`),
    ]),
  );
}

test('a port of the host is served by the nodes that placement allows, at its published number', () => {
  expect(serversOf(buildStack(fullSection), buildCluster())).toEqual({
    'web.fastapi': ['worker1-fastapi 192.0.2.14:8000', 'worker2-fastapi 192.0.2.15:8000'],
    'web.flask': ['worker1-flask 192.0.2.14:5000', 'worker2-flask 192.0.2.15:5000'],
    'web.flask.2': ['worker1-flask 192.0.2.14:5000', 'worker2-flask 192.0.2.15:5000'],
    'mysql.mysql': ['worker1-mysql 192.0.2.14:3306'],
    's3.servers': ['worker1-minio1 192.0.2.14:9001', 'worker2-minio2 192.0.2.15:9002'],
  });
});

test('a port of the ingress mesh is served by every swarm node, and the plan says what that costs', () => {
  const app = buildService('app', [{ TargetPort: 80, PublishedPort: 8080, PublishMode: 'ingress' }]);
  const model = planBackends(buildStack('web: {listen: 80, service: app}', [app]), buildCluster());
  expect(model.backends[0]?.servers.map(({ node, meshed }) => [node, meshed])).toEqual([
    ['manager1', true],
    ['worker1', true],
    ['worker2', true],
  ]);
  expect(model.warnings).toEqual([
    "app: published through the ingress mesh, where every swarm node is a server and hands connections on to whichever task: the application sees a node's address instead of the client's; there is one more hop; least-connection and weights count nodes and not tasks; a check reaches any task, so it says nothing of the one a request will meet, and one that hangs gets its share; in a rolling update requests meet tasks that are going or not ready yet (502, 503); what is idle for 900 s is forgotten by the mesh (not the connections of the balancers, which are kept alive); a node whose kernel has no IPVS can't serve it; \"mode: host\" avoids all of these",
  ]);
});

test('a drained node serves no host port', () => {
  const cluster = buildCluster();
  cluster.nodes[4] = buildNode('worker2', '192.0.2.15', 'worker', { availability: 'drain' });
  expect(serversOf(buildStack('web: {listen: 80, service: flask}'), cluster)).toEqual({
    'web.flask': ['worker1-flask 192.0.2.14:5000'],
  });
});

test('says when no node may run a service', () => {
  const stack = buildStack('web: {listen: 80, service: app}', [
    buildService('app', [[80, 80]], ['node.labels.disk == ssd']),
  ]);
  expect(planBackends(stack, buildCluster()).warnings).toEqual([
    'web: no node may run app: nothing will answer',
  ]);
});

test('refuses the port SSH listens on', () => {
  const stack = buildStack('web:\n  listen: 22\n  service: flask');
  expect(() => planBackends(stack, buildCluster())).toThrow(InputError);
  try {
    planBackends(stack, buildCluster());
  } catch (error) {
    expect((error as InputError).problems.map(({ line, message }) => [line, message])).toEqual([
      [2, 'port 22 is where SSH listens on lb1'],
      [2, 'port 22 is where SSH listens on lb2'],
    ]);
  }
});

test('without a stack there is nothing to balance', () => {
  expect(planBackends(undefined, buildCluster())).toEqual({
    engine: 'haproxy',
    frontends: [],
    backends: [],
    warnings: [],
  });
});

test('weights multiply, backups are marked, and names that are neither node nor service are refused', () => {
  const section =
    'web: {listen: 80, service: [fastapi, flask], weights: {worker1: 2, flask: 3}, backup: worker2}';
  const stack = buildStack(section, [
    buildService('fastapi', [[8000, 8000]]),
    buildService('flask', [[5000, 5000]]),
  ]);
  const { servers } = planBackends(stack, buildCluster()).backends[0]!;
  expect(servers.map(({ name, weight, backup }) => [name, weight ?? 1, backup ?? false])).toEqual([
    ['worker1-fastapi', 2, false],
    ['worker2-fastapi', 1, true],
    ['worker1-flask', 6, false],
    ['worker2-flask', 3, true],
  ]);
  const misspelt = buildStack('web:\n  listen: 80\n  service: flask\n  weights: {worker: 2}\n  backup: flsk');
  try {
    planBackends(misspelt, buildCluster());
    expect.unreachable();
  } catch (error) {
    expect((error as InputError).problems.map(({ line, path, next }) => [line, path, next])).toEqual([
      [4, 'x-balancer.web.weights.worker', 'did you mean "worker1"?'],
      [5, 'x-balancer.web.backup', 'did you mean "flask"?'],
    ]);
  }
});

test('servers that are all backups are none', () => {
  const stack = buildStack('web: {listen: 80, service: flask, backup: flask}');
  expect(planBackends(stack, buildCluster()).backends[0]!.servers.map(({ backup }) => backup)).toEqual([
    undefined,
    undefined,
  ]);
});

test('with NGINX nothing is said of updates that lose nothing', () => {
  const blueGreen = 'web: {listen: 80, service: flask, update: blue-green}';
  expect(planBackends(buildStack(blueGreen), buildNginxCluster()).warnings).toEqual([]);
});

test('with NGINX the plan says that nothing is checked and nothing queues', () => {
  const { warnings } = planBackends(buildStack(fullSection), buildNginxCluster());
  expect(warnings).toEqual([
    expect.stringMatching(/^web, mysql, s3: NGINX's open-source edition doesn't ask "check"/),
    expect.stringMatching(/^web, s3: NGINX isn't told that a task is about to stop/),
    expect.stringMatching(/^web: NGINX has no queue/),
  ]);
});

test('with NGINX the plan says that requests wait for no server', () => {
  const stack = buildStack('web: {listen: 80, service: flask, timeouts: {hold: 5s}}');
  const { warnings } = planBackends(stack, buildNginxCluster());
  expect(warnings).toContainEqual(expect.stringMatching(/^web: NGINX holds no requests/));
});
