import { access } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { CommandContext } from '../../cli.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { defaultClusterFile, loadCluster } from '../../cluster/load-cluster.ts';
import { InputError } from '../../errors.ts';

export interface FileOptions {
  /** The cluster file. */
  file: string;
  /** The secrets file, where it is named itself. */
  secrets?: string;
}

export interface FoundFile {
  /** Absolute path of the secrets file, which need not be there. */
  path: string;
  /** The path as messages show it. */
  shown: string;
  /** The cluster it belongs to; absent where no cluster file is there, or the file was named itself. */
  cluster?: Cluster;
}

/** The secrets file that a command is about: the one named, or the cluster file's, or secrets.yml beside us. */
export async function findSecretsFile(
  options: FileOptions,
  { cwd }: Pick<CommandContext, 'cwd'>,
): Promise<FoundFile> {
  const show = (path: string): string => {
    const short = relative(cwd, path);
    return short.startsWith('..') ? path : short || '.';
  };
  const named = options.secrets ?? ((await needsNoCluster(options, cwd)) ? 'secrets.yml' : undefined);
  if (named !== undefined) {
    const path = resolve(cwd, named);
    return { path, shown: show(path) };
  }
  const cluster = await loadCluster(options.file, cwd);
  if (cluster.secretsFile === undefined)
    throw new InputError({
      file: options.file,
      message: 'it names no secrets file',
      next: 'add secrets: secrets.yml to it, or name the file: --secrets secrets.yml',
    });
  return { path: cluster.secretsFile, shown: show(cluster.secretsFile), cluster };
}

async function needsNoCluster({ file }: FileOptions, cwd: string): Promise<boolean> {
  if (file !== defaultClusterFile) return false;
  return access(resolve(cwd, file)).then(
    () => false,
    () => true,
  );
}

/** Prints a warning where every command prints them. */
export function warn({ terminal }: Pick<CommandContext, 'terminal'>, message: string | undefined): void {
  if (message !== undefined) terminal.err(`${terminal.colors.yellow('warning')} ${message}\n`);
}
