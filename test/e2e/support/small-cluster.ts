/** A small stack of our own on the lab: up in 45 s, where the reference system takes two minutes. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import { loadCluster } from '../../../src/cluster/load-cluster.ts';
import { onHost } from '../../../src/drill/stage.ts';
import type { Host } from '../../../src/remote/host.ts';
import { clusterFile, expectKawanan, labDir, projectDir, runKawanan } from './kawanan.ts';

export interface SmallCluster extends AsyncDisposable {
  /** Path of its cluster file. */
  file: string;
  /** Path of its compose file. */
  composeFile: string;
  cluster: Cluster;
  /** The virtual address. */
  vip: string;
  /** Runs `work` with a connection to one machine. */
  on<Result>(node: string, work: (host: Host) => Promise<Result>): Promise<Result>;
}

export const smallAppDir = join(projectDir, 'test/fixtures/small-app');

/** Starts the lab and writes a cluster file for the stack `name` of this compose file; nothing is deployed yet. */
export async function openSmallCluster(
  name: string,
  compose: string,
  change: (clusterFile: Record<string, unknown>) => void = () => {},
): Promise<SmallCluster> {
  await expectKawanan(['lab', 'up']);
  const folder = join(labDir, name);
  await mkdir(folder, { recursive: true });
  const composeFile = join(folder, 'compose.yml');
  const file = join(folder, 'cluster.yml');
  const settings = parse(await readFile(clusterFile, 'utf8')) as Record<string, unknown>;
  settings['stack'] = { name, file: composeFile };
  delete settings['secrets'];
  // Measured where a test says so: each takes seconds.
  settings['receipt'] = false;
  change(settings);
  await Promise.all([writeFile(composeFile, compose), writeFile(file, stringify(settings))]);
  const cluster = await loadCluster(file);
  return {
    file,
    composeFile,
    cluster,
    vip: cluster.balancer?.vip?.address ?? '',
    on: (node, work) => onHost({ cluster }, node, work),
    async [Symbol.asyncDispose]() {
      // first, or the lab's own folder isn't empty and stays
      await rm(folder, { recursive: true, force: true });
      await runKawanan(['lab', 'down']);
    },
  };
}
