/** What the node exporters need; pure. */
import type { Cluster, ClusterNode } from '../cluster/cluster.ts';
import type { LayerPlan } from '../plan/change.ts';
import type { EarlierPlans } from '../plan/layer.ts';
import {
  type ExporterAction,
  type ExporterChange,
  type ExporterState,
  type ExportersObserved,
  passwordSecret,
} from './exporters.ts';
import {
  dropInPath,
  exporterPackage,
  exporterUnit,
  renderExporterDropIn,
  secretLine,
  webConfigPath,
} from './render-exporter.ts';

/** One change for each machine whose exporter isn't as wanted; side by side. */
export function planExporters(
  cluster: Cluster,
  observed: ExportersObserved,
  earlier: EarlierPlans,
): LayerPlan<ExporterAction> {
  // One that this very run is about to make isn't on any machine yet, whatever its name.
  const password = isPasswordComing(earlier) ? undefined : observed.password;
  return collect(cluster, observed, (node, state) => {
    const dropIn = renderExporterDropIn(node.address);
    const fields = [
      ...(state.installed ? [] : [{ path: exporterPackage, after: 'installed' }]),
      ...(state.dropIn === dropIn ? [] : [describeFile(dropInPath, state.dropIn)]),
      ...(password && state.webConfig === secretLine(password)
        ? []
        : [describeFile(webConfigPath, state.webConfig)]),
      ...(state.active || !state.installed
        ? []
        : [{ path: exporterUnit, before: 'stopped', after: 'running' }]),
    ];
    if (fields.length === 0) return undefined;
    return {
      id: `exporter:${node.name}`,
      layer: 'exporters',
      kind: state.dropIn === undefined ? 'create' : 'update',
      object: { type: 'exporter', name: exporterPackage, host: node.name },
      title: state.installed ? 'set up the node exporter' : 'install the node exporter',
      fields,
      undo: '`kawanan monitor down` removes it',
      after: [],
      action: {
        do: 'set-up',
        host: node.name,
        address: node.address,
        dropIn,
        install: !state.installed,
      },
    };
  });
}

/** Takes away what we put there; a node exporter that was there before runs again as it did. */
export function planExporterRemoval(
  cluster: Cluster,
  observed: ExportersObserved,
): LayerPlan<ExporterAction> {
  return collect(cluster, observed, (node, state) => {
    const isOurs = state.installed && state.brought;
    if (!isOurs && state.dropIn === undefined && state.webConfig === undefined) return undefined;
    // On the record, and gone already: a removal that was cut short.
    const purge = state.brought;
    return {
      id: `exporter:${node.name}`,
      layer: 'exporters',
      kind: 'remove',
      object: { type: 'exporter', name: exporterPackage, host: node.name },
      title: purge ? 'remove the node exporter' : 'let the node exporter run as before',
      fields: [],
      after: [],
      action: { do: 'remove', host: node.name, purge },
    };
  });
}

function collect(
  cluster: Cluster,
  observed: ExportersObserved,
  plan: (node: ClusterNode, state: ExporterState) => ExporterChange | undefined,
): LayerPlan<ExporterAction> {
  const changes: ExporterChange[] = [];
  const warnings: string[] = [];
  let unchanged = 0;
  for (const node of cluster.nodes) {
    const state = observed.nodes[node.name];
    if (state?.kind !== 'reached') {
      warnings.push(`${node.name} can't be reached; its node exporter stays as it is`);
      continue;
    }
    const change = plan(node, state);
    if (change) changes.push(change);
    else unchanged++;
  }
  return { layer: 'exporters', changes, unchanged, warnings };
}

/** Whether the layer of secrets makes a version of the password. */
function isPasswordComing(earlier: EarlierPlans): boolean {
  return (earlier.get('secrets')?.changes ?? []).some(({ action }) => {
    const made = action as { do?: string; secret?: string };
    return made.do === 'create' && made.secret === passwordSecret;
  });
}

function describeFile(path: string, before: string | undefined) {
  return before === undefined ? { path, after: 'written' } : { path, before: 'differs', after: 'as wanted' };
}
