/** One stack as its compose files say, with all that can be said against it before any machine is asked. */
import type { Materials } from '../balancer/materials.ts';
import type { Cluster, StackSettings } from '../cluster/cluster.ts';
import { InputError, type Problem, UserError } from '../errors.ts';
import type { PreparedImages } from '../images/prepare-images.ts';
import type { Strategy } from '../rotation/strategy.ts';
import type { StackDefinition } from '../stack/definition.ts';
import type { StackInputs } from './inputs.ts';

/** What was read of a stack, and what is wrong with it. */
export interface StackDraft {
  definition: StackDefinition;
  /** What `x-balancer` adds: where certificates come from, and second ports; absent where it is wrong. */
  balanced?: { secrets: string[]; definition: StackDefinition };
  /** Absent where `x-secrets` is wrong. */
  rotations?: Strategy[];
  /** Absent where something that images are made of is wrong. */
  images?: PreparedImages;
  problems: Problem[];
}

/** @throws InputError where the compose files are broken. */
export async function readStackDraft(
  settings: StackSettings,
  cluster: Cluster,
  env: NodeJS.ProcessEnv,
): Promise<StackDraft> {
  const [
    { prepareImages },
    { checkStack },
    { planBackends },
    { listBalancerSecrets },
    { parseRotations },
    { markBlueGreen },
  ] = await Promise.all([
    import('../images/prepare-images.ts'),
    import('../stack/check-stack.ts'),
    import('../balancer/backends.ts'),
    import('../balancer/read-materials.ts'),
    import('../rotation/definition.ts'),
    import('../balancer/mark-blue-green.ts'),
  ]);
  const problems: Problem[] = [];
  const collect = collectProblems(problems);
  const definition = await readDefinition(settings, cluster, env);
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
  return {
    definition,
    problems,
    ...(balanced && { balanced }),
    ...(rotations && { rotations }),
    ...(images && { images }),
  };
}

/** What isn't in the stack's own files. */
export interface DraftSurroundings {
  /** Absent where nothing is to be balanced. */
  materials: Materials | undefined;
  /** Network → the stack that makes it, for all stacks of the cluster. */
  makers: Record<string, string>;
}

/** A draft that nothing is wrong with, as layers take it. */
export async function finishStack(
  { definition, rotations = [], images = { builds: new Map(), archives: new Map() } }: StackDraft,
  cluster: Cluster,
  { materials, makers }: DraftSurroundings,
): Promise<StackInputs> {
  const [{ listWantedImages, resolveBuildImages }, { lintPlacement }, { listLeaves }] = await Promise.all([
    import('../images/desired.ts'),
    import('../stack/lint/lint-placement.ts'),
    import('../rotation/definition.ts'),
  ]);
  const elsewhere = Object.fromEntries(
    Object.entries(makers).filter(([, stack]) => stack !== definition.name),
  );
  return {
    definition: {
      ...lintPlacement(resolveBuildImages(definition, images.builds), cluster),
      ...listLeaves(rotations),
      ...(Object.keys(elsewhere).length > 0 && { networksOfOthers: elsewhere }),
    },
    rotations,
    images: listWantedImages(definition, cluster, images.builds, images.archives),
    ...(materials && { materials }),
  };
}

/** The cluster's other stacks, as far as their files can be read: what is wrong with them is told when somebody asks for them. */
export async function readKnownStacks(
  cluster: Cluster,
  wanted: readonly StackDefinition[],
  env: NodeJS.ProcessEnv,
): Promise<StackDefinition[]> {
  const others = cluster.stacks.filter(({ name }) => !wanted.some((one) => one.name === name));
  const read = others.map(async (settings) => {
    try {
      return [await readDefinition(settings, cluster, env)];
    } catch (error) {
      if (error instanceof UserError) return [];
      throw error;
    }
  });
  return (await Promise.all(read)).flat();
}

/** A stack as its compose files say. @throws InputError with every problem of theirs. */
export async function readDefinition(
  { name, files }: StackSettings,
  cluster: Cluster,
  env: NodeJS.ProcessEnv,
): Promise<StackDefinition> {
  const [{ loadStack }, { indexBuilds }] = await Promise.all([
    import('../stack/compose/load-stack.ts'),
    import('./cluster-builds.ts'),
  ]);
  return loadStack(files, {
    name,
    variables: composeVariables(cluster, env),
    findBuild: indexBuilds(cluster),
  });
}

/** The shell's variables win over the cluster file's, as they do over an `.env` file; but the VIP is the cluster's. */
function composeVariables(cluster: Cluster, env: NodeJS.ProcessEnv): Record<string, string> {
  const shell = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const vip = cluster.variables['KAWANAN_VIP'];
  return {
    ...cluster.variables,
    ...Object.fromEntries(shell),
    ...(vip === undefined ? {} : { KAWANAN_VIP: vip }),
  };
}

/** Runs a step and keeps its input problems for later; anything else is thrown on. */
export function collectProblems(
  problems: Problem[],
): <T>(work: () => T | Promise<T>) => Promise<T | undefined> {
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
