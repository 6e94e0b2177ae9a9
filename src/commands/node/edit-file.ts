import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Cluster } from '../../cluster/cluster.ts';
import { defaultClusterFile } from '../../cluster/load-cluster.ts';
import { parseCluster } from '../../cluster/parse-cluster.ts';

/**
 * Changes the cluster file: written whole and swapped in, and only if what comes out is a cluster file without fault.
 *
 * @throws InputError with every problem that the change would bring; the file is then as it was.
 */
export async function editClusterFile(
  { file = defaultClusterFile }: { file?: string },
  cwd: string,
  edit: (text: string) => string,
): Promise<{ before: Cluster; after: Cluster; write: () => Promise<void> }> {
  const path = resolve(cwd, file);
  const context = { home: homedir(), shownAs: file };
  const text = await readFile(path, 'utf8');
  const before = parseCluster(text, path, context);
  const changed = edit(text);
  const after = parseCluster(changed, path, context);
  return {
    before,
    after,
    write: async () => {
      if (changed === text) return;
      const target = await realpath(path);
      const half = join(dirname(target), `.${basename(target)}.half`);
      try {
        await writeFile(half, changed, { mode: (await stat(target)).mode });
        await rename(half, target);
      } finally {
        await rm(half, { force: true });
      }
    },
  };
}
