/** Reads everything the user wrote, checks it across files, and reports all that is wrong at once. */
import { dirname } from 'node:path';
import type { Materials } from '../balancer/materials.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { loadCluster } from '../cluster/load-cluster.ts';
import { InputError, type Problem } from '../errors.ts';
import type { WantedImages } from '../images/desired.ts';
import type { Strategy } from '../rotation/strategy.ts';
import type { LoadedSecrets } from '../secrets/load-secrets.ts';
import type { StackDefinition } from '../stack/definition.ts';

export interface LoadOptions {
  /** The cluster file; `cluster.yml` unless told. */
  file?: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Write fresh values into the secrets file where it says `generate`; a dry run leaves it as it is. */
  writeSecrets: boolean;
}

/** What the user wants, read and checked. */
export interface Inputs {
  cluster: Cluster;
  stack?: StackInputs;
}

export interface StackInputs {
  /** With the references of built images that are really deployed. */
  definition: StackDefinition;
  images: WantedImages;
  secrets: LoadedSecrets;
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
  const cluster = await loadCluster(options.file, options.cwd);
  if (!cluster.stack) return { cluster };
  const warnings = [...cluster.warnings];
  const stack = await loadStackInputs(cluster, options, (message) => warnings.push(message));
  return { cluster: { ...cluster, warnings }, stack };
}

/**
 * What removal needs to know: the machines and the stack's name. What there is to remove is read from the cluster, so
 * a compose or secrets file that is broken or gone doesn't stand in the way.
 */
export async function loadRemovalInputs(options: Pick<LoadOptions, 'file' | 'cwd'>): Promise<Inputs> {
  const cluster = await loadCluster(options.file, options.cwd);
  if (!cluster.stack) return { cluster };
  const { name, files } = cluster.stack;
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
  return {
    cluster,
    stack: { definition, images: { stackName: name, images: [] }, secrets: new Map(), rotations: [] },
  };
}

async function loadStackInputs(
  cluster: Cluster,
  options: LoadOptions,
  warn: (message: string) => void,
): Promise<StackInputs> {
  const [
    { loadStack },
    { prepareImages },
    { listWantedImages, resolveBuildImages },
    { loadSecrets },
    { checkStack },
    { lintPlacement },
    { planBackends },
    { listBalancerSecrets, readMaterials },
    { parseRotations, listLeaves },
    { markBlueGreen },
  ] = await Promise.all([
    import('../stack/compose/load-stack.ts'),
    import('../images/prepare-images.ts'),
    import('../images/desired.ts'),
    import('../secrets/load-secrets.ts'),
    import('../stack/check-stack.ts'),
    import('../stack/lint/lint-placement.ts'),
    import('../balancer/backends.ts'),
    import('../balancer/read-materials.ts'),
    import('../rotation/definition.ts'),
    import('../balancer/mark-blue-green.ts'),
  ]);
  const problems: Problem[] = [];
  const collect = createCollector(problems);

  const definition = await collect(() =>
    loadStack(cluster.stack!.files, {
      name: cluster.stack!.name,
      variables: composeVariables(cluster, options.env),
    }),
  );
  // A broken compose file hides which secrets are wanted; its own problems come first.
  if (!definition) throw new InputError(problems);
  const engine = cluster.balancer?.engine ?? 'haproxy';
  const balanced = await collect(() => {
    planBackends(definition, cluster);
    return {
      secrets: listBalancerSecrets(definition, engine),
      // The second ports of blue-green services are as taken as the first.
      definition: markBlueGreen(definition, engine),
    };
  });
  const rotations = await collect(() => parseRotations(definition));
  problems.push(...checkStack(balanced?.definition ?? definition, cluster));
  const images = await collect(() => prepareImages(definition, cluster));
  // Writing fresh values is a change: only when nothing else is wrong.
  const write = options.writeSecrets && problems.length === 0;
  const secrets = await collect(async (): Promise<LoadedSecrets> => {
    if (cluster.secretsFile === undefined) return new Map();
    const { variables } = cluster;
    return loadSecrets(cluster.secretsFile, {
      variables,
      env: options.env,
      write,
      only: [...definition.external.secrets, ...(balanced?.secrets ?? [])],
      warn,
    });
  });
  const materials = balanced && secrets && (await collect(() => readMaterials(definition, engine, secrets)));
  if (problems.length > 0 || !images || !secrets || !rotations) throw new InputError(problems);
  return {
    definition: {
      ...lintPlacement(resolveBuildImages(definition, images.builds), cluster),
      ...listLeaves(rotations),
    },
    rotations,
    images: listWantedImages(definition, cluster, images.builds, images.archives),
    secrets,
    ...(materials && { materials }),
  };
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
  return readMaterials(definition, engine, secrets, dirname(cluster.stack?.files[0] ?? cluster.file));
}

/** The shell's variables win over the cluster file's, as they do over an `.env` file; but the VIP is the cluster's. */
export function composeVariables(cluster: Cluster, env: NodeJS.ProcessEnv): Record<string, string> {
  const shell = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const vip = cluster.variables['KAWANAN_VIP'];
  return {
    ...cluster.variables,
    ...Object.fromEntries(shell),
    ...(vip === undefined ? {} : { KAWANAN_VIP: vip }),
  };
}

/** Runs a step and keeps its input problems for later; anything else is thrown on. */
function createCollector(problems: Problem[]): <T>(work: () => T | Promise<T>) => Promise<T | undefined> {
  return async (work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
}
