/** How each host goes back to its baseline; pure. */
import type { Cluster } from '../cluster/cluster.ts';
import type { LayerPlan } from '../plan/change.ts';
import type { RemovalOptions } from '../plan/layer.ts';
import { type HostsAction, type HostsChange, makeHostChange } from './action.ts';
import type { Baseline } from './baseline.ts';
import { type HostState, type HostsObserved, readText } from './host-state.ts';
import { hasHostsBlock } from './hosts-file.ts';
import {
  baselineFiles,
  broughtPath,
  dataFolders,
  engineDropInPath,
  hostsPath,
  watchedServices,
} from './paths.ts';
import { type HostsPlanOptions, selectReached } from './plan.ts';

/**
 * The changes that undo ours on every host that has a baseline: packages we brought, files, host name, kernel
 * parameters, services. Containers' data only with `volumes`; while it is kept, the baseline stays beside it.
 */
export function planHostsRemoval(
  cluster: Cluster,
  observed: HostsObserved,
  removal: RemovalOptions,
  options: HostsPlanOptions = {},
): LayerPlan<HostsAction> {
  const { seen, warnings } = selectReached(cluster, observed, options);
  const plans = seen.map(({ node, state }) => planHostRemoval(node.name, state, removal));
  return {
    layer: 'hosts',
    changes: plans.flatMap(({ changes }) => changes),
    unchanged: plans.filter(({ changes }) => changes.length === 0).length,
    warnings: [...warnings, ...plans.flatMap((plan) => plan.warnings)],
  };
}

interface HostPlan {
  changes: HostsChange[];
  warnings: string[];
}

function planHostRemoval(host: string, state: HostState, { volumes }: RemovalOptions): HostPlan {
  const { baseline } = state;
  if (!baseline) return { changes: [], warnings: [] };
  const settings = [
    planPackages(host, state, baseline),
    // Before the files: as long as ours is there, a run that was cut short knows that there is something to set back.
    planSysctl(host, state, baseline),
    planFiles(host, state, baseline),
    planHostname(host, state, baseline),
  ].filter((change) => change !== undefined);
  const services = planServices(host, state, baseline);
  if (services) settings.push(services);
  // Each step may restart or stop what the one before it touched.
  for (const [index, change] of settings.entries()) {
    if (index > 0) change.after.push(settings[index - 1]!.id);
  }

  const data = ownDataFolders(state, baseline);
  const forget = planForget(host, settings, volumes || data.length === 0, state);
  const erase = volumes && data.length > 0 ? planData(host, data) : undefined;
  if (erase) erase.after.push(...settings.map(({ id }) => id));
  if (erase && forget) forget.after.push(erase.id);
  const warnings =
    volumes || data.length === 0
      ? warnOfForeignData(host, baseline, volumes)
      : [
          `${host}: ${data.join(' and ')} ${data.length > 1 ? 'stay' : 'stays'} with its volumes and images; kawanan down --volumes removes ${data.length > 1 ? 'them' : 'it'}`,
        ];
  return { changes: [...settings, erase, forget].filter((change) => change !== undefined), warnings };
}

/** What our installs brought, was not there before, and is still there, if only as configuration. */
function planPackages(
  host: string,
  state: HostState,
  { packages: before }: Baseline,
): HostsChange | undefined {
  const gone = ['not-installed', undefined];
  const packages = state.brought.filter((name) => {
    const now = state.packages[name];
    if (gone.includes(now)) return false;
    return before[name] === undefined || before[name] === 'not-installed'
      ? true
      : before[name] === 'config-files' && now !== 'config-files';
  });
  if (packages.length === 0) return undefined;
  const engine = packages.includes('docker.io');
  return makeHostChange(host, 'packages', {
    name: `${packages.length} packages`,
    kind: 'remove',
    title: `remove ${packages.length} packages that were installed for the cluster`,
    fields: packages.map((name) => ({ path: name, before: state.packages[name]! })),
    ...(engine ? { interrupts: `every container of ${host} ends` } : {}),
    action: {
      host,
      type: 'remove-packages',
      packages,
      purge: packages.filter((name) => before[name] !== 'config-files'),
      engine,
    },
  });
}

function planFiles(host: string, state: HostState, baseline: Baseline): HostsChange | undefined {
  const paths = baselineFiles.filter((path) => {
    const now = state.files[path];
    const before = baseline.files[path];
    // Of a file that we share with others only our part goes.
    if (path === hostsPath) return hasHostsBlock(readText(now) ?? '');
    if (path === '/etc/hostname' || before === undefined) return false;
    return now?.base64 !== before?.base64 || now?.mode !== before?.mode || now?.owner !== before?.owner;
  });
  if (paths.length === 0) return undefined;
  const staysEngine = wasInstalled(baseline, 'docker.service');
  const restart = paths.includes(engineDropInPath) && staysEngine && state.engineEnvironment !== undefined;
  return makeHostChange(host, 'files', {
    name: paths.join(', '),
    kind: 'update',
    title: 'put files back as they were',
    fields: paths.map((path) =>
      !baseline.files[path]
        ? { path, before: 'written by kawanan' }
        : { path, before: 'changed', after: 'as before' },
    ),
    ...(restart ? { interrupts: `the engine of ${host} restarts, and its containers with it` } : {}),
    action: { host, type: 'restore-files', paths, restartServices: restart ? ['docker.service'] : [] },
  });
}

function planHostname(host: string, state: HostState, baseline: Baseline): HostsChange | undefined {
  const before = readText(baseline.files['/etc/hostname'] ?? undefined)?.trim();
  const now = readText(state.files['/etc/hostname'])?.trim();
  // A name that somebody gave it since then is theirs.
  if (state.hostname !== host || (state.hostname === baseline.hostname && now === before)) return undefined;
  const restartEngine = wasInstalled(baseline, 'docker.service') && state.engineEnvironment !== undefined;
  return makeHostChange(host, 'hostname', {
    name: baseline.hostname,
    kind: 'update',
    title: 'give the host its old name back',
    fields: [{ path: 'hostname', before: state.hostname, after: baseline.hostname }],
    ...(restartEngine ? { interrupts: `the engine of ${host} restarts, and its containers with it` } : {}),
    action: { host, type: 'restore-hostname', restartEngine },
  });
}

function planSysctl(host: string, state: HostState, baseline: Baseline): HostsChange | undefined {
  if (state.files['/etc/sysctl.d/60-kawanan.conf'] === undefined) return undefined;
  const settings = Object.entries(baseline.sysctl).filter(
    ([key, before]) => state.sysctl[key] !== undefined && state.sysctl[key] !== before,
  );
  if (settings.length === 0) return undefined;
  return makeHostChange(host, 'sysctl', {
    kind: 'update',
    title: 'set kernel parameters back',
    fields: settings.map(([path, after]) => ({ path, before: state.sysctl[path]!, after })),
    action: { host, type: 'restore-sysctl', settings: Object.fromEntries(settings) },
  });
}

/** Services that were there before and stay: running and enabled again as they were. */
function planServices(host: string, state: HostState, baseline: Baseline): HostsChange | undefined {
  const switchable = ['enabled', 'disabled'];
  const services = watchedServices.flatMap((unit) => {
    const [before, now] = [baseline.services[unit], state.services[unit]];
    if (!before || !now || !wasInstalled(baseline, unit)) return [];
    const enabledDiffers = switchable.includes(before.enabled) && before.enabled !== now.enabled;
    const activeDiffers = (before.active === 'active') !== (now.active === 'active');
    if (!enabledDiffers && !activeDiffers) return [];
    return [{ unit, enabled: before.enabled === 'enabled', active: before.active === 'active' }];
  });
  if (services.length === 0) return undefined;
  return makeHostChange(host, 'services', {
    name: services.map(({ unit }) => unit).join(', '),
    kind: 'update',
    title: 'run services as before',
    fields: services.map(({ unit, enabled, active }) => ({
      path: unit,
      before: `${state.services[unit]!.active}, ${state.services[unit]!.enabled || 'disabled'}`,
      after: `${active ? 'active' : 'inactive'}, ${enabled ? 'enabled' : 'disabled'}`,
    })),
    action: { host, type: 'restore-services', services },
  });
}

/** Data folders that hold something now and held nothing before, of an engine that we brought. */
function ownDataFolders(state: HostState, baseline: Baseline): string[] {
  if (wasInstalled(baseline, 'docker.service')) return [];
  return dataFolders.filter(
    (folder) =>
      state.folders[folder] === 'filled' && ['absent', 'empty'].includes(baseline.folders[folder] ?? ''),
  );
}

function warnOfForeignData(host: string, baseline: Baseline, volumes: boolean): string[] {
  if (!volumes) return [];
  return dataFolders
    .filter((folder) => baseline.folders[folder] === 'filled' && !wasInstalled(baseline, 'docker.service'))
    .map((folder) => `${host}: ${folder} held data before the cluster came and stays`);
}

function planData(host: string, folders: string[]): HostsChange {
  return makeHostChange(host, 'data', {
    name: folders.join(', '),
    kind: 'remove',
    title: 'delete the data of the containers: volumes and images',
    fields: folders.map((path) => ({ path, before: 'present' })),
    action: { host, type: 'delete-data', folders },
  });
}

function planForget(
  host: string,
  settings: HostsChange[],
  complete: boolean,
  state: HostState,
): HostsChange | undefined {
  const idle = settings.length === 0;
  // Kept for `down --volumes`: nothing left but data, and the baseline that says the data is ours.
  if (!complete && idle && state.files[broughtPath] === undefined) return undefined;
  const forget = makeHostChange(host, 'baseline', {
    kind: 'remove',
    title: complete ? 'remove what is left of kawanan' : 'tidy up; the baseline stays with the data',
    action: { host, type: 'forget-host', keepOwnFolder: !complete },
  });
  forget.after.push(...settings.map(({ id }) => id));
  return forget;
}

function wasInstalled(baseline: Baseline, unit: string): boolean {
  return baseline.services[unit]?.load === 'loaded';
}
