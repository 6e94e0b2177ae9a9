import { dirname, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { checkInput } from '../input/schema-problems.ts';
import { readYaml } from '../input/yaml-input.ts';
import type {
  BalancerSettings,
  Cluster,
  ClusterNode,
  ImageSettings,
  ReceiptSettings,
  SshSettings,
  StackSettings,
} from './cluster.ts';
import { checkClusterRules, collectWarnings } from './cluster-rules.ts';
import { type ClusterInput, clusterSchema } from './cluster-schema.ts';
import { readSubnet } from './ipv4.ts';

export interface ClusterContext {
  /** What `~` stands for. */
  home: string;
  /** The file's name in messages; its absolute path unless told. */
  shownAs?: string;
}

/**
 * Reads the text of a cluster file. `file` is its absolute path: what relative paths inside are relative to.
 *
 * @throws InputError with every problem found.
 */
export function parseCluster(text: string, file: string, context: ClusterContext): Cluster {
  const shownAs = context.shownAs ?? file;
  const { raw, locate, problems } = readYaml(text, shownAs);
  if (problems.length > 0) throw new InputError(problems);
  const checked = checkInput(raw, clusterSchema, { file: shownAs, locate });
  const all = [...checked.problems, ...checkClusterRules(raw, shownAs, locate)];
  if (checked.value === undefined || all.length > 0) {
    throw new InputError(
      all.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
    );
  }
  return buildCluster(checked.value, file, (path) => resolvePath(path, file, context.home));
}

function buildCluster(input: ClusterInput, file: string, toAbsolute: (path: string) => string): Cluster {
  const nodes = Object.entries(input.nodes).map(
    ([name, node]): ClusterNode => ({
      name,
      address: node.address,
      role: node.role,
      labels: toTexts(node.labels),
      availability: node.availability ?? 'active',
      ssh: buildSsh({ ...input.ssh, ...node.ssh }, toAbsolute),
    }),
  );
  const balancer = buildBalancer(input, nodes);
  return {
    name: input.name,
    file,
    nodes,
    ...(balancer && { balancer }),
    stacks: buildStacks(input, toAbsolute),
    ...buildSecrets(input.secrets, toAbsolute),
    ...(input.receipt !== undefined && { receipt: buildReceipt(input.receipt, toAbsolute) }),
    images: buildImages(input.images, toAbsolute),
    variables: { KAWANAN_VIP: findEntry(nodes, balancer), ...toTexts(input.variables) },
    warnings: collectWarnings(nodes, balancer?.vip !== undefined),
  };
}

function buildSsh(
  input: NonNullable<ClusterInput['ssh']>,
  toAbsolute: (path: string) => string,
): SshSettings {
  const defaulted = (['user', 'port'] as const).filter((key) => input[key] === undefined);
  return {
    user: input.user ?? 'root',
    port: input.port ?? 22,
    ...(input.key !== undefined && { key: toAbsolute(input.key) }),
    ...(input.jump !== undefined && { jump: input.jump }),
    ...(input.known_hosts !== undefined && { knownHosts: toAbsolute(input.known_hosts) }),
    ...(defaulted.length > 0 && { defaulted }),
  };
}

/** Balancer nodes without a section get the defaults: they are balancers all the same. */
function buildBalancer(input: ClusterInput, nodes: ClusterNode[]): BalancerSettings | undefined {
  if (!nodes.some(({ role }) => role === 'balancer')) return undefined;
  const { engine = 'haproxy', failover = 'safe', failback = 'manual' } = input.balancer ?? {};
  const [vip, ...furtherVips] = [input.balancer?.vip ?? []].flat().map(readSubnet);
  const failbackAfterSeconds = readFailback(failback);
  return {
    engine,
    ...(input.balancer?.statistics === 'loopback' && { privateStatistics: true as const }),
    failover,
    ...(vip && { vip }),
    ...(furtherVips.length > 0 && { furtherVips }),
    ...(failbackAfterSeconds !== undefined && { failbackAfterSeconds }),
  };
}

const defaultFailbackSeconds = 60;

function readFailback(
  failback: NonNullable<NonNullable<ClusterInput['balancer']>['failback']>,
): number | undefined {
  if (failback === 'manual') return undefined;
  if (failback === 'auto') return defaultFailbackSeconds;
  return Number.parseInt(failback.after, 10) * (failback.after.endsWith('m') ? 60 : 1);
}

/** The one of `stack`, or those of `stacks`: the rules let only one of the two stand. */
function buildStacks(
  { stack, stacks = {} }: ClusterInput,
  toAbsolute: (path: string) => string,
): StackSettings[] {
  const several = Object.entries(stacks).map(([name, value]) =>
    typeof value === 'string' || Array.isArray(value) ? { name, file: value } : { name, ...value },
  );
  return [...(stack ? [stack] : []), ...several].map(({ name, file, ...rest }) => ({
    name,
    files: [file].flat().map(toAbsolute),
    ...('keep_revisions' in rest &&
      rest.keep_revisions !== undefined && { keepRevisions: rest.keep_revisions }),
  }));
}

function buildSecrets(
  input: ClusterInput['secrets'],
  toAbsolute: (path: string) => string,
): Pick<Cluster, 'secretsFile' | 'keepSecrets'> {
  if (input === undefined) return {};
  const { file, keep } = typeof input === 'string' ? { file: input, keep: undefined } : input;
  return { secretsFile: toAbsolute(file), ...(keep !== undefined && { keepSecrets: keep }) };
}

function buildReceipt(
  input: NonNullable<ClusterInput['receipt']>,
  toAbsolute: (path: string) => string,
): ReceiptSettings | false {
  if (input === false) return false;
  const { rate, targets, keep, failed = 0, gap, p99, worst } = input;
  const toMs = (text: string): number => Number.parseInt(text, 10) * (text.endsWith('ms') ? 1 : 1000);
  return {
    ...(rate !== undefined && { ratePerSecond: rate }),
    ...(targets !== undefined && { targets: toAbsolute(targets) }),
    ...(keep !== undefined && { keep: toAbsolute(keep) }),
    budget: {
      failed,
      ...(gap !== undefined && { gapMs: toMs(gap) }),
      ...(p99 !== undefined && { p99Ms: toMs(p99) }),
      ...(worst !== undefined && { worstMs: toMs(worst) }),
    },
  };
}

function buildImages(input: ClusterInput['images'], toAbsolute: (path: string) => string): ImageSettings {
  const resolveAll = (paths: Record<string, string> = {}): Record<string, string> =>
    Object.fromEntries(Object.entries(paths).map(([image, path]) => [image, toAbsolute(path)]));
  return {
    archives: resolveAll(input?.archives),
    ...(input?.builds !== undefined && { builds: resolveAll(input.builds) }),
    ...(input?.cache !== undefined && { cache: toAbsolute(input.cache) }),
  };
}

/** The address clients use: the virtual one, else that of the first balancer, else that of the first manager. */
function findEntry(nodes: ClusterNode[], balancer: BalancerSettings | undefined): string {
  const first = (role: string): string | undefined => nodes.find((node) => node.role === role)?.address;
  return balancer?.vip?.address ?? first('balancer') ?? first('manager') ?? '';
}

function toTexts(values: Record<string, string | number | boolean> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, String(value)]));
}

function resolvePath(path: string, file: string, home: string): string {
  const expanded = path === '~' || path.startsWith('~/') ? home + path.slice(1) : path;
  return resolve(dirname(file), expanded);
}
