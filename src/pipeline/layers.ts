/** Puts the layers together for what the user wants. */
import { hasTurnOvers, markBlueGreen } from '../balancer/mark-blue-green.ts';
import { hasRotation } from '../balancer/rotation.ts';
import { createTraffic } from '../balancer/traffic.ts';
import { balancers } from '../cluster/cluster.ts';
import type { LayerName } from '../plan/change.ts';
import type { Layer } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import type { ResolveImageMode } from '../stack/image-digests.ts';
import type { Inputs } from './inputs.ts';

export interface LayerChoice {
  /** Only these; all of them unless told. */
  only?: LayerName[];
  /** Take over nodes that are in another swarm. */
  takeOver?: boolean;
  /** When registries are asked for the digests of images; never unless told. */
  resolveImage?: ResolveImageMode;
  /** What machines that can't be reached mean: `refuse` unless told; `skip` leaves them as they are, with a warning. */
  unreachable?: 'refuse' | 'skip';
  /** Who makes the changes, by which command. */
  origin?: { by: string; why: string };
}

/** The layers of a cluster, lowest first; those of the stack and the balancers only where the files name them. */
export async function createLayers(inputs: Inputs, hosts: Hosts, choice: LayerChoice = {}): Promise<Layer[]> {
  const { cluster } = inputs;
  const stack = inputs.stack && {
    ...inputs.stack,
    definition: markBlueGreen(inputs.stack.definition, cluster.balancer?.engine),
  };
  const [{ createHostsLayer }, { createSwarmLayer }, { findManager, connectManager }] = await Promise.all([
    import('../hosts/layer.ts'),
    import('../swarm/layer.ts'),
    import('../swarm/connect-manager.ts'),
  ]);
  const { unreachable = 'refuse' } = choice;
  const connectEngine = async () => (await connectManager(cluster, hosts)).engine;
  const layers: Layer[] = [
    createHostsLayer(cluster, hosts, { unreachable }),
    createSwarmLayer(cluster, hosts, { takeOver: choice.takeOver ?? false, unreachable }),
  ];
  if (stack) {
    const [
      { createImagesLayer },
      { buildLabel },
      { createSecretsLayer },
      { selectStackSecrets },
      { createStackLayer },
    ] = await Promise.all([
      import('../images/layer.ts'),
      import('../images/observed.ts'),
      import('../secrets/layer.ts'),
      import('../secrets/desired.ts'),
      import('../stack/layer.ts'),
    ]);
    layers.push(
      createImagesLayer(stack.images, cluster, hosts),
      createSecretsLayer(
        selectStackSecrets(stack.definition, stack.secrets),
        stack.definition.name,
        () => findManager(cluster, hosts),
        { file: stack.definition.file, keep: cluster.keepSecrets ?? 0 },
      ),
      createStackLayer(stack.definition, cluster, {
        connectEngine,
        ...(hasTurnOvers(stack.definition) &&
          hasRotation(cluster) && { traffic: createTraffic(stack.definition, cluster, hosts) }),
        hosts,
        images: {
          resolve: choice.resolveImage ?? 'never',
          ours: new Set(
            stack.images.images.flatMap(({ source, services }) =>
              source.kind === 'registry' ? [] : services,
            ),
          ),
          builtLabel: buildLabel,
        },
        ...(choice.origin && { origin: choice.origin }),
      }),
    );
  }
  // Where x-balancer has no machine to stand on, the layer is there to say so.
  if (balancers(cluster).length > 0 || stack?.definition.xBalancer !== undefined) {
    const { createBalancerLayer } = await import('../balancer/layer.ts');
    layers.push(
      createBalancerLayer(stack?.definition, cluster, hosts, {
        ...(stack && { materials: stack.materials }),
        unreachable,
      }),
    );
  }
  return choice.only ? layers.filter(({ name }) => choice.only!.includes(name)) : layers;
}
