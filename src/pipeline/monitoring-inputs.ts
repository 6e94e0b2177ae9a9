/** The monitoring stack of a cluster: its compose files, with the targets that the cluster's own files name. */
import { join, resolve } from 'node:path';
import { type Cluster, managers, monitoringStack, type StackSettings } from '../cluster/cluster.ts';
import { InputError } from '../errors.ts';
import { listTargets, type MonitoringTargets, targetFiles } from '../monitoring/targets.ts';
import type { StackDefinition } from '../stack/definition.ts';
import { describeRemovedStack, type Inputs } from './inputs.ts';
import { loadBalancerModel } from './load-balancer-model.ts';
import { finishStack, readStackDraft } from './stack-draft.ts';

const folder = resolve(import.meta.dirname, '../../stacks/monitoring');

export interface MonitoringOptions extends Pick<Inputs, 'cluster' | 'env'> {
  /** With Grafana, from Docker Hub. */
  grafana: boolean;
}

/**
 * Loads the stacks of a cluster, for what is to be watched, and the monitoring stack. The password is left to whoever
 * knows the swarm.
 *
 * @throws InputError with every problem.
 */
export async function loadMonitoringInputs(options: MonitoringOptions): Promise<Inputs> {
  const { cluster: watched, env, grafana } = options;
  // One that is drained or paused takes no task.
  const place = managers(watched).find(({ availability }) => availability === 'active');
  const settings = describeStack(grafana ? ['compose.yml', 'compose.grafana.yml'] : ['compose.yml']);
  const cluster: Cluster = {
    ...watched,
    stacks: [settings],
    variables: {
      ...watched.variables,
      ...(place && { MONITORING_PLACE: `node.hostname == ${place.name}` }),
    },
  };
  const [model, draft] = await Promise.all([
    loadBalancerModel(watched, env),
    readStackDraft(settings, cluster, env),
  ]);
  if (draft.problems.length > 0) throw new InputError(draft.problems);
  const definition = fillTargets(draft.definition, listTargets(watched, model));
  const stack = await finishStack({ ...draft, definition }, cluster, { materials: undefined, makers: {} });
  return { cluster, stacks: [stack], secrets: new Map(), env };
}

/** What the removal of the monitoring of a cluster needs to know; a stack of the user's own that has its name is left alone. */
export function describeMonitoringRemoval({ cluster, env }: Pick<Inputs, 'cluster' | 'env'>): Inputs {
  const settings = describeStack(['compose.yml']);
  return {
    cluster: { ...cluster, stacks: [settings] },
    stacks: hasNamesake(cluster) ? [] : [describeRemovedStack(settings)],
    secrets: new Map(),
    env,
  };
}

function describeStack(files: string[]): StackSettings {
  return { name: monitoringStack, files: files.map((name) => join(folder, name)), keepRevisions: 1 };
}

/** Whether a stack of the user's own has the name of the monitoring's. */
export function hasNamesake({ stacks }: Pick<Cluster, 'stacks'>): boolean {
  return stacks.some(({ name }) => name === monitoringStack);
}

/** @throws InputError where a stack of the user's own has the name of the monitoring's. */
export function refuseNamesake(cluster: Cluster): void {
  if (!hasNamesake(cluster)) return;
  throw new InputError({
    file: cluster.file,
    message: `a stack of yours is called ${monitoringStack}, as the one that would watch it`,
    next: 'give it another name',
  });
}

/** The stack with its files of targets as they are for this cluster. */
export function fillTargets(definition: StackDefinition, targets: MonitoringTargets): StackDefinition {
  const configs = definition.configs.map((config) => {
    const name = targetFiles.find((one) => one === config.key);
    if (!name) return config;
    const text = `${JSON.stringify(targets[name], null, 1)}\n`;
    return { ...config, spec: { ...config.spec, Data: Buffer.from(text).toString('base64') } };
  });
  return { ...definition, configs };
}
