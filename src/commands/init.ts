import { access, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import type { NodeRole } from '../cluster/cluster.ts';
import { InputError } from '../errors.ts';
import { explainWrite } from '../output/explain-write.ts';

interface InitOptions {
  file: string;
  name?: string;
  manager?: string[];
  worker?: string[];
  balancer?: string[];
  vip?: string;
  user?: string;
  key?: string;
  stack?: string;
  force?: boolean;
  json?: boolean;
}

const packageRoot = fileURLToPath(new URL('../../', import.meta.url));
const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** `kawanan init`: a cluster file and a secrets file to start from. */
export function buildCommand(context: CommandContext): Command {
  return new Command('init')
    .option('-f, --file <cluster.yml>', 'the cluster file to write', 'cluster.yml')
    .option('--name <name>', 'what messages call the cluster')
    .option('--manager <[name=]address>', 'a machine that manages the swarm; again for more', collect)
    .option('--worker <[name=]address>', 'a machine that runs tasks; again for more', collect)
    .option('--balancer <[name=]address>', 'a machine that balances; again for the second', collect)
    .option('--vip <address/prefix>', 'the virtual address of the balancers; /24 unless told')
    .option('--user <name>', 'the SSH user: root, or one with passwordless sudo')
    .option('--key <path>', 'the private SSH key')
    .option('--stack <compose.yml>', 'the compose file of your own stack, instead of the reference stack')
    .option('--force', 'overwrite a cluster file that is there (never a secrets file)')
    .option('--json', 'print the result as JSON')
    .action(async (options: InitOptions) => {
      const result = await writeFirstFiles(options, context.cwd);
      const { terminal } = context;
      if (options.json) {
        terminal.out(`${JSON.stringify(result, undefined, 2)}\n`);
        return;
      }
      for (const path of result.written) terminal.out(`wrote ${path}\n`);
      for (const path of result.kept) terminal.out(`kept ${path}, which was there already\n`);
      for (const warning of result.warnings) terminal.out(`note: ${warning}\n`);
      const named = options.file === 'cluster.yml' ? '' : ` -f ${options.file}`;
      terminal.out(
        `next: look at ${options.file}, then run kawanan doctor${named} and kawanan plan${named}\n`,
      );
    });
}

interface InitResult {
  written: string[];
  kept: string[];
  warnings: string[];
}

async function writeFirstFiles(options: InitOptions, cwd: string): Promise<InitResult> {
  const [{ listNodeNames, renderClusterFile }, { parseCluster }, { copySecretsExample }] = await Promise.all([
    import('../cluster/render-cluster-file.ts'),
    import('../cluster/parse-cluster.ts'),
    import('../secrets/secrets-example.ts'),
  ]);
  const file = resolve(cwd, options.file);
  if (await isFolder(file))
    throw new InputError({
      file: options.file,
      message: 'this is a folder',
      next: `name the file to write in it: -f ${join(options.file, 'cluster.yml')}`,
    });
  const absent = await checkStack(options, cwd);
  const secretsFile = resolve(dirname(file), 'secrets.yml');
  const wantsSecrets = options.stack === undefined;
  const template = await readFile(new URL('../cluster/cluster-template.yml', import.meta.url), 'utf8');
  const nodes = readNodes(options);
  const reference = options.stack === undefined ? fitReferenceStack(listNodeNames(nodes)) : undefined;
  const text = renderClusterFile(template, {
    ...pickGiven(options),
    nodes,
    ...(reference && { variables: reference.variables }),
    stack: describeStack(options, cwd, file),
    schema: pathFrom(file, resolve(packageRoot, 'schemas/cluster.schema.json')),
    ...(wantsSecrets && { secrets: 'secrets.yml' }),
  });
  // What was given on the command line is checked as if it had been written by hand, before anything is written.
  const { warnings } = parseCluster(text, file, {
    home: homedir(),
    shownAs: `${options.file} to be written`,
  });

  const notes = [...warnings, ...absent, ...(reference?.notes ?? [])];
  const result: InitResult = { written: [], kept: [], warnings: notes };
  const show = (path: string): string => relative(cwd, path) || path;
  const note = (path: string, written: boolean): void =>
    void (written ? result.written : result.kept).push(show(path));
  const keepsCluster = !options.force && (await exists(file));
  const keepsSecrets = await exists(secretsFile);
  if (keepsCluster && (keepsSecrets || !wantsSecrets)) {
    throw new InputError({
      file: options.file,
      message: 'is there already, and was left alone',
      next: 'edit it, name another with --file, or say --force to write it anew',
    });
  }
  // The secrets first: a cluster file without them would look finished.
  if (wantsSecrets) {
    if (!keepsSecrets)
      await explainWrite(show(secretsFile), () =>
        copySecretsExample(resolve(packageRoot, 'secrets.example'), secretsFile),
      );
    note(secretsFile, !keepsSecrets);
  }
  if (!keepsCluster)
    await explainWrite(show(file), async () => {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { flag: options.force ? 'w' : 'wx' });
    });
  note(file, !keepsCluster);
  return result;
}

function pickGiven({ name, user, key, vip }: InitOptions): {
  name?: string;
  user?: string;
  key?: string;
  vip?: string;
} {
  return {
    ...(name !== undefined && { name }),
    ...(user !== undefined && { user }),
    ...(key !== undefined && { key }),
    ...(vip !== undefined && { vip }),
  };
}

/** The machines named on the command line; none at all leaves the template's examples. */
function readNodes(options: InitOptions): { role: NodeRole; address: string; name?: string }[] {
  const nodes = (['balancer', 'manager', 'worker'] as const).flatMap((role) =>
    (options[role] ?? []).map((written) => {
      const [address = '', name] = written.split('=').reverse();
      return { role, address, ...(name !== undefined && { name }) };
    }),
  );
  if (nodes.length === 0 && options.vip !== undefined) {
    throw new InputError({ message: '--vip without a machine', next: 'say --balancer and --manager, too' });
  }
  return nodes;
}

function describeStack(options: InitOptions, cwd: string, file: string): { name: string; file: string } {
  const reference = resolve(packageRoot, 'stacks/sirip-hiu/compose.yml');
  const compose = options.stack === undefined ? reference : resolve(cwd, options.stack);
  const name = basename(dirname(compose))
    .replace(/[^a-zA-Z0-9_-]+/g, '-')
    .replace(/^[-_]+/, '');
  return { name: name || 'stack', file: pathFrom(file, compose) };
}

/**
 * What the reference stack needs to run on machines of these names: values for its variables, where names differ from
 * its own, and what can't be helped by them.
 */
function fitReferenceStack(nodes: { name: string; role: NodeRole }[]): {
  variables: Record<string, string>;
  notes: string[];
} {
  const images =
    "Docker Hub no longer has MinIO's image, which the reference stack takes: docs/sirip-hiu.md says what to write";
  const [manager] = nodes.filter(({ role }) => role === 'manager');
  const [first, second] = nodes.filter(({ role }) => role === 'worker');
  if (nodes.length === 0) return { variables: {}, notes: [images] };
  if (!manager || !first || !second)
    return {
      variables: {},
      notes: ['the reference stack needs two workers; for a stack of your own say --stack', images],
    };
  // As the variable, what it is here, and what the compose file has unless told.
  const places = [
    ['MYSQL_NODE', manager.name, 'vm-dockerswarmmanager'],
    ['MINIO_NODE_A', first.name, 'vm-dockerswarmworker1'],
    ['MINIO_NODE_B', second.name, 'vm-dockerswarmworker2'],
    ['MINIO_NODE_C', manager.name, 'vm-dockerswarmmanager'],
  ] as const;
  const variables = places.filter(([, name, usual]) => name !== usual).map(([key, name]) => [key, name]);
  return { variables: Object.fromEntries(variables), notes: [images] };
}

/** A compose file may be written later; a name that leads nowhere may as well be a slip of the pen. */
async function checkStack({ stack }: InitOptions, cwd: string): Promise<string[]> {
  if (stack === undefined) return [];
  const path = resolve(cwd, stack);
  if (await isFolder(path))
    throw new InputError({
      message: `--stack ${stack}: this is a folder`,
      next: `name the compose file in it: --stack ${join(stack, 'compose.yml')}`,
    });
  return (await exists(path)) ? [] : [`there is no ${stack} yet: write it before kawanan plan`];
}

/** A path as it is best written in a file: relative where it lies below, else absolute. */
function pathFrom(file: string, path: string): string {
  const short = relative(dirname(file), path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}
