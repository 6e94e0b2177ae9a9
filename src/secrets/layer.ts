import type Docker from 'dockerode';
import { InputError } from '../errors.ts';
import type { Layer } from '../plan/layer.ts';
import type { WantedSecrets } from './desired.ts';
import { explainNoValue, type SourceHints } from './explain-no-value.ts';
import { fingerprintSecret } from './fingerprint.ts';
import type { ObservedSecrets } from './observed.ts';
import { planSecretRemoval, planSecrets, type SecretAction, type SecretsWish } from './plan.ts';
import { SecretValue } from './secret-value.ts';
import { createSwarmSecrets, type SwarmSecrets } from './swarm-secrets.ts';

/** A manager's engine, or why there is none yet; `findManager` of the swarm layer answers just so. */
export type ConnectEngine = () => Promise<
  { kind: 'found'; engine: Docker } | { kind: 'absent'; reason: string }
>;

export interface SecretsLayerOptions extends SourceHints {
  /** Make a new version of secrets that were made by hand, whose value can't be compared. */
  replaceUnknown?: boolean;
  /** Refuse a secret without a source as soon as it is sure that the swarm has none; `false` to remove. */
  requireSources?: boolean;
  /** How many older versions of each secret stay although nothing uses them; none unless told. */
  keep?: number;
  /** Every stack of the cluster, where there are several. */
  stackNames?: readonly string[];
  /** Those of them that are deployed in this run; all unless told. */
  deploying?: readonly string[];
  /** The stack that a secret is made for, where it isn't that of the layer. */
  ownerOf?: (secret: string) => string;
}

/** The layer of the stacks' external secrets, made for the stack of this name unless `ownerOf` says otherwise. Values stay in the closure: what it observes, plans and throws has none. */
export function createSecretsLayer(
  wanted: WantedSecrets,
  stackName: string,
  connectEngine: ConnectEngine,
  options: SecretsLayerOptions = {},
): Layer<ObservedSecrets, SecretAction> {
  const connect = async (): Promise<SwarmSecrets | { reason: string }> => {
    const answer = await connectEngine();
    return answer.kind === 'found' ? createSwarmSecrets(answer.engine) : { reason: answer.reason };
  };
  return createSecretsLayerOn(wanted, stackName, connect, options);
}

/** The same on any implementation of a swarm's secrets. */
export function createSecretsLayerOn(
  wanted: WantedSecrets,
  stackName: string,
  connect: () => Promise<SwarmSecrets | { reason: string }>,
  options: SecretsLayerOptions = {},
): Layer<ObservedSecrets, SecretAction> {
  const { placeOf, secretsFile, replaceUnknown = false, requireSources = true, keep = 0 } = options;
  const { stackNames = [stackName], ownerOf = () => stackName } = options;
  const states: SecretsWish['states'] = new Map(
    [...wanted].map(([name, value]) => [name, describeValue(value)]),
  );
  const hints: SourceHints = {
    ...(placeOf && { placeOf }),
    ...(secretsFile !== undefined && { secretsFile }),
  };
  const wish: SecretsWish = {
    ...hints,
    stackNames,
    states,
    replaceUnknown,
    keep,
    ...(options.deploying && { deploying: options.deploying }),
  };
  return {
    name: 'secrets',
    observe: async () => {
      const swarm = await connect();
      if ('reason' in swarm) {
        // where there is no swarm there are no secrets: better said before anything is changed
        if (requireSources) refuseMissing(states, hints);
        return { kind: 'unknown', reason: swarm.reason };
      }
      return { kind: 'observed', value: await observeSecrets(swarm, wanted, stackNames.length > 1) };
    },
    plan: (observed) => planSecrets(wish, observed),
    planRemoval: (observed, { stacks: going = stackNames }) =>
      planSecretRemoval({ going, stackNames }, observed),
    apply: async (change) => {
      const [swarm, { applySecretChange }] = await Promise.all([connect(), import('./apply-secrets.ts')]);
      if ('reason' in swarm) throw new Error(swarm.reason);
      await applySecretChange(change, swarm, wanted, ownerOf);
    },
  };
}

function describeValue(value: SecretValue | 'generated at up' | undefined) {
  if (value === undefined) return 'no source' as const;
  return value instanceof SecretValue ? ('value' as const) : value;
}

function refuseMissing(states: SecretsWish['states'], hints: SourceHints): void {
  const missing = [...states].filter(([, state]) => state === 'no source');
  if (missing.length > 0) throw new InputError(missing.map(([name]) => explainNoValue(name, hints, false)));
}

async function observeSecrets(
  swarm: SwarmSecrets,
  wanted: WantedSecrets,
  hasSeveralStacks: boolean,
): Promise<ObservedSecrets> {
  const [secrets, key, rotations, stacks] = await Promise.all([
    swarm.list(),
    swarm.readKey(),
    swarm.rotations.list(),
    hasSeveralStacks ? swarm.listStacks() : undefined,
  ]);
  const wantedFingerprints: Record<string, string> = {};
  // the fingerprints are made here, so that neither key nor value reaches the plan
  if (key)
    for (const [name, value] of wanted)
      if (value instanceof SecretValue) wantedFingerprints[name] = fingerprintSecret(key.key, name, value);
  return {
    secrets,
    ...(key && { keyConfigId: key.id }),
    wantedFingerprints,
    rotations,
    ...(stacks && { stacks }),
  };
}
