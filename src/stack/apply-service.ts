/** Creates and updates services, and waits until each is really as wanted. */
import { UserError } from '../errors.ts';
import type { FieldChange } from '../plan/change.ts';
import type { Progress } from '../plan/layer.ts';
import { toAuthHeader } from '../registry/credentials.ts';
import type { ObjectNames, StackAction } from './action.ts';
import { type ApplyContext, findByKey, refusal } from './apply-context.ts';
import { removeService } from './apply-removal.ts';
import { type ConvergeTarget, convergeService } from './converge.ts';
import { replacesTasks } from './describe-interruption.ts';
import { diffServices } from './diff.ts';
import { isOutOfSequence } from './engine-errors.ts';
import type { ServiceSpec } from './engine-types.ts';
import { isOneShot } from './judge-service.ts';
import { addUnlistedNetworks, dropNulls } from './observe.ts';
import type { ObservedConfig, ObservedNetwork, ObservedSecret, ObservedService } from './observed.ts';
import { readNetworkNames } from './plan.ts';
import { nameObjects } from './resolve-references.ts';
import { readMissingNetwork, restoreNetworks } from './restore-networks.ts';
import { withoutDigest } from './service-fields.ts';

type ActionOf<Kind extends StackAction['do']> = Extract<StackAction, { do: Kind }>;

const updateAttempts = 4;
const createAttempts = 3;

export async function createService(
  context: ApplyContext,
  action: { service: string; names: ObjectNames },
  progress: Progress,
): Promise<void> {
  const desired = nameObjects(findByKey(context.definition.services, action.service).spec, action.names);
  await createFromSpec(context, desired, progress);
}

/** Creates a service of this spec, its objects by name, and waits until it is well. */
export async function createFromSpec(
  context: ApplyContext,
  spec: ServiceSpec,
  progress: Progress,
): Promise<void> {
  const id = await postNewService(context, spec, progress);
  await converge(context, { id, name: spec.Name, after: 'create' }, progress);
}

/** Brings a service to this spec, its objects by name, whatever was made of it, and waits until it is well. */
export async function updateToSpec(
  context: ApplyContext,
  id: string,
  wanted: ServiceSpec,
  progress: Progress,
): Promise<void> {
  const { spec, networks } = await fillIds(context, wanted);
  const posted = await postSpec(context, id, wanted.Name, async (now) => {
    const names = readNetworkNames({ networks: await addUnlistedNetworks(context.engine, networks, [now]) });
    const fields = diffServices(now.Spec, wanted, names);
    if (fields.length === 0) return undefined;
    return keepEngineChoices(spec, now.Spec, hasNewPorts(fields));
  });
  await converge(context, { id, name: wanted.Name, after: posted ? 'update' : 'wait' }, progress);
}

function hasNewPorts(fields: FieldChange[]): boolean {
  return fields.some(({ path }) => path.startsWith('ports.') || path === 'endpoint_mode');
}

async function postNewService(
  context: ApplyContext,
  desired: ServiceSpec,
  progress: Progress,
): Promise<string> {
  context.touched.add(desired.Name);
  for (let attempt = 1; ; attempt++) {
    const [{ spec }, authconfig] = await Promise.all([
      fillIds(context, desired),
      findAuthHeader(context, desired),
    ]);
    try {
      // Two arguments: of one, dockerode makes a login, too.
      const answer = (await context.engine.createService(authconfig as never, spec as never)) as unknown as {
        ID?: string;
        id?: string;
      };
      return (answer.ID ?? answer.id)!;
    } catch (error) {
      const missing = readMissingNetwork(error);
      if (missing === undefined || attempt >= createAttempts)
        throw refusal(
          `create the service ${spec.Name}`,
          error,
          'mend it in the compose file, or run `kawanan plan` to see what is there now',
        );
      await restoreNetworks(context, desired, missing, progress);
    }
  }
}

/** Removes a service that can't be changed into what is wanted, and creates it anew. */
export async function replaceService(
  context: ApplyContext,
  action: ActionOf<'replace-service'>,
  progress: Progress,
): Promise<void> {
  await removeService(context, action.id, action.service, progress);
  await createService(context, action, progress);
}

/**
 * Updates a service to the wanted spec.
 *
 * @throws UserError when it moved since the plan: what was shown and agreed to is no longer what would happen.
 */
export async function updateService(
  context: ApplyContext,
  action: ActionOf<'update-service'>,
  planned: FieldChange[],
  progress: Progress,
): Promise<void> {
  const desired = nameObjects(findByKey(context.definition.services, action.service).spec, action.names);
  const { spec, networks } = await fillIds(context, desired);
  const newPorts = hasNewPorts(planned);
  const runsAgain = isOneShot({ Spec: spec }) && replacesTasks(planned);
  const posted = await postSpec(context, action.id, spec.Name, async (now) => {
    const names = readNetworkNames({ networks: await addUnlistedNetworks(context.engine, networks, [now]) });
    const left = diffServices(now.Spec, desired, names);
    if (left.length === 0) return undefined;
    if (now.Version.Index !== action.version && !sameFields(left, planned)) throw movedError(spec.Name);
    return keepEngineChoices(spec, now.Spec, newPorts || runsAgain);
  });
  await converge(context, { id: action.id, name: spec.Name, after: posted ? 'update' : 'wait' }, progress);
}

/** Brings a service back to a former spec, whatever was made of it. */
export async function restoreService(
  context: ApplyContext,
  action: ActionOf<'restore-service'>,
  progress: Progress,
): Promise<void> {
  const { spec: former, verify } = action;
  const name = former.Name;
  if (action.id !== undefined && action.anew) await removeService(context, action.id, name, progress);
  if (action.id === undefined || action.anew) {
    const id = await postNewService(context, former, progress);
    if (verify) await converge(context, { id, name, after: 'create' }, progress);
    return;
  }
  const { spec, networks } = await fillIds(context, former);
  const posted = await postSpec(context, action.id, name, async (now) => {
    const names = readNetworkNames({ networks: await addUnlistedNetworks(context.engine, networks, [now]) });
    if (diffServices(now.Spec, former, names).length === 0) return undefined;
    return keepEngineChoices(spec, now.Spec, action.newPorts);
  });
  if (verify) await converge(context, { id: action.id, name, after: posted ? 'update' : 'wait' }, progress);
}

/** Brings the tasks of a service to its spec, which is as wanted already. */
export async function convergeExisting(
  context: ApplyContext,
  action: ActionOf<'converge-service'>,
  progress: Progress,
): Promise<void> {
  const { spec } = findByKey(context.definition.services, action.service);
  context.touched.add(spec.Name);
  if (action.how !== 'wait') {
    await postSpec(context, action.id, spec.Name, async ({ Spec }) => {
      if (action.how === 'resume') return Spec;
      const force = (Spec.TaskTemplate.ForceUpdate ?? 0) + 1;
      return { ...Spec, TaskTemplate: { ...Spec.TaskTemplate, ForceUpdate: force } };
    });
  }
  await converge(
    context,
    { id: action.id, name: spec.Name, after: action.how === 'resume' ? 'update' : 'wait' },
    progress,
  );
}

/** Posts a spec made from the service as it is now; whether it had to. The engine refuses if it moves in between. */
async function postSpec(
  context: ApplyContext,
  id: string,
  name: string,
  makeSpec: (now: ObservedService) => Promise<ServiceSpec | undefined>,
): Promise<boolean> {
  const service = context.engine.getService(id);
  for (let attempt = 1; ; attempt++) {
    try {
      const now = dropNulls<ObservedService>(await service.inspect());
      const body = await makeSpec(now);
      if (!body) return false;
      context.touched.add(name);
      // Where none is sent, the swarm keeps the one it has.
      const authconfig = await findAuthHeader(context, body);
      const options = { _query: { version: now.Version.Index }, _body: body };
      await service.update(...([authconfig, options] as never as [never]));
      return true;
    } catch (error) {
      if (isOutOfSequence(error) && attempt < updateAttempts) continue;
      if (isOutOfSequence(error)) throw movedError(name);
      throw refusal(`update the service ${name}`, error, 'run `kawanan plan` to see what is there now');
    }
  }
}

/** The login for a service's image, as dockerode takes it. */
async function findAuthHeader({ findLogin }: ApplyContext, { TaskTemplate }: ServiceSpec) {
  return toAuthHeader(await findLogin?.(TaskTemplate.ContainerSpec.Image));
}

function converge(
  context: ApplyContext,
  service: { id: string; name: string; after: ConvergeTarget['after'] },
  progress: Progress,
): Promise<void> {
  const { engine, snapshots, limits } = context;
  return convergeService(
    {
      engine,
      snapshots,
      limits,
      serviceId: service.id,
      serviceName: service.name,
      since: performance.now(),
      after: service.after,
    },
    progress,
  );
}

/** The spec with the ids of its networks, secrets and configs, which the engine wants, as they are now. */
async function fillIds(
  { engine }: ApplyContext,
  spec: ServiceSpec,
): Promise<{ spec: ServiceSpec; networks: ObservedNetwork[] }> {
  const [networks, secrets, configs] = (await Promise.all([
    engine.listNetworks(),
    engine.listSecrets(),
    engine.listConfigs(),
  ])) as unknown as [ObservedNetwork[], ObservedSecret[] | null, ObservedConfig[] | null];
  const swarmNetworks = networks.filter((network) => network.Scope === 'swarm');
  const networkIds = new Map(swarmNetworks.map((network) => [network.Name, network.Id]));
  const secretIds = new Map((secrets ?? []).map((secret) => [secret.Spec.Name, secret.ID]));
  const configIds = new Map((configs ?? []).map((config) => [config.Spec.Name, config.ID]));
  const find = (ids: Map<string, string>, type: string, name: string): string => {
    const id = ids.get(name);
    if (id !== undefined) return id;
    throw new UserError(`${spec.Name} needs the ${type} ${name}, which is gone from the swarm`, {
      next: 'run the same command again: it makes what is missing',
    });
  };
  const container = { ...spec.TaskTemplate.ContainerSpec };
  if (container.Secrets)
    container.Secrets = container.Secrets.map((reference) => ({
      ...reference,
      SecretID: find(secretIds, 'secret', reference.SecretName),
    }));
  if (container.Configs)
    container.Configs = container.Configs.map((reference) => ({
      ...reference,
      ConfigID: find(configIds, 'config', reference.ConfigName),
    }));
  const task = { ...spec.TaskTemplate, ContainerSpec: container };
  if (task.Networks)
    task.Networks = task.Networks.map((network) => ({
      ...network,
      Target: networkIds.get(network.Target) ?? network.Target,
    }));
  return { spec: { ...spec, TaskTemplate: task }, networks: swarmNetworks };
}

/**
 * The wanted spec with what the engine or an earlier `docker` command added and the compose file doesn't speak of.
 * New ports count as a forced update: the swarm keeps tasks on their old ports when constraints change along with them
 * (swarmkit `IsTaskDirty`), and a task doesn't tell which ports it was made for. So does the new run of a one-shot:
 * the task of an earlier run may have had the very same spec.
 */
function keepEngineChoices(spec: ServiceSpec, now: ServiceSpec, forced: boolean): ServiceSpec {
  const task = { ...spec.TaskTemplate };
  const before = now.TaskTemplate;
  const force = (before.ForceUpdate ?? 0) + (forced ? 1 : 0);
  if (force > 0) task.ForceUpdate = force;
  // A digest in place of the tag alone would be a new task for the same image.
  if (
    [before.ContainerSpec.Image, withoutDigest(before.ContainerSpec.Image)].includes(task.ContainerSpec.Image)
  ) {
    task.ContainerSpec = { ...task.ContainerSpec, Image: before.ContainerSpec.Image };
    if (before.Placement?.Platforms && !task.Placement?.Platforms)
      task.Placement = { ...task.Placement, Platforms: before.Placement.Platforms };
  }
  return { ...spec, TaskTemplate: task };
}

function sameFields(a: FieldChange[], b: FieldChange[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function movedError(name: string): UserError {
  return new UserError(`the service ${name} was changed by someone else since the plan was made`, {
    next: 'run the same command again: it plans from what is there now',
  });
}
