/** Reads everything the user wrote, checks it across files, and reports all that is wrong at once. */
import { dirname } from 'node:path';
import type { Materials } from '../balancer/materials.ts';
import { chooseStacks, findStack } from '../cluster/choose-stack.ts';
import type { Cluster, StackSettings } from '../cluster/cluster.ts';
import { loadCluster, placeInClusterFile } from '../cluster/load-cluster.ts';
import { InputError, type Problem } from '../errors.ts';
import type { WantedImages } from '../images/desired.ts';
import type { Strategy } from '../rotation/strategy.ts';
import type { LoadedSecrets } from '../secrets/load-secrets.ts';
import type { StackDefinition } from '../stack/definition.ts';
import { collectProblems, finishStack, readKnownStacks, readStackDraft } from './stack-draft.ts';

export interface LoadOptions {
  /** The cluster file; `cluster.yml` unless told. */
  file?: string;
  cwd: string;
  /** The cluster, where its file has been read already. */
  cluster?: Cluster;
  env: NodeJS.ProcessEnv;
  /** Write fresh values into the secrets file where it says `generate`; a dry run leaves it as it is. */
  writeSecrets: boolean;
  /** Names of the only stacks that are wanted; all of the cluster unless told. */
  stacks?: readonly string[];
}

/** What the user wants, read and checked. */
export interface Inputs {
  cluster: Cluster;
  /** Those that are wanted, each after the stacks whose networks it uses. */
  stacks: StackInputs[];
  /** The values that these stacks and their balancers want. */
  secrets: LoadedSecrets;
  /** Where variables come from that values are made of. */
  env: NodeJS.ProcessEnv;
}

export interface StackInputs {
  /** With the references of built images that are really deployed. */
  definition: StackDefinition;
  images: WantedImages;
  /** The certificates and pages of `x-balancer`; absent where nothing is to be balanced. */
  materials?: Materials;
  /** How secrets are rotated, as x-secrets declares it. */
  rotations: Strategy[];
}

/**
 * Loads cluster file, compose files and secrets file. Nothing is changed but, where `writeSecrets` says so, the
 * secrets file.
 *
 * @throws InputError with every problem of every file.
 */
export async function loadInputs(options: LoadOptions): Promise<Inputs> {
  const cluster = options.cluster ?? (await loadCluster(options.file, options.cwd));
  const { env, stacks: wanted = [] } = options;
  if (cluster.stacks.length === 0 && wanted.length === 0)
    return { cluster, stacks: [], secrets: new Map(), env };
  const chosen = chooseStacks(cluster, wanted);
  const warnings = [...cluster.warnings];
  const loaded = await loadStacksInputs(cluster, chosen, options, (message) => warnings.push(message));
  return { cluster: { ...cluster, warnings }, ...loaded, env };
}

/**
 * What removal needs to know: the machines and the stacks' names. What there is to remove is read from the cluster, so
 * a compose or secrets file that is broken or gone doesn't stand in the way.
 */
export async function loadRemovalInputs(
  options: Pick<LoadOptions, 'file' | 'cwd' | 'env' | 'stacks'>,
): Promise<Inputs> {
  const { env, stacks: wanted = [] } = options;
  const cluster = await loadCluster(options.file, options.cwd);
  const chosen = wanted.length === 0 ? cluster.stacks : chooseStacks(cluster, wanted);
  return { cluster, stacks: chosen.map(describeRemovedStack), secrets: new Map(), env };
}

/** A stack of which nothing but the name matters: one that is to go. */
export function describeRemovedStack({ name, files }: StackSettings): StackInputs {
  const definition: StackDefinition = {
    name,
    file: files[0]!,
    networks: [],
    configs: [],
    secrets: [],
    services: [],
    external: { networks: [], configs: [], secrets: [] },
    warnings: [],
  };
  return { definition, images: { stackName: name, images: [] }, rotations: [] };
}

async function loadStacksInputs(
  cluster: Cluster,
  chosen: readonly StackSettings[],
  options: LoadOptions,
  warn: (message: string) => void,
): Promise<Pick<Inputs, 'stacks' | 'secrets'>> {
  const [
    { loadSecrets },
    { readMaterials },
    { checkStacks },
    { orderStacks, nameMakers },
    { checkBuilds, warnOfUnusedBuilds },
  ] = await Promise.all([
    import('../secrets/load-secrets.ts'),
    import('../balancer/read-materials.ts'),
    import('../stack/check-stacks.ts'),
    import('../stack/order-stacks.ts'),
    import('./cluster-builds.ts'),
  ]);
  const problems: Problem[] = checkBuilds(cluster);
  const collect = collectProblems(problems);
  const drafts = (
    await Promise.all(chosen.map((settings) => collect(() => readStackDraft(settings, cluster, options.env))))
  ).filter((draft) => draft !== undefined);
  problems.push(...drafts.flatMap((draft) => draft.problems));
  // A broken compose file hides which secrets are wanted; its own problems come first.
  if (drafts.length < chosen.length) throw new InputError(await placeInClusterFile(problems, cluster.file));
  const definitions = drafts.map(({ definition }) => definition);
  const engine = cluster.balancer?.engine ?? 'haproxy';
  const others = await readKnownStacks(cluster, definitions, options.env);
  const known = [...definitions, ...others];
  // The file of a stack that can't be read may name what seems to be unused.
  if (known.length >= cluster.stacks.length) warnOfUnusedBuilds(cluster, known).forEach(warn);
  const marked = drafts.map(({ definition, balanced }) => balanced?.definition ?? definition);
  problems.push(...checkStacks(marked, others, cluster));
  if (drafts.every(({ balanced }) => balanced))
    problems.push(...(await findFrontendClashes(definitions, others, cluster)));
  const ordered = await collect(() => orderStacks(definitions));
  // Writing fresh values is a change: only when nothing else is wrong.
  const write = options.writeSecrets && problems.length === 0;
  const only = drafts.flatMap(({ definition, balanced }) => [
    ...definition.external.secrets,
    ...(balanced?.secrets ?? []),
  ]);
  const secrets = await collect(async (): Promise<LoadedSecrets> => {
    if (cluster.secretsFile === undefined) return new Map();
    const { variables } = cluster;
    return loadSecrets(cluster.secretsFile, { variables, env: options.env, write, only, warn });
  });
  const materials = await Promise.all(
    drafts.map(
      ({ definition, balanced }) =>
        balanced && secrets && collect(() => readMaterials(definition, engine, secrets)),
    ),
  );
  if (problems.length > 0 || !secrets || !ordered)
    throw new InputError(await placeInClusterFile(problems, cluster.file));
  const makers = nameMakers(known);
  const stacks = await Promise.all(
    drafts.map((draft, index) => finishStack(draft, cluster, { materials: materials[index], makers })),
  );
  return {
    stacks: ordered.map(({ name }) => stacks.find(({ definition }) => definition.name === name)!),
    secrets,
  };
}

/** Frontends of stacks that are wanted which can't stand beside each other's, or beside those of the cluster's others. */
async function findFrontendClashes(
  wanted: readonly StackDefinition[],
  others: readonly StackDefinition[],
  cluster: Cluster,
): Promise<Problem[]> {
  const [{ planBackends }, { listFrontendClashes }] = await Promise.all([
    import('../balancer/backends.ts'),
    import('../balancer/clashing-frontends.ts'),
  ]);
  const readFrontends = (definition: StackDefinition) => {
    try {
      return [{ definition, frontends: planBackends(definition, cluster).frontends }];
    } catch (error) {
      // What is wrong with a stack that nobody asked for is told when somebody does.
      if (error instanceof InputError) return [];
      throw error;
    }
  };
  const names = wanted.map(({ name }) => name);
  return listFrontendClashes([...others, ...wanted].flatMap(readFrontends), names);
}

/**
 * The certificates and pages of a stack that doesn't come from its files: a revision's. Their present state counts, as
 * the newest password does.
 *
 * @throws InputError with every problem.
 */
export async function loadMaterials(
  definition: StackDefinition,
  cluster: Cluster,
  env: NodeJS.ProcessEnv,
): Promise<Materials> {
  const [{ listBalancerSecrets, readMaterials }, { loadSecrets }] = await Promise.all([
    import('../balancer/read-materials.ts'),
    import('../secrets/load-secrets.ts'),
  ]);
  const engine = cluster.balancer?.engine ?? 'haproxy';
  const only = listBalancerSecrets(definition, engine);
  const { variables, secretsFile } = cluster;
  const file = only.length === 0 ? undefined : secretsFile;
  const secrets = await loadSecrets(file, { variables, env, write: false, only });
  return readMaterials(
    definition,
    engine,
    secrets,
    dirname(findStack(cluster, definition.name)?.files[0] ?? cluster.file),
  );
}
