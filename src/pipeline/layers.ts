/** Puts the layers together for what the user wants. */
import { hasTurnOvers, markBlueGreen } from '../balancer/mark-blue-green.ts';
import { balancers } from '../cluster/cluster.ts';
import type { LayerName } from '../plan/change.ts';
import type { Layer } from '../plan/layer.ts';
import type { FindLogin } from '../registry/credentials.ts';
import type { Hosts } from '../remote/host.ts';
import type { ResolveImageMode } from '../stack/image-digests.ts';
import { listOthers, readDeployedStacks, readOtherStacks } from './deployed-stacks.ts';
import type { Inputs, StackInputs } from './inputs.ts';

export interface LayerChoice {
  /** Only these; all of them unless told. */
  only?: LayerName[];
  /** Take over nodes that are in another swarm. */
  takeOver?: boolean;
  /** When registries are asked for the digests of images; never unless told. */
  resolveImage?: ResolveImageMode;
  /** Logins at registries, and whether services' go into the swarm; nobody logs in unless told. */
  logins?: { find: FindLogin; inSwarm: boolean };
  /** What machines that can't be reached mean: `refuse` unless told; `skip` leaves them as they are, with a warning. */
  unreachable?: 'refuse' | 'skip';
  /** The stack among the inputs stands beside those of the cluster file. */
  aside?: boolean;
  /** The stacks among the inputs are to go. */
  removing?: boolean;
  /** Who makes the changes, by which command. */
  origin?: { by: string; why: string };
}

/** What `deploy` brings to what the files say: all but the machines and the swarm. */
export const deployedLayers: LayerName[] = ['images', 'secrets', 'stack', 'balancer'];

/**
 * The layers of a cluster, lowest first; those of stacks and balancers only where the files name them. Each of several
 * stacks has images and services of its own; secrets and balancers are the cluster's. Stacks of the cluster that aren't
 * among the inputs stay as they are, and the balancers go on serving them.
 */
export async function createLayers(inputs: Inputs, hosts: Hosts, choice: LayerChoice = {}): Promise<Layer[]> {
  const { cluster, stacks } = inputs;
  const { unreachable = 'refuse' } = choice;
  const isWanted = (name: LayerName): boolean => choice.only?.includes(name) ?? true;
  const layers: Layer[] = [];
  if (isWanted('hosts')) {
    const { createHostsLayer } = await import('../hosts/layer.ts');
    layers.push(createHostsLayer(cluster, hosts, { unreachable }));
  }
  if (isWanted('swarm')) {
    const { createSwarmLayer } = await import('../swarm/layer.ts');
    layers.push(createSwarmLayer(cluster, hosts, { takeOver: choice.takeOver ?? false, unreachable }));
  }
  if (stacks.length > 0) {
    const parts = await Promise.all(stacks.map((stack) => createStackLayers(stack, inputs, hosts, choice)));
    layers.push(...parts.map(({ images }) => images));
    layers.push(await createClusterSecretsLayer(inputs, hosts));
    layers.push(...parts.map(({ stack }) => stack));
  }
  const balanced = stacks.some(({ definition }) => definition.xBalancer !== undefined);
  // Where x-balancer has no machine to stand on, the layer is there to say so.
  if (balancers(cluster).length > 0 || balanced) {
    const { createBalancerLayer } = await import('../balancer/layer.ts');
    // Those that go are served no more.
    const served = choice.removing ? [] : stacks;
    const others = listOthers(inputs);
    layers.push(
      createBalancerLayer(served, cluster, hosts, {
        others: () => readDeployedStacks(others, cluster, hosts, inputs.env),
        unreachable,
      }),
    );
  }
  return layers.filter(({ name }) => isWanted(name));
}

/** What each stack has for itself. */
async function createStackLayers(
  stack: StackInputs,
  inputs: Inputs,
  hosts: Hosts,
  choice: LayerChoice,
): Promise<{ images: Layer; stack: Layer }> {
  const { cluster } = inputs;
  const [{ connectManager }, { createImagesLayer }, { buildLabel }, { createStackLayer }] = await Promise.all(
    [
      import('../swarm/connect-manager.ts'),
      import('../images/layer.ts'),
      import('../images/observed.ts'),
      import('../stack/layer.ts'),
    ],
  );
  const definition = markBlueGreen(stack.definition, cluster.balancer?.engine);
  const ofStack = cluster.stacks.length > 1 ? { stack: definition.name } : {};
  const stackLayer = createStackLayer(definition, cluster, {
    connectEngine: async () => (await connectManager(cluster, hosts)).engine,
    tellsForgotten: !choice.aside && stack === inputs.stacks[0],
    ...(hasTurnOvers(definition) &&
      balancers(cluster).length > 0 && {
        findTraffic: async () =>
          (await import('../balancer/traffic.ts')).createTraffic(definition, cluster, hosts),
      }),
    hosts,
    images: {
      resolve: choice.resolveImage ?? 'never',
      ours: new Set(
        stack.images.images.flatMap(({ source, services }) => (source.kind === 'registry' ? [] : services)),
      ),
      builtLabel: buildLabel,
    },
    ...(choice.logins && { logins: choice.logins }),
    ...(choice.origin && { origin: choice.origin }),
  });
  const imagesLayer = createImagesLayer(stack.images, cluster, hosts, {
    findLogin: choice.logins?.find,
    ...(choice.removing && { others: () => readOtherStacks(inputs, hosts) }),
  });
  return {
    images: { ...imagesLayer, ...ofStack },
    stack: { ...stackLayer, ...ofStack },
  };
}

/** The secrets of all stacks that are wanted: one that several use is made once, for the first of them. */
async function createClusterSecretsLayer({ cluster, stacks, secrets }: Inputs, hosts: Hosts): Promise<Layer> {
  const [{ findManager }, { createSecretsLayer }, { selectStackSecrets }] = await Promise.all([
    import('../swarm/connect-manager.ts'),
    import('../secrets/layer.ts'),
    import('../secrets/desired.ts'),
  ]);
  const definitions = stacks.map(({ definition }) => definition);
  const first = definitions[0]!;
  const ownerOf = (secret: string): string =>
    (definitions.find(({ external }) => external.secrets.includes(secret)) ?? first).name;
  return createSecretsLayer(
    selectStackSecrets(definitions, secrets),
    first.name,
    () => findManager(cluster, hosts),
    {
      placeOf: (secret) => {
        const { file, locate } =
          definitions.find(({ external }) => external.secrets.includes(secret)) ?? first;
        return { file, ...locate?.(['secrets', secret]) };
      },
      ...(cluster.secretsFile !== undefined && { secretsFile: cluster.secretsFile }),
      keep: cluster.keepSecrets ?? 0,
      ...(cluster.stacks.length > 1 && {
        stackNames: cluster.stacks.map(({ name }) => name),
        deploying: definitions.map(({ name }) => name),
        ownerOf,
      }),
    },
  );
}
