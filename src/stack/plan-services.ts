/** The changes that make a stack's services as the compose file wants them. Pure. */
import { type Change, type FieldChange, type LayerPlan, layerNames } from '../plan/change.ts';
import { listAwaited } from '../plan/run-changes.ts';
import type { ObjectNames, StackAction } from './action.ts';
import { nameWithoutColor } from './blue-green.ts';
import type { ServiceDefinition, StackDefinition } from './definition.ts';
import { describeReplacement, describeUpdateInterruption, replacesTasks } from './describe-interruption.ts';
import { describeNewService, diffServices } from './diff.ts';
import type { PortConfig, ServiceSpec } from './engine-types.ts';
import type { ObservedService, StackObserved } from './observed.ts';
import { nameObjects, secretLabel } from './resolve-references.ts';
import type { NetworkNames } from './service-fields.ts';
import { findUnconverged } from './unconverged.ts';

type StackChange = Change<StackAction>;
type ChangesById = ReadonlyMap<string, StackChange>;

export interface ServicePlanContext {
  definition: StackDefinition;
  observed: StackObserved;
  networks: NetworkNames;
  names: ObjectNames;
  /** Names of services that lose a network while it is made anew. */
  uprooted: ReadonlyMap<string, string>;
  /** Ids of the changes that make networks, configs and secrets. */
  foundations: string[];
}

export const stackLayer = layerNames[4];

/** The change of a service, by its name in the swarm. */
export function serviceChangeId(name: string): string {
  return `service/${name}`;
}

/** Creates, updates, replacements and removals of services, in the order they must happen. */
export function planServices(
  context: ServicePlanContext,
): Pick<LayerPlan<StackAction>, 'changes' | 'unchanged' | 'warnings'> {
  const { definition, observed } = context;
  const changes: StackChange[] = [];
  const warnings: string[] = [];
  let unchanged = 0;
  const wanted = new Set(definition.services.map((service) => service.spec.Name));
  const tasks = Map.groupBy(observed.tasks, ({ ServiceID }) => ServiceID);
  const idsByName = new Map(observed.services.map(({ ID, Spec }) => [Spec.Name, ID]));
  for (const service of definition.services) {
    // Only its own: each service would otherwise go through the tasks of all.
    const own = tasks.get(idsByName.get(service.spec.Name) ?? '') ?? [];
    const change = planService(service, { ...context, observed: { ...observed, tasks: own } }, warnings);
    if (change) changes.push(change);
    else unchanged += 1;
  }
  for (const service of observed.services) {
    if (!wanted.has(service.Spec.Name)) changes.push(planServiceRemoval(service));
  }
  const byId = new Map(changes.map((change) => [change.id, change]));
  addDependencies(byId, definition, context.foundations);
  addPortOrder(byId, definition, observed);
  putRemovalsLast(byId, context.foundations);
  return { changes, unchanged, warnings };
}

/** Takes a service away; the compose file doesn't name it. */
export function planServiceRemoval(service: ObservedService): StackChange {
  const name = service.Spec.Name;
  return {
    id: serviceChangeId(name),
    layer: stackLayer,
    kind: 'remove',
    object: { type: 'service', name },
    title: `remove service ${name}`,
    fields: [],
    interrupts: `${name} stops`,
    after: [],
    action: { do: 'remove-service', id: service.ID, name },
  };
}

function planService(
  service: ServiceDefinition,
  context: ServicePlanContext,
  warnings: string[],
): StackChange | undefined {
  const { observed, networks, uprooted } = context;
  const { Name: name } = service.spec;
  const base = { id: serviceChangeId(name), layer: stackLayer, object: { type: 'service', name }, after: [] };
  const existing = observed.services.find((candidate) => candidate.Spec.Name === name);
  const names = chooseNames(service, existing, context);
  const desired = nameObjects(service.spec, names);
  if (!existing)
    return {
      ...base,
      kind: 'create',
      title: `create service ${name}`,
      fields: describeNewService(desired, networks).filter(isWorthTelling),
      undo: 'the service is removed',
      action: { do: 'create-service', service: service.key, names },
    };

  const fields = diffServices(existing.Spec, desired, networks);
  const startFirst = warnOfStartFirst(service.key, desired, fields);
  if (startFirst) warnings.push(startFirst);
  const mode = fields.find((field) => field.path === 'mode');
  const network = uprooted.get(name);
  if (mode || network !== undefined) {
    const why = mode
      ? 'the engine changes no service from one mode to another'
      : `its network ${network} is made anew`;
    return {
      ...base,
      kind: 'replace',
      title: `make service ${name} anew`,
      fields,
      interrupts: describeReplacement(service.key, existing, observed.tasks, why),
      action: { do: 'replace-service', service: service.key, id: existing.ID, names },
    };
  }
  const candidate = observed.candidates?.find(({ Spec }) => nameWithoutColor(Spec) === name);
  if (service.blueGreen && (candidate || fields.length > 0))
    return {
      ...base,
      kind: 'update',
      ...describeTurnOver(name, fields, candidate !== undefined),
      action: { do: 'turn-over', service: service.key, names },
    };
  if (fields.length === 0) return planConvergence(service.key, existing, observed, base, warnings);
  const interrupts = describeUpdateInterruption(
    service.key,
    existing,
    desired,
    fields,
    observed.tasks,
    observed.nodes,
  );
  return {
    ...base,
    kind: 'update',
    title: `update service ${name}`,
    fields,
    ...(interrupts !== undefined && { interrupts }),
    undo: describeUndo(desired),
    action: {
      do: 'update-service',
      service: service.key,
      id: existing.ID,
      version: existing.Version.Index,
      names,
    },
  };
}

/**
 * The objects a service is to have. Where a newer version of a secret that it needn't follow is all that differs, it
 * keeps the one it has; changed for another reason, it takes the newer one along.
 */
function chooseNames(
  { key, spec }: ServiceDefinition,
  existing: ObservedService | undefined,
  { definition, observed, networks, names }: ServicePlanContext,
): ObjectNames {
  const left = Object.entries(definition.leaves ?? {}).flatMap(([name, keys]) =>
    keys.includes(key) ? [name] : [],
  );
  if (left.length === 0) return names;
  const accepted = Object.entries(names.accepted ?? {}).filter(([name]) => !left.includes(name));
  const newest = { ...names, accepted: Object.fromEntries(accepted) };
  if (!existing) return newest;
  const mounted = new Map(
    (existing.Spec.TaskTemplate.ContainerSpec.Secrets ?? []).map((one) => [one.File?.Name, one.SecretName]),
  );
  const isVersionOf = (object: string, name: string): boolean =>
    object === name ||
    observed.secrets.some(({ Spec }) => Spec.Name === object && Spec.Labels?.[secretLabel] === name);
  const kept = { ...newest.secrets };
  for (const { SecretName, File } of spec.TaskTemplate.ContainerSpec.Secrets ?? []) {
    const has = mounted.get(File?.Name);
    if (left.includes(SecretName) && has !== undefined && isVersionOf(has, SecretName))
      kept[SecretName] = has;
  }
  const keeping = { ...newest, secrets: kept };
  return diffServices(existing.Spec, nameObjects(spec, keeping), networks).length === 0 ? keeping : newest;
}

/** In words: nothing stops, for the tasks that serve do so until others have taken over. */
function describeTurnOver(
  name: string,
  fields: FieldChange[],
  begun: boolean,
): Pick<StackChange, 'title' | 'fields' | 'undo'> {
  if (!begun && !replacesTasks(fields)) return { title: `update service ${name}`, fields };
  const title =
    fields.length === 0
      ? `take back the turn-over of service ${name} that was begun`
      : `${begun ? 'go on turning' : 'turn'} service ${name} over: new tasks beside those that serve, which stop once all balancers have turned to the new ones`;
  return {
    title,
    fields,
    undo: 'those that serve are left alone until the new ones are well; going back is a turn-over, too',
  };
}

function planConvergence(
  key: string,
  existing: ObservedService,
  observed: StackObserved,
  base: Pick<StackChange, 'id' | 'layer' | 'object' | 'after'>,
  warnings: string[],
): StackChange | undefined {
  const convergence = findUnconverged(existing, observed.tasks, observed.nodes);
  const name = existing.Spec.Name;
  if (convergence.kind === 'degraded') warnings.push(`service ${name} is degraded: ${convergence.reason}`);
  if (convergence.kind !== 'unfinished') return undefined;
  const { how, reason } = convergence;
  const titles = {
    wait: `wait until service ${name} has converged`,
    resume: `resume the paused update of service ${name}`,
    again: `start service ${name} again: it gave up`,
  };
  return {
    ...base,
    kind: 'update',
    title: titles[how],
    fields: [{ path: 'tasks', before: reason, after: 'converged' }],
    action: { do: 'converge-service', service: key, id: existing.ID, how },
  };
}

/** The few fields of a new service that one wants to see before saying yes. */
function isWorthTelling({ path }: FieldChange): boolean {
  return /^(image|mode|replicas|ports\.|volumes\.|placement\.constraints)/.test(path);
}

function describeUndo(desired: ServiceSpec): string {
  return desired.UpdateConfig?.FailureAction === 'rollback'
    ? 'the swarm rolls back by itself when a new task fails'
    : 'the swarm keeps the spec before this one: `docker service rollback`';
}

function warnOfStartFirst(key: string, desired: ServiceSpec, fields: FieldChange[]): string | undefined {
  if (desired.UpdateConfig?.Order !== 'start-first' || !replacesTasks(fields)) return undefined;
  const port = (desired.EndpointSpec?.Ports ?? []).find(({ PublishMode }) => PublishMode === 'host');
  if (!port?.PublishedPort) return undefined;
  return `${key}: start-first needs a node where host port ${port.PublishedPort} is free; without one the update waits for ever`;
}

/** Services wait for what they rest on, and for those they depend on, as far as these change at all. */
function addDependencies(changes: ChangesById, definition: StackDefinition, foundations: string[]): void {
  const names = new Map(definition.services.map(({ key, spec }) => [key, spec.Name]));
  for (const service of definition.services) {
    const change = changes.get(serviceChangeId(service.spec.Name));
    if (!change) continue;
    change.after.push(...foundations);
    for (const key of service.dependsOn) {
      const name = names.get(key);
      const needed = name === undefined ? undefined : changes.get(serviceChangeId(name));
      if (!needed || leadsTo(changes, needed.id, change.id)) continue;
      // Nothing that serves now depends on a service that is new: its users needn't wait until it has been watched.
      if (needed.kind === 'create') change.afterReady = [...(change.afterReady ?? []), needed.id];
      else change.after.push(needed.id);
    }
  }
}

/** What goes, goes once all that comes is well; only a service that needs its port can't wait for that. */
function putRemovalsLast(changes: ChangesById, foundations: string[]): void {
  const others = [...changes.values()].filter(({ kind }) => kind !== 'remove');
  for (const removal of changes.values()) {
    if (removal.kind !== 'remove') continue;
    const free = others.filter(({ id }) => !leadsTo(changes, id, removal.id));
    removal.after.push(...foundations, ...free.map(({ id }) => id));
  }
}

/** A port is free only once the service that gives it up has done so. */
function addPortOrder(changes: ChangesById, definition: StackDefinition, observed: StackObserved): void {
  const holders = new Map<string, string>();
  for (const service of observed.services) {
    for (const port of service.Spec.EndpointSpec?.Ports ?? []) holders.set(portKey(port), service.Spec.Name);
  }
  for (const { spec } of definition.services) {
    const change = changes.get(serviceChangeId(spec.Name));
    for (const port of spec.EndpointSpec?.Ports ?? []) {
      const holder = holders.get(portKey(port));
      if (!change || holder === undefined || holder === spec.Name || !port.PublishedPort) continue;
      const id = serviceChangeId(holder);
      if (!changes.has(id) || change.after.includes(id)) continue;
      if (!leadsTo(changes, id, change.id)) change.after.push(id);
    }
  }
}

function portKey(port: PortConfig): string {
  return `${port.PublishedPort ?? 0}/${port.Protocol || 'tcp'}`;
}

/** Whether `from` waits, directly or not, for `to`: then `to` must not wait for `from`. */
function leadsTo(changes: ChangesById, from: string, to: string): boolean {
  const seen = new Set<string>();
  const visit = (id: string): boolean => {
    if (id === to) return true;
    if (seen.has(id)) return false;
    seen.add(id);
    const change = changes.get(id);
    return change !== undefined && listAwaited(change).some(visit);
  };
  return visit(from);
}
