import { describe, expect, test } from 'vitest';
import { planBackends } from '../../src/balancer/backends.ts';
import { listTargets } from '../../src/monitoring/targets.ts';
import { buildCluster, buildStack } from '../balancer/examples.ts';

const stack = buildStack(
  '{web: {listen: 80, service: flask}, db: {listen: 3306, mode: tcp, service: mysql}}',
);
const cluster = buildCluster();
const model = planBackends(stack, cluster);

describe('the targets of a cluster', () => {
  test('are its machines, its balancers, and its frontends at the virtual address', () => {
    expect(listTargets(cluster, model)).toEqual({
      nodes: [
        ['lb1', '192.0.2.11', 'balancer'],
        ['lb2', '192.0.2.12', 'balancer'],
        ['manager1', '192.0.2.13', 'manager'],
        ['worker1', '192.0.2.14', 'worker'],
        ['worker2', '192.0.2.15', 'worker'],
      ].map(([node, address, role]) => ({
        targets: [`${address}:9100`],
        labels: { instance: node, node, role },
      })),
      balancers: [
        { targets: ['192.0.2.11:8404'], labels: { instance: 'lb1', node: 'lb1' } },
        { targets: ['192.0.2.12:8404'], labels: { instance: 'lb2', node: 'lb2' } },
      ],
      nginx: [],
      frontends: [
        {
          targets: ['http://192.0.2.20:80/'],
          labels: { instance: 'web@192.0.2.20', frontend: 'web', vip: '192.0.2.20', __param_module: 'http' },
        },
        {
          targets: ['192.0.2.20:3306'],
          labels: { instance: 'db@192.0.2.20', frontend: 'db', vip: '192.0.2.20', __param_module: 'tcp' },
        },
      ],
    });
  });

  test('are status pages where the balancers run NGINX', () => {
    const { balancers, nginx } = listTargets(cluster, { ...model, engine: 'nginx' });
    expect([balancers.length, nginx.length]).toEqual([0, 2]);
  });

  test('leave out statistics that balancers keep to themselves', () => {
    const shy = buildCluster({
      balancer: { engine: 'haproxy', failover: 'safe', privateStatistics: true },
    });
    expect(listTargets(shy, model).balancers).toEqual([]);
  });

  test('are the frontends of each balancer where there is no virtual address', () => {
    const single = buildCluster({ balancer: { engine: 'haproxy', failover: 'safe' } });
    const targets = listTargets(single, model).frontends.flatMap((group) => group.targets);
    expect(targets).toEqual([
      'http://192.0.2.11:80/',
      '192.0.2.11:3306',
      'http://192.0.2.12:80/',
      '192.0.2.12:3306',
    ]);
  });
});
