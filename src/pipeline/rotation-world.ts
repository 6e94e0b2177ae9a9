/** The real world of rotations: the swarm, the secrets file, the stack layer, tasks of services. */
import { InputError, UserError } from '../errors.ts';
import type { Change, LayerName } from '../plan/change.ts';
import type { Hosts } from '../remote/host.ts';
import { chooseStrategy } from '../rotation/definition.ts';
import type { Strategy } from '../rotation/strategy.ts';
import { openValueFile } from '../rotation/value-file.ts';
import type { RotationWorld } from '../rotation/world.ts';
import { createSwarmSecrets } from '../secrets/swarm-secrets.ts';
import { createSnapshotSource } from '../stack/snapshots.ts';
import { connectManager } from '../swarm/connect-manager.ts';
import { holdWhileRestarting } from './hold-restarts.ts';
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
  /** Those whose services move. */
  stacks: StackInputs[];
  /** The strategy of a secret. */
  find: (secret: string) => Strategy;
  /** What is to do in the stacks without any rotation. */
  planStack(): Promise<Change[]>;
}

/** @throws UserError where the cluster has no stack, no swarm or no secrets file. */
export async function openRotations(setting: RotationSetting): Promise<OpenRotations> {
  const { inputs, hosts, env, by, signal, show, beforeChanges, tell } = setting;
  const { cluster, stacks } = inputs;
  if (stacks.length === 0)
    throw new UserError('the cluster file names no stack', { next: 'add "stack:" to it' });
  if (cluster.secretsFile === undefined)
    throw new InputError({
      file: cluster.file,
      message: 'the cluster file names no secrets file, in which new values could be kept',
      next: 'add "secrets: secrets.yml" to it; kawanan secrets init writes one',
    });
  const { engine } = await connectManager(cluster, hosts);
  const layers = (...only: LayerName[]) =>
    createLayers(inputs, hosts, { only, origin: { by, why: 'secrets rotate' } });
  const runners = new Map(
    stacks.map(({ definition: { name: stackName } }) => {
      const snapshots = createSnapshotSource(engine, stackName);
      const read = () => snapshots.read(performance.now());
      return [stackName, { stackName, hosts, signal, read } satisfies TaskRunner];
    }),
  );
  const stackOf = (secret: string): string => findDeclaring(secret, stacks).definition.name;
  const world: RotationWorld = {
    stackNames: stacks.map(({ definition }) => definition.name),
    stackOf,
    swarm: createSwarmSecrets(engine),
    values: openValueFile(cluster.secretsFile, { variables: cluster.variables, env }),
    roll: async () => {
      const walk: Walk = {
        // where a deploy finishes what was under way, the files may ask for images that are still to be built
        layers: await layers('images', 'stack'),
        signal,
        show,
        ...(beforeChanges && { beforeChanges }),
      };
      const plans = await planLayers(walk);
      const changes = plans.flatMap((plan) => plan.changes);
      const target = { cluster, hosts, stacks, tell, progress: { report: tell, signal } };
      await holdWhileRestarting(target, changes, () => applyAndVerify(walk, plans));
    },
    runInTask: (stack, command) => runInTask(runners.get(stack)!, command),
    readFromTask: async (_secret, objectName) => {
      for (const runner of runners.values()) {
        const value = await readSecretInTask(runner, objectName);
        if (value) return value;
      }
      return undefined;
    },
    now: () => new Date(),
    by,
    tell,
    signal,
  };
  return {
    world,
    stacks,
    find: (secret) => {
      const { rotations, definition } = findDeclaring(secret, stacks);
      return chooseStrategy(secret, rotations, definition);
    },
    planStack: async () =>
      (await planLayers({ layers: await layers('stack'), signal })).flatMap(({ changes }) => changes),
  };
}

/** The stack whose x-secrets says how a secret is rotated; else the first that has it; else the first. */
function findDeclaring(secret: string, stacks: readonly StackInputs[]): StackInputs {
  return (
    stacks.find(({ rotations }) => rotations.some(({ secrets }) => secrets.includes(secret))) ??
    stacks.find(({ definition }) => definition.external.secrets.includes(secret)) ??
    stacks[0]!
  );
}
