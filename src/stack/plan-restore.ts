/** What takes back the changes of a run that failed: every service it touched to its former spec. Pure. */
import type { Change, FieldChange, LayerPlan } from '../plan/change.ts';
import type { StackAction } from './action.ts';
import type { StackDefinition } from './definition.ts';
import { diffServices } from './diff.ts';
import type { ServiceSpec } from './engine-types.ts';
import type { ObservedService, StackObserved } from './observed.ts';
import { readNetworkNames } from './plan.ts';
import { planServiceRemoval, serviceChangeId, stackLayer } from './plan-services.ts';
import { nameObjects, resolveReferences } from './resolve-references.ts';
import { listRevisions, readRevision, restoreDefinition } from './revision.ts';
import { findUnconverged } from './unconverged.ts';

type StackChange = Change<StackAction>;

export interface FailedRun {
  /** What was wanted. */
  definition: Pick<StackDefinition, 'name' | 'services'>;
  /** Names of the services that the run changed, made, removed or waited for. */
  touched: ReadonlySet<string>;
  /** What was there when the run was planned. */
  before: StackObserved;
  now: StackObserved;
}

/** Services that are new are removed first: they may hold the ports of those that come back. */
export function planRestore(run: FailedRun): LayerPlan<StackAction> {
  const { before, now } = run;
  const stackName = run.definition.name;
  const wanted = run.definition.services.map(({ spec }) => spec.Name);
  const networks = readNetworkNames({ networks: [...before.networks, ...now.networks] });
  const revision = readNewestSpecs(stackName, now);
  const goesOn = isContinuation(run, revision, networks);
  const touched = goesOn ? new Set([...run.touched, ...wanted]) : run.touched;
  const removals: StackChange[] = [];
  const restorations: StackChange[] = [];
  const warnings: string[] = [];
  let unchanged = 0;
  for (const name of [...touched].sort()) {
    const blueGreen = run.definition.services.find(({ spec, blueGreen }) => blueGreen && spec.Name === name);
    const begun = now.candidates?.some(({ Spec }) => Spec.Name === name) ?? false;
    const was = before.services.find((service) => service.Spec.Name === name);
    const is = now.services.find((service) => service.Spec.Name === name);
    const kept = revision.get(name);
    const found = was && (!goesOn || !wanted.includes(name)) ? was : undefined;
    const healthy = found !== undefined && isWell(found, before);
    const former = healthy || !kept ? found && nameNetworks(found.Spec, networks) : kept;
    if (!former) {
      if (is) removals.push({ ...planServiceRemoval(is), title: `remove service ${name} again` });
      continue;
    }
    const fields = is ? diffServices(is.Spec, former, networks) : [];
    if (is && fields.length === 0 && !begun && (!healthy || isWell(is, now))) {
      // As it was; where it wasn't well then, nothing that we know would mend it.
      unchanged += 1;
      continue;
    }
    const verify = healthy || kept !== undefined;
    if (!verify)
      warnings.push(`service ${name} was not well before this run either: that it is again isn't waited for`);
    if (blueGreen && is && !fields.some(({ path }) => path === 'mode')) {
      restorations.push(buildTurnBack(name, blueGreen.key, former, fields));
      continue;
    }
    restorations.push({
      id: serviceChangeId(name),
      layer: stackLayer,
      kind: is ? 'update' : 'create',
      object: { type: 'service', name },
      title: `bring service ${name} back to what it was`,
      fields,
      after: [],
      action: {
        do: 'restore-service',
        ...(is && { id: is.ID }),
        anew: fields.some(({ path }) => path === 'mode'),
        newPorts: fields.some(({ path }) => path.startsWith('ports.') || path === 'endpoint_mode'),
        spec: former,
        verify,
      },
    });
  }
  for (const change of restorations) change.after = removals.map(({ id }) => id);
  return { layer: stackLayer, changes: [...removals, ...restorations], unchanged, warnings };
}

/** Nobody is to notice the way back either. */
function buildTurnBack(name: string, service: string, spec: ServiceSpec, fields: FieldChange[]): StackChange {
  return {
    id: serviceChangeId(name),
    layer: stackLayer,
    kind: 'update',
    object: { type: 'service', name },
    title: `turn service ${name} back to what it was`,
    fields,
    after: [],
    action: { do: 'turn-over', service, names: { secrets: {}, configs: {} }, spec },
  };
}

/**
 * Whether the run went on with what one that was killed had begun: what was found wasn't well, and isn't what the
 * newest revision says either. Then all that is as wanted by now may be that one's work, and goes back with ours.
 */
function isContinuation(
  { touched, before }: FailedRun,
  revision: ReadonlyMap<string, ServiceSpec>,
  networks: ReadonlyMap<string, string>,
): boolean {
  if (revision.size === 0) return false;
  return before.services.some((service) => {
    const { Name } = service.Spec;
    if (!touched.has(Name) || isWell(service, before)) return false;
    const kept = revision.get(Name);
    return !kept || diffServices(service.Spec, kept, new Map(networks)).length > 0;
  });
}

function isWell(service: ObservedService, observed: StackObserved): boolean {
  return findUnconverged(service, observed.tasks, observed.nodes).kind !== 'unfinished';
}

/** Where a network was made anew meanwhile, its name still leads to it. */
function nameNetworks(spec: ServiceSpec, names: ReadonlyMap<string, string>): ServiceSpec {
  const { Networks } = spec.TaskTemplate;
  if (!Networks) return spec;
  const named = Networks.map((network) => ({
    ...network,
    Target: names.get(network.Target) ?? network.Target,
  }));
  return { ...spec, TaskTemplate: { ...spec.TaskTemplate, Networks: named } };
}

/**
 * The services of the newest revision: what is gone back to where a run that was killed left a service half changed,
 * for what this run found there was never seen to work.
 */
function readNewestSpecs(stackName: string, now: StackObserved): Map<string, ServiceSpec> {
  const newest = listRevisions(stackName, now.configs)[0];
  if (!newest) return new Map();
  try {
    const definition = restoreDefinition(readRevision(newest), `revision ${newest.number}`);
    const { names, problems } = resolveReferences(definition, now, new Map());
    if (problems.length > 0) return new Map();
    return new Map(definition.services.map(({ spec }) => [spec.Name, nameObjects(spec, names)]));
  } catch {
    return new Map();
  }
}
