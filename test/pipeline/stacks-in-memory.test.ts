import type Docker from 'dockerode';
import { expect, test } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { applyAndVerify, planLayers, planRemovals, removeLayers } from '../../src/pipeline/run.ts';
import type { Layer } from '../../src/plan/layer.ts';
import type { StackDefinition } from '../../src/stack/definition.ts';
import type { ServiceSpec } from '../../src/stack/engine-types.ts';
import { createStackLayer } from '../../src/stack/layer.ts';
import { buildCluster } from '../balancer/examples.ts';

interface Stored {
  ID: string;
  Spec: { Name: string; Labels?: Record<string, string> };
}

/** A manager of a swarm in memory, whose tasks run at once: as much of the Engine API as the stack layer asks. */
function createFakeManager() {
  let nextId = 1;
  const networks: { Id: string; Name: string; Labels?: Record<string, string> }[] = [];
  const configs: Stored[] = [];
  const services: (Stored & { Spec: ServiceSpec })[] = [];
  const log: string[] = [];
  const labelled = (labels: Record<string, string> | undefined, options?: { filters?: string }): boolean => {
    const [wanted] = (JSON.parse(options?.filters ?? '{}') as { label?: string[] }).label ?? [];
    const [name = '', value] = wanted?.split('=') ?? [];
    return wanted === undefined || labels?.[name] === value;
  };
  const forget = <Item>(items: Item[], found: Item | undefined, what: string): void => {
    if (!found) throw Object.assign(new Error('not found'), { statusCode: 404 });
    items.splice(items.indexOf(found), 1);
    log.push(`remove ${what}`);
  };
  const engine = {
    listNodes: async () => [
      {
        ID: 'n1',
        Spec: { Role: 'worker', Availability: 'active' },
        Description: { Hostname: 'worker1' },
        Status: { State: 'ready' },
      },
    ],
    listNetworks: async () => structuredClone(networks),
    listConfigs: async () => structuredClone(configs),
    listSecrets: async () => [],
    listServices: async (options?: { filters?: string }) =>
      structuredClone(services.filter(({ Spec }) => labelled(Spec.Labels, options))),
    listTasks: async (options?: { filters?: string }) =>
      services
        .filter(({ Spec }) => labelled(Spec.Labels, options))
        .map(({ ID, Spec }) => ({
          ID: `task-${ID}`,
          CreatedAt: '2026-01-01T00:00:00Z',
          ServiceID: ID,
          Slot: 1,
          NodeID: 'n1',
          Spec: structuredClone(Spec.TaskTemplate),
          DesiredState: 'running',
          Status: { State: 'running', Timestamp: '2026-01-01T00:00:00Z' },
        })),
    createNetwork: async (spec: { Name: string }) => {
      networks.push({ ...spec, Id: `network${nextId++}`, Scope: 'swarm' } as never);
      log.push(`create network ${spec.Name}`);
    },
    getNetwork: (id: string) => ({
      inspect: async () => networks.find(({ Id }) => Id === id),
      remove: async () => {
        const users = services.filter(({ Spec }) =>
          Spec.TaskTemplate.Networks?.some(({ Target }) => Target === id),
        );
        if (users.length > 0) throw Object.assign(new Error('network is in use'), { statusCode: 400 });
        const found = networks.find(({ Id }) => Id === id);
        forget(networks, found, `network ${found?.Name}`);
      },
    }),
    createConfig: async ({ _body }: { _body: Stored['Spec'] }) => {
      configs.push({ ID: `config${nextId++}`, Spec: _body });
      log.push(`create config ${_body.Name}`);
    },
    getConfig: (id: string) => ({
      remove: async () => {
        const found = configs.find(({ ID }) => ID === id);
        forget(configs, found, `config ${found?.Spec.Name}`);
      },
    }),
    createService: async (_auth: unknown, spec: ServiceSpec) => {
      const ID = `service${nextId++}`;
      const at = '2026-01-01T00:00:00Z';
      const created = {
        ID,
        Version: { Index: 1 },
        CreatedAt: at,
        UpdatedAt: at,
        Spec: structuredClone(spec),
      };
      services.push(created as never);
      log.push(`create service ${spec.Name}`);
      return { ID };
    },
    getService: (id: string) => ({
      inspect: async () => structuredClone(services.find(({ ID }) => ID === id)),
      remove: async () => {
        const found = services.find(({ ID }) => ID === id);
        forget(services, found, `service ${found?.Spec.Name}`);
      },
    }),
  };
  return { engine: engine as never as Docker, networks, configs, services, log };
}

const cluster: Cluster = buildCluster({ stacks: ['blog', 'shop'].map((name) => ({ name, files: [] })) });

/** A stack of one service on the network `shared`, which it makes or only uses. */
function describeStack(name: string, makes: boolean): StackDefinition {
  const labels = { 'com.docker.stack.namespace': name };
  const spec: ServiceSpec = {
    Name: `${name}_web`,
    Labels: labels,
    TaskTemplate: {
      ContainerSpec: { Image: 'app:1', Labels: labels },
      Networks: [{ Target: 'shared', Aliases: ['web'] }],
    },
    Mode: { Replicated: { Replicas: 1 } },
    UpdateConfig: { Monitor: 1e6 } as never,
  };
  return {
    name,
    file: `/${name}.yml`,
    networks: makes ? [{ key: 'net', spec: { Name: 'shared', Driver: 'overlay', Labels: labels } }] : [],
    configs: [],
    secrets: [],
    services: [{ key: 'web', spec, dependsOn: [] }],
    external: { networks: makes ? [] : ['shared'], configs: [], secrets: [] },
    warnings: [],
  };
}

function walkOf(engine: Docker, ...stacks: StackDefinition[]) {
  const layers = stacks.map(
    (definition): Layer => ({
      ...createStackLayer(definition, cluster, { connectEngine: async () => engine, limits: { pollMs: 1 } }),
      stack: definition.name,
    }),
  );
  const show = (_: unknown, work: (onEvent: () => void) => Promise<void>): Promise<void> => work(() => {});
  return { layers, signal: new AbortController().signal, show };
}

const shop = describeStack('shop', true);
const blog = describeStack('blog', false);

test('stacks that share a network come up in one run, one is refused to go, and both go in the other order', async () => {
  const { engine, log, ...world } = createFakeManager();
  const both = walkOf(engine, shop, blog);
  await applyAndVerify(both, await planLayers(both));
  expect(log.splice(0)).toEqual([
    'create network shared',
    'create service shop_web',
    'create config kawanan.revision.shop.1',
    'create service blog_web',
    'create config kawanan.revision.blog.1',
  ]);
  expect((await planLayers(both)).flatMap(({ changes }) => changes)).toEqual([]);

  const alone = { volumes: false, stacks: ['shop'] };
  await expect(planRemovals(walkOf(engine, shop), alone)).rejects.toThrow('makes a network that others use');
  expect(log).toEqual([]);

  const together = { volumes: false, stacks: ['shop', 'blog'] };
  await planRemovals(both, together);
  await removeLayers(both, together);
  expect(log.splice(0).sort()).toEqual([
    'remove config kawanan.revision.blog.1',
    'remove config kawanan.revision.shop.1',
    'remove network shared',
    'remove service blog_web',
    'remove service shop_web',
  ]);
  expect(world).toEqual({ networks: [], configs: [], services: [] });
});

test('what went is deployed again at once, and one that stays is not touched', async () => {
  const { engine, log } = createFakeManager();
  const both = walkOf(engine, shop, blog);
  await applyAndVerify(both, await planLayers(both));
  log.splice(0);
  for (let round = 0; round < 3; round++) {
    const one = walkOf(engine, blog);
    await removeLayers(one, { volumes: false, stacks: ['blog'] });
    await applyAndVerify(one, await planLayers(one));
    expect(log.splice(0).sort()).toEqual([
      'create config kawanan.revision.blog.1',
      'create service blog_web',
      'remove config kawanan.revision.blog.1',
      'remove service blog_web',
    ]);
  }
});
