import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Cluster } from '../../cluster/cluster.ts';
import { defaultClusterFile, readClusterText } from '../../cluster/load-cluster.ts';
import { parseCluster } from '../../cluster/parse-cluster.ts';
import { loadInputs } from '../../pipeline/inputs.ts';

/** A change of the cluster file that isn't made yet. */
export interface ClusterEdit {
  before: Cluster;
  after: Cluster;
  /** Whether the stacks fit the nodes that there are then. @throws InputError with all that doesn't, e.g. a constraint that no node meets. */
  checkStacks(env: NodeJS.ProcessEnv): Promise<void>;
  write(): Promise<void>;
}

/**
 * Changes the cluster file: written whole and swapped in, and only if what comes out is a cluster file without fault.
 *
 * @throws InputError with every problem that the change would bring; the file is then as it was.
 */
export async function editClusterFile(
  { file = defaultClusterFile }: { file?: string },
  cwd: string,
  edit: (text: string) => string,
): Promise<ClusterEdit> {
  const path = resolve(cwd, file);
  const context = { home: homedir(), shownAs: file };
  const text = await readClusterText(file, cwd);
  const before = parseCluster(text, path, context);
  const changed = edit(text);
  const after = parseCluster(changed, path, context);
  /** The changed text beside the file, where its relative paths mean the same. */
  const withHalf = async (work: (half: string, target: string) => Promise<unknown>): Promise<void> => {
    const target = await realpath(path);
    const half = join(dirname(target), `.${basename(target)}.half`);
    try {
      await writeFile(half, changed, { mode: (await stat(target)).mode });
      await work(half, target);
    } finally {
      await rm(half, { force: true });
    }
  };
  return {
    before,
    after,
    checkStacks: (env) => withHalf((half) => loadInputs({ file: half, cwd, env, writeSecrets: false })),
    write: async () => {
      if (changed !== text) await withHalf((half, target) => rename(half, target));
    },
  };
}
