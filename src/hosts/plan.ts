/** What each host still needs; pure. */
import { type Cluster, type ClusterNode, swarmNodes } from '../cluster/cluster.ts';
import type { EngineName } from '../cluster/engine-name.ts';
import { CombinedError, InputError } from '../errors.ts';
import type { LayerPlan } from '../plan/change.ts';
import { describeFile, type HostsAction, type HostsChange, makeHostChange } from './action.ts';
import { engineDropIn, engineVariable } from './engine-drop-in.ts';
import { findNodesWithoutIpvs, type HostState, type HostsObserved, readText } from './host-state.ts';
import { renderHostsBlock, replaceHostsBlock } from './hosts-file.ts';
import { missingPackages, unfinishedPackages } from './packages.ts';
import { engineConfigPath, engineDropInPath, hostsPath, sysctlPath } from './paths.ts';
import { checkSystem } from './supported-systems.ts';
import { renderSysctlFile, wantedSysctl } from './sysctl.ts';
import { findWarnings } from './warnings.ts';

export interface HostsPlanOptions {
  /** What a host that can't be reached means: `refuse` (unless told) ends the plan, `skip` leaves it out with a warning. */
  unreachable?: 'refuse' | 'skip';
}

/** One node with what was read of it. */
interface Seen {
  node: ClusterNode;
  state: HostState;
}

/**
 * The changes that make every host ready for its role. Those of one host follow each other, hosts go side by side;
 * only restarts of running engines go one host after the other.
 *
 * @throws `InputError` naming every host that kawanan can't work on; the connection's own error for a host that
 *   couldn't be reached.
 */
export function planHosts(
  cluster: Cluster,
  observed: HostsObserved,
  options: HostsPlanOptions = {},
): LayerPlan<HostsAction> {
  const { seen, warnings } = selectReached(cluster, observed, options);
  refuseUnfit(seen);
  const block = renderHostsBlock(cluster);
  const balancing = cluster.balancer?.engine ?? 'haproxy';
  let unchanged = 0;
  const changes: HostsChange[] = [];
  for (const one of seen) {
    const planned = planHost(one, block, balancing);
    unchanged += planned.unchanged;
    changes.push(...planned.changes);
  }
  const engines = new Set(swarmNodes(cluster).map(({ name }) => name));
  const nodesWithoutIpvs = findNodesWithoutIpvs(observed).filter((name) => engines.has(name));
  return {
    layer: 'hosts',
    changes: chainRestarts(changes),
    unchanged,
    warnings: [...warnings, ...findWarnings(seen, balancing)],
    ...(nodesWithoutIpvs.length > 0 && { nodesWithoutIpvs }),
  };
}

/** The hosts that were read; the others refused or skipped as the options say. */
export function selectReached(
  cluster: Cluster,
  observed: HostsObserved,
  { unreachable = 'refuse' }: HostsPlanOptions,
): { seen: Seen[]; warnings: string[] } {
  const seen: Seen[] = [];
  const errors: unknown[] = [];
  const warnings: string[] = [];
  for (const node of cluster.nodes) {
    const state = observed.nodes[node.name];
    if (state?.kind === 'reached') seen.push({ node, state });
    else if (state) {
      errors.push(state.error);
      warnings.push(`${node.name} can't be reached and is left as it is`);
    }
  }
  if (errors.length > 0 && (unreachable === 'refuse' || seen.length === 0)) {
    throw errors.length === 1
      ? errors[0]
      : new CombinedError(`${errors.length} hosts can't be reached`, errors);
  }
  return { seen, warnings };
}

function refuseUnfit(seen: Seen[]): void {
  const problems = seen.flatMap(({ node, state }) => [
    ...checkSystem(node.name, state),
    ...(node.role === 'balancer' ? [] : checkEngineConfig(node.name, state)),
  ]);
  if (problems.length > 0) throw new InputError(problems);
}

/** What the user's own daemon.json must not say. */
function checkEngineConfig(
  host: string,
  state: HostState,
): { host: string; message: string; next: string }[] {
  const text = readText(state.files[engineConfigPath]);
  if (text === undefined || text.trim() === '') return [];
  let config: Record<string, unknown>;
  try {
    config = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return [
      {
        host,
        message: `${engineConfigPath} is not JSON`,
        next: 'mend it; the engine does not start with it',
      },
    ];
  }
  if (config['live-restore'] !== true) return [];
  return [
    {
      host,
      message: `${engineConfigPath} sets "live-restore", and such an engine joins no swarm`,
      next: 'remove that line, then: systemctl restart docker',
    },
  ];
}

/** The changes of one host; each aspect that needs none counts as unchanged. */
function planHost(
  { node, state }: Seen,
  block: string,
  balancing: EngineName,
): { changes: HostsChange[]; unchanged: number } {
  const host = node.name;
  const baseline = state.baseline
    ? []
    : [
        makeChange(host, 'baseline', {
          kind: 'create',
          title: 'record what the host is like before the first change',
          action: { host, type: 'write-baseline' },
        }),
      ];
  const [hostsFile, hostname] = [planHostsFile(node, state, block), planHostname(node, state)];
  // A host that can't resolve its own name makes sudo wait for a name server at each command.
  if (hostsFile && hostname) hostname.after.push(hostsFile.id);
  const settings = [planSysctl(node, state), hostsFile, hostname];
  if (node.role !== 'balancer') settings.push(planEngineDropIn(node, state));
  const repair = planRepair(node, state);
  const install = planInstall(node, state, balancing);
  const start = node.role === 'balancer' || install ? undefined : planStart(node, state);

  // Settings come before packages, so that an engine starts once, with its name and its variables.
  const ordered = [...settings, repair].filter((change) => change !== undefined);
  for (const change of ordered) change.after.push(...baseline.map(({ id }) => id));
  const last = [install, start].filter((change) => change !== undefined);
  for (const change of last) change.after.push(...[...baseline, ...ordered].map(({ id }) => id));

  const changes = [...baseline, ...ordered, ...last];
  const aspects = node.role === 'balancer' ? 5 : 7;
  return { changes, unchanged: aspects - changes.filter((change) => change !== repair).length };
}

/** A change on the way up: `down` is its undo. */
function makeChange(host: string, type: string, draft: Parameters<typeof makeHostChange>[2]): HostsChange {
  return makeHostChange(host, type, { undo: '`kawanan down` restores it from the baseline', ...draft });
}

function planSysctl(node: ClusterNode, state: HostState): HostsChange | undefined {
  const settings = wantedSysctl(node.role);
  const content = renderSysctlFile(settings);
  const file = readText(state.files[sysctlPath]);
  const differing = Object.entries(settings).filter(
    ([key, value]) => state.sysctl[key] !== undefined && state.sysctl[key] !== value,
  );
  // In a container some keys belong to the machine around it: once they were tried, a warning is all that is left.
  const pending = state.container !== undefined && file === content ? [] : differing;
  if (file === content && pending.length === 0) return undefined;
  return makeChange(node.name, 'sysctl', {
    name: sysctlPath,
    kind: file === undefined ? 'create' : 'update',
    title: 'set kernel parameters',
    fields: [
      ...(file === content ? [] : [describeFile(sysctlPath, file !== undefined)]),
      ...pending.map(([key, after]) => ({ path: key, before: state.sysctl[key]!, after })),
    ],
    action: { host: node.name, type: 'write-sysctl', content, settings },
  });
}

function planHostname(node: ClusterNode, state: HostState): HostsChange | undefined {
  const configured = readText(state.files['/etc/hostname'])?.trim() ?? '';
  if (state.hostname === node.name && configured === node.name) return undefined;
  const before = state.hostname === node.name ? configured : state.hostname;
  const restartEngine = isEngineRunning(state) && state.hostname !== node.name;
  return makeChange(node.name, 'hostname', {
    name: node.name,
    kind: 'update',
    title: 'set the host name',
    fields: [{ path: 'hostname', before: before === '' ? '(none)' : before, after: node.name }],
    ...(restartEngine
      ? { interrupts: `the engine of ${node.name} restarts, and its containers with it` }
      : {}),
    action: { host: node.name, type: 'set-hostname', hostname: node.name, restartEngine },
  });
}

function planHostsFile(node: ClusterNode, state: HostState, block: string): HostsChange | undefined {
  const content = readText(state.files[hostsPath]);
  if (content !== undefined && replaceHostsBlock(content, block) === content) return undefined;
  return makeChange(node.name, 'hosts-file', {
    name: hostsPath,
    kind: content === undefined ? 'create' : 'update',
    title: 'write the names of all nodes',
    fields: [describeFile(hostsPath, content?.includes('# kawanan:') ?? false)],
    action: { host: node.name, type: 'write-hosts-file', block },
  });
}

function planEngineDropIn(node: ClusterNode, state: HostState): HostsChange | undefined {
  const content = readText(state.files[engineDropInPath]);
  const running = isEngineRunning(state);
  const stale = running && !(state.engineEnvironment ?? []).includes(engineVariable);
  if (content === engineDropIn && !stale) return undefined;
  return makeChange(node.name, 'engine-settings', {
    name: engineDropInPath,
    kind: content === undefined ? 'create' : 'update',
    title: 'let the engine start tasks from the images that are on its node',
    fields: [
      ...(content === engineDropIn ? [] : [describeFile(engineDropInPath, content !== undefined)]),
      ...(stale ? [{ path: 'running engine', before: 'without', after: engineVariable }] : []),
    ],
    ...(stale ? { interrupts: `the engine of ${node.name} restarts, and its containers with it` } : {}),
    action: { host: node.name, type: 'write-engine-drop-in', content: engineDropIn, restartEngine: stale },
  });
}

function planRepair(node: ClusterNode, state: HostState): HostsChange | undefined {
  const unfinished = unfinishedPackages(state);
  if (unfinished.length === 0 && !state.dpkgInterrupted) return undefined;
  return makeChange(node.name, 'package-repair', {
    kind: 'update',
    title: 'finish an interrupted installation of packages',
    fields: unfinished.map((name) => ({ path: name, before: state.packages[name]!, after: 'installed' })),
    action: { host: node.name, type: 'repair-packages' },
  });
}

function planInstall(node: ClusterNode, state: HostState, balancing: EngineName): HostsChange | undefined {
  const packages = missingPackages(node.role, state, balancing);
  if (packages.length === 0) return undefined;
  return makeChange(node.name, 'packages', {
    name: packages.join(', '),
    kind: 'create',
    title: `install ${packages.join(', ')}`,
    fields: packages.map((name) => ({ path: name, after: 'installed' })),
    undo: '`kawanan down` removes what this brings',
    action: { host: node.name, type: 'install-packages', packages, engine: node.role !== 'balancer' },
  });
}

function planStart(node: ClusterNode, state: HostState): HostsChange | undefined {
  const unit = state.services['docker.service'];
  // An engine that is started through its socket needn't be enabled itself, but a node must come back by itself.
  const enabled = unit?.enabled === 'enabled' || unit?.enabled === 'static' || unit?.enabled === 'generated';
  const active = unit?.active === 'active';
  if (enabled && active) return undefined;
  return makeChange(node.name, 'engine', {
    name: 'docker.service',
    kind: 'update',
    title: 'start the engine, now and at boot',
    fields: [
      ...(active ? [] : [{ path: 'active', before: unit?.active ?? 'inactive', after: 'active' }]),
      ...(enabled ? [] : [{ path: 'enabled', before: unit?.enabled || 'disabled', after: 'enabled' }]),
    ],
    action: { host: node.name, type: 'start-engine' },
  });
}

function isEngineRunning(state: HostState): boolean {
  return state.services['docker.service']?.active === 'active';
}

/** Engines that run restart one after the other: side by side they would take every service down at once. */
function chainRestarts(changes: HostsChange[]): HostsChange[] {
  const restarts = changes.filter(({ action }) => 'restartEngine' in action && action.restartEngine);
  for (const [index, change] of restarts.entries()) {
    const before = restarts[index - 1];
    if (before && !change.after.includes(before.id)) change.after.push(before.id);
  }
  return changes;
}
