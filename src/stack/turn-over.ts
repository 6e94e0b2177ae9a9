/** Updates a service by a second one beside it, which takes over on the balancers once it is well. */
import type { FieldChange } from '../plan/change.ts';
import type { Progress } from '../plan/layer.ts';
import type { Traffic } from '../plan/traffic.ts';
import type { StackAction } from './action.ts';
import { type ApplyContext, findByKey } from './apply-context.ts';
import { removeService } from './apply-removal.ts';
import { createFromSpec, updateToSpec } from './apply-service.ts';
import {
  type BlueGreenPorts,
  type Color,
  findPair,
  nameInColor,
  nameWithoutColor,
  otherColor,
  paintSpec,
  readColor,
} from './blue-green.ts';
import { convergeService } from './converge.ts';
import { replacesTasks } from './describe-interruption.ts';
import { diffServices } from './diff.ts';
import type { ServiceSpec } from './engine-types.ts';
import { isAlive } from './list-stayers.ts';
import { addUnlistedNetworks, listStackServices } from './observe.ts';
import type { ObservedNetwork, ObservedService } from './observed.ts';
import { readNetworkNames } from './plan.ts';
import { nameObjects } from './resolve-references.ts';

export interface TurnOver {
  /** Key in the compose file. */
  service: string;
  /** As the compose file has it, objects by name. */
  spec: ServiceSpec;
  ports: BlueGreenPorts;
}

/**
 * Brings a service to a spec without a moment in which nobody serves. Looks at what is there at each step, so that a
 * run that was killed is gone on with, wherever it was:
 *
 * 1. the second set of tasks takes nothing on any balancer, is made (or brought to the spec), and becomes well;
 * 2. all balancers turn over to it at once; what the first set works on, it finishes;
 * 3. the first set is removed.
 *
 * When the set that serves is as wanted already, whatever stands beside it goes the same way.
 *
 * @throws UserError when the new tasks don't become well: the old ones serve on, and were never left.
 */
export async function turnOver(context: ApplyContext, wanted: TurnOver, progress: Progress): Promise<void> {
  const { service, spec, ports } = wanted;
  for (const color of ['blue', 'green'] as const) context.touched.add(nameInColor(spec.Name, color));
  const { serving, candidate } = findPair(
    spec.Name,
    await listStackServices(context.engine, context.definition.name),
  );
  if (!serving) {
    await createFromSpec(context, spec, progress);
    return;
  }
  const isWanted = async (one: ObservedService): Promise<boolean> =>
    (await listDifferences(context, wanted, one)).length === 0;
  const current = readColor(serving.Spec);
  if (await isWanted(serving)) {
    await waitUntilWell(context, serving, progress);
    if (candidate) await shift(context, { service, to: serving, from: candidate }, progress);
    return;
  }
  const next = otherColor(current);
  if (!candidate && !replacesTasks(await listDifferences(context, wanted, serving))) {
    await updateToSpec(context, serving.ID, paintSpec(spec, current, ports), progress);
    return;
  }
  if (!candidate || !(await isWanted(candidate))) {
    progress.report(`making sure that the ${next} tasks get no requests yet`);
    await context.traffic?.hold({ service, serving: current, holding: next }, progress);
    const painted = paintSpec(spec, next, ports);
    if (candidate) await updateToSpec(context, candidate.ID, painted, progress);
    else await createFromSpec(context, painted, progress);
  }
  const made = await findColor(context, spec.Name, next);
  // A run that was killed may not have seen it become well.
  if (candidate) await waitUntilWell(context, made, progress);
  await shift(context, { service, to: made, from: serving }, progress);
}

interface Shift {
  service: string;
  to: ObservedService;
  from: ObservedService;
}

async function shift(context: ApplyContext, { service, to, from }: Shift, progress: Progress): Promise<void> {
  const [next, current] = [readColor(to.Spec), readColor(from.Spec)];
  const traffic: Traffic | undefined = context.traffic;
  const nodes = await listRunningNodes(context, to);
  await traffic?.turn({ service, to: next, from: current, nodes }, progress);
  progress.report(`stopping the ${current} tasks`);
  await removeService(context, from.ID, from.Spec.Name, progress);
  await traffic?.release({ service, color: current });
}

async function listRunningNodes({ snapshots }: ApplyContext, service: ObservedService): Promise<string[]> {
  const { tasks, nodes } = await snapshots.read(performance.now());
  const running = tasks.filter(
    (task) => task.ServiceID === service.ID && isAlive(task) && task.Status.State === 'running',
  );
  return nodes
    .filter(({ id }) => running.some(({ NodeID }) => NodeID === id))
    .map(({ hostname }) => hostname);
}

async function findColor(context: ApplyContext, name: string, color: Color): Promise<ObservedService> {
  const services = await listStackServices(context.engine, context.definition.name);
  const found = services.find(({ Spec }) => nameWithoutColor(Spec) === name && readColor(Spec) === color);
  if (!found) throw new Error(`the ${color} service of ${name} is gone`);
  return found;
}

/** What differs between a service of either color and what is wanted of it. */
async function listDifferences(
  { engine }: ApplyContext,
  { spec, ports }: TurnOver,
  service: ObservedService,
): Promise<FieldChange[]> {
  const networks = (await engine.listNetworks()) as unknown as ObservedNetwork[];
  const swarmNetworks = networks.filter(({ Scope }) => Scope === 'swarm');
  const names = readNetworkNames({ networks: await addUnlistedNetworks(engine, swarmNetworks, [service]) });
  return diffServices(service.Spec, paintSpec(spec, readColor(service.Spec), ports), names);
}

function waitUntilWell(context: ApplyContext, service: ObservedService, progress: Progress): Promise<void> {
  const { engine, snapshots, limits } = context;
  const since = performance.now();
  return convergeService(
    {
      engine,
      snapshots,
      limits,
      serviceId: service.ID,
      serviceName: service.Spec.Name,
      since,
      after: 'wait',
    },
    progress,
  );
}

/** What a turn-over is told by its action: the spec of the compose file, unless it names another. */
export function describeTurnOver(
  { definition }: Pick<ApplyContext, 'definition'>,
  { service, names, spec }: Extract<StackAction, { do: 'turn-over' }>,
): TurnOver {
  const { blueGreen, spec: own } = findByKey(definition.services, service);
  if (!blueGreen) throw new Error(`${service} is not updated blue-green`);
  return { service, spec: spec ?? nameObjects(own, names), ports: blueGreen };
}
