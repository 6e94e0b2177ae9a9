/** The layers of the monitoring stack: its images, password and services, and the node exporters of all machines. */
import type Docker from 'dockerode';
import { type Cluster, monitoringStack } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import { type PasswordVersion, passwordSecret } from '../monitoring/exporters.ts';
import { refuseStranger, selectOurs } from '../monitoring/our-services.ts';
import type { Layer } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import { SecretValue } from '../secrets/secret-value.ts';
import type { ObservedService } from '../stack/observed.ts';
import type { Inputs } from './inputs.ts';
import { createLayers, type LayerChoice } from './layers.ts';

/** Long and of letters only: it goes through shells, URLs and files of others. */
const passwordShape = { length: 32, charset: 'alphanumeric' } as const;

/**
 * The layers, lowest first. The password is made once and lives in the swarm alone: everything that needs it is there.
 * Where somebody else's stack has the name, a removal leaves it alone.
 *
 * @throws UserError where it has and ours is wanted.
 */
export async function createMonitoringLayers(
  inputs: Inputs,
  hosts: Hosts,
  choice: LayerChoice = {},
): Promise<Layer[]> {
  const [
    { connectManager, findManager },
    { createSwarmSecrets },
    { findNewestVersion },
    { generateValue },
    { createExportersLayer },
    { createMonitoringRunner },
    { readSecretInTask },
  ] = await Promise.all([
    import('../swarm/connect-manager.ts'),
    import('../secrets/swarm-secrets.ts'),
    import('../secrets/plan.ts'),
    import('../secrets/generate-value.ts'),
    import('../monitoring/layer.ts'),
    import('./monitoring-runner.ts'),
    import('./run-in-task.ts'),
  ]);
  // What is to go needs no password, nor a manager to ask for it.
  const isWanted = inputs.stacks.some(({ definition }) =>
    definition.external.secrets.includes(passwordSecret),
  );
  const namesakes = await findNamesakes(inputs.cluster, hosts);
  if (isWanted) refuseStranger(namesakes);
  const isFree = namesakes.length === 0 || selectOurs(namesakes).length > 0;
  const findPassword = async (): Promise<PasswordVersion | undefined> => {
    if (!isWanted) return undefined;
    const manager = await findManager(inputs.cluster, hosts);
    if (manager.kind === 'absent') return undefined;
    return findNewestVersion(passwordSecret, await createSwarmSecrets(manager.engine).list())?.secret;
  };
  const made =
    !isWanted || (await findPassword()) ? undefined : new SecretValue(generateValue(passwordShape));
  const secrets = new Map(made ? [[passwordSecret, made]] : []);
  const readPassword = async ({ name }: PasswordVersion): Promise<SecretValue> => {
    if (made) return made;
    const { engine } = await connectManager(inputs.cluster, hosts);
    const runner = createMonitoringRunner(engine, hosts, new AbortController().signal);
    const value = await readSecretInTask(runner, name);
    if (value) return value;
    throw new UserError(`the value of ${name} can't be read: no task that has it runs`, {
      next: '`kawanan monitor down --keep-history`, then `kawanan monitor up` makes a new one',
    });
  };
  const stacks = isFree ? inputs.stacks : [];
  const layers = await createLayers({ ...inputs, stacks, secrets }, hosts, {
    ...choice,
    aside: true,
    only: ['images', 'secrets', 'stack'],
  });
  return [
    // Beside those of the cluster's own stacks, where all of them go, they are told by name.
    ...(isWanted ? layers : layers.map(nameStack)),
    createExportersLayer(inputs.cluster, hosts, { findPassword, readPassword }),
  ];
}

/** The services of the monitoring; none where the swarm has none, or where the stack of its name is somebody else's. */
export async function listMonitoringServices(engine: Docker): Promise<ObservedService[]> {
  return selectOurs(await listNamesakes(engine));
}

/** The services of the stack of our name, whosever it is; none where no manager answers. */
async function findNamesakes(cluster: Cluster, hosts: Hosts): Promise<ObservedService[]> {
  const { findManager } = await import('../swarm/connect-manager.ts');
  const manager = await findManager(cluster, hosts).catch((error: unknown) => {
    // Whether that is a failure is for the layers to say.
    if (error instanceof UserError) return undefined;
    throw error;
  });
  return manager?.kind === 'found' ? listNamesakes(manager.engine) : [];
}

async function listNamesakes(engine: Docker): Promise<ObservedService[]> {
  const [{ askSwarm }, { listStackServices }] = await Promise.all([
    import('../stack/ask-swarm.ts'),
    import('../stack/observe.ts'),
  ]);
  return askSwarm(listStackServices(engine, monitoringStack));
}

function nameStack(layer: Layer): Layer {
  return layer.name === 'secrets' ? layer : { ...layer, stack: monitoringStack };
}
