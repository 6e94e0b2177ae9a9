/** The real world of rotations: the swarm, the secrets file, the stack layer, tasks of services. */
import { InputError, UserError } from '../errors.ts';
import type { LayerPlan } from '../plan/change.ts';
import type { Hosts } from '../remote/host.ts';
import { chooseStrategy } from '../rotation/definition.ts';
import type { Strategy } from '../rotation/strategy.ts';
import { openValueFile } from '../rotation/value-file.ts';
import type { RotationWorld } from '../rotation/world.ts';
import { createSwarmSecrets } from '../secrets/swarm-secrets.ts';
import { createSnapshotSource } from '../stack/snapshots.ts';
import { connectManager } from '../swarm/connect-manager.ts';
import type { Inputs, StackInputs } from './inputs.ts';
import { createLayers } from './layers.ts';
import { applyAndVerify, planLayers, type Walk } from './run.ts';
import { readSecretInTask, runInTask, type TaskRunner } from './run-in-task.ts';

export interface RotationSetting {
  inputs: Inputs;
  hosts: Hosts;
  env: NodeJS.ProcessEnv;
  /** `anna@laptop`. */
  by: string;
  signal: AbortSignal;
  show: Walk['show'];
  /** Called before services are changed: keeps the lock. */
  beforeChanges?: () => Promise<unknown>;
  tell: (message: string) => void;
}

export interface OpenRotations {
  world: RotationWorld;
  stack: StackInputs;
  /** The strategy of a secret. */
  find: (secret: string) => Strategy;
  /** What is to do in the stack without any rotation. */
  planStack(): Promise<LayerPlan>;
}

/** @throws UserError where the cluster has no stack, no swarm or no secrets file. */
export async function openRotations(setting: RotationSetting): Promise<OpenRotations> {
  const { inputs, hosts, env, by, signal, show, beforeChanges, tell } = setting;
  const { cluster, stack } = inputs;
  if (!stack) throw new UserError('the cluster file names no stack', { next: 'add "stack:" to it' });
  if (cluster.secretsFile === undefined)
    throw new InputError({
      file: cluster.file,
      message: 'the cluster file names no secrets file, in which new values could be kept',
      next: 'add "secrets: secrets.yml" to it; kawanan secrets init writes one',
    });
  const { engine } = await connectManager(cluster, hosts);
  const { definition, rotations } = stack;
  const layers = () =>
    createLayers(inputs, hosts, { only: ['stack'], origin: { by, why: 'secrets rotate' } });
  const snapshots = createSnapshotSource(engine, definition.name);
  const runner: TaskRunner = {
    stackName: definition.name,
    hosts,
    signal,
    read: () => snapshots.read(performance.now()),
  };
  const world: RotationWorld = {
    stackName: definition.name,
    swarm: createSwarmSecrets(engine),
    values: openValueFile(cluster.secretsFile, { variables: cluster.variables, env }),
    roll: async () => {
      const walk: Walk = { layers: await layers(), signal, show, ...(beforeChanges && { beforeChanges }) };
      await applyAndVerify(walk, await planLayers(walk));
    },
    runInTask: (command) => runInTask(runner, command),
    readFromTask: (_secret, objectName) => readSecretInTask(runner, objectName),
    now: () => new Date(),
    by,
    tell,
    signal,
  };
  return {
    world,
    stack,
    find: (secret) => chooseStrategy(secret, rotations, definition),
    planStack: async () => {
      const [plan] = await planLayers({ layers: await layers(), signal });
      return plan!;
    },
  };
}
