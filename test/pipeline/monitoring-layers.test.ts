import type Docker from 'dockerode';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { describeMonitoringRemoval, loadMonitoringInputs } from '../../src/pipeline/monitoring-inputs.ts';
import { createMonitoringLayers } from '../../src/pipeline/monitoring-layers.ts';
import type { Host, Hosts } from '../../src/remote/host.ts';
import type { ObservedService } from '../../src/stack/observed.ts';
import { buildCluster } from '../balancer/examples.ts';
import { makeService, makeSpec } from '../stack/builders.ts';

const cluster = buildCluster();

/** Machines whose manager knows these services, and no secret. */
function buildHosts(services: ObservedService[]): Hosts {
  const engine = {
    listNodes: async () => [],
    listServices: async () => services,
    listSecrets: async () => [],
    listTasks: async () => [],
  } as unknown as Docker;
  return { connect: async () => ({ engine: () => engine }) as unknown as Host, close: async () => {} };
}

function buildService(image: string): ObservedService {
  return makeService(
    makeSpec('prometheus', (spec) => {
      spec.TaskTemplate.ContainerSpec.Image = image;
    }),
  );
}

const ours = buildService('monitoring/server:1.0-0123456789ab');
const stranger = buildService('prom/prometheus:v3');

const removal = (hosts: Hosts, stacks = cluster.stacks) =>
  createMonitoringLayers(describeMonitoringRemoval({ cluster: { ...cluster, stacks }, env: {} }), hosts);
const nameAll = async (layers: ReturnType<typeof removal>): Promise<string[]> =>
  (await layers).map(({ name }) => name);
const all = ['images', 'secrets', 'stack', 'exporters'];

test('what goes with the monitoring is all of it', async () => {
  expect(await nameAll(removal(buildHosts([ours])))).toEqual(all);
});

test('what is left of it without services goes, too', async () => {
  expect(await nameAll(removal(buildHosts([])))).toEqual(all);
});

test('where nobody answers the layers themselves say so', async () => {
  const connect = () => Promise.reject(new UserError('no route'));
  expect(await nameAll(removal({ connect, close: async () => {} }))).toEqual(all);
});

test("somebody else's stack of that name is left alone, whether the cluster file knows it or not", async () => {
  expect(await nameAll(removal(buildHosts([stranger])))).toEqual(['exporters']);
  const stacks = [{ name: 'monitoring', files: ['/work/monitoring.yml'] }];
  expect(await nameAll(removal(buildHosts([]), stacks))).toEqual(['exporters']);
});

test("nothing of it is planned over somebody else's stack of that name", async () => {
  const inputs = await loadMonitoringInputs({ cluster, env: {}, grafana: false });
  expect(await nameAll(createMonitoringLayers(inputs, buildHosts([ours])))).toEqual(all);
  await expect(createMonitoringLayers(inputs, buildHosts([stranger]))).rejects.toMatchObject({
    message:
      'the swarm has a stack called monitoring that is not the one of `kawanan monitor`; nothing was changed',
    details: ['its services: stk_prometheus'],
  });
});
