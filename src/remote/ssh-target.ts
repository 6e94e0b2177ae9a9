/** Where and how to connect: the cluster file's word, then `~/.ssh/config`, then what ssh itself would take. No I/O. */
import SSHConfig from 'ssh-config';
import type { SshSettings } from '../cluster/cluster.ts';
import { InputError } from '../errors.ts';

export interface SshTarget {
  /** What messages call it: the node's name, or the jump host as written. */
  label: string;
  host: string;
  port: number;
  user: string;
  /** Private keys to try in this order; a named one must be usable, a default one is tried if it is there. */
  keys: { path: string; named: boolean }[];
  /** The first is where trust is recorded. */
  knownHostsFiles: string[];
  /** Name to look up instead of the host's (`HostKeyAlias`). */
  hostKeyAlias?: string;
  /** A host without a recorded key is refused (`StrictHostKeyChecking yes`). */
  strict: boolean;
  /** Socket of the agent; absent when it isn't to be asked. */
  agent?: string;
  /** The machine to go through. */
  jump?: SshTarget;
}

export interface TargetContext {
  /** Text of `~/.ssh/config`, with its includes in place; empty where there is none. */
  sshConfig: string;
  home: string;
  /** Name of the user who runs us: what ssh takes for a jump host without a user. */
  localUser: string;
  /** SSH_AUTH_SOCK. */
  agent?: string;
}

const defaultKeyNames = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** How to reach a node of the cluster. */
export function resolveNodeTarget(
  node: { name: string; address: string; ssh: SshSettings },
  context: TargetContext,
): SshTarget {
  // Someone may have written the block under the node's name or under its address.
  const byName = lookUp(node.name, context);
  const byAddress = lookUp(node.address, context);
  const config: HostConfig = { ...byAddress, ...byName };
  const open = node.ssh.defaulted ?? [];
  const user = open.includes('user') ? (config.user ?? node.ssh.user) : node.ssh.user;
  const port = open.includes('port') ? (config.port ?? node.ssh.port) : node.ssh.port;
  return buildTarget(node.name, config.hostName ?? node.address, user, port, config, node.ssh, context, []);
}

/** How to reach a jump host written as `[user@]host[:port]`; a comma-separated chain goes through each in turn. */
export function resolveJumpTarget(written: string, context: TargetContext, seen: string[] = []): SshTarget {
  const hops = written.split(',').map((hop) => hop.trim());
  const last = hops.pop()!;
  const match = /^(?:(?<user>[^@]+)@)?(?<host>\[[^\]]+\]|[^:]+)(?::(?<port>\d+))?$/.exec(last);
  const alias = (match?.groups?.['host'] ?? last).replace(/^\[|\]$/g, '');
  const config = lookUp(alias, context);
  const user = match?.groups?.['user'] ?? config.user ?? context.localUser;
  const port = Number(match?.groups?.['port'] ?? config.port ?? 22);
  const settings: Pick<SshSettings, 'jump'> = hops.length > 0 ? { jump: hops.join(',') } : {};
  return buildTarget(last, config.hostName ?? alias, user, port, config, settings, context, [...seen, last]);
}

function buildTarget(
  label: string,
  host: string,
  user: string,
  port: number,
  config: HostConfig,
  settings: Pick<SshSettings, 'key' | 'jump' | 'knownHosts'>,
  context: TargetContext,
  seen: string[],
): SshTarget {
  const expand = (path: string): string => expandTokens(path, { home: context.home, host, user });
  const named = [
    ...(settings.key === undefined ? [] : [settings.key]),
    ...(config.identityFiles ?? []).map(expand),
  ];
  const defaults = named.length > 0 ? [] : defaultKeyNames.map((name) => `${context.home}/.ssh/${name}`);
  const agent = resolveAgent(config.identityAgent, context, expand);
  const jump = settings.jump ?? config.proxyJump;
  const jumped = jump === undefined || jump === 'none' || seen.includes(jump) ? undefined : jump;
  return {
    label,
    host,
    port,
    user,
    keys: [
      ...named.map((path) => ({ path, named: path === settings.key })),
      ...defaults.map((path) => ({ path, named: false })),
    ],
    knownHostsFiles: [
      ...(settings.knownHosts !== undefined
        ? [settings.knownHosts]
        : (config.knownHostsFiles ?? ['~/.ssh/known_hosts']).map(expand)),
      '/etc/ssh/ssh_known_hosts',
    ],
    strict: config.strict ?? false,
    ...(config.hostKeyAlias !== undefined && { hostKeyAlias: config.hostKeyAlias }),
    ...(agent !== undefined && { agent }),
    ...(jumped !== undefined && { jump: resolveJumpTarget(jumped, context, seen) }),
  };
}

function resolveAgent(
  written: string | undefined,
  context: TargetContext,
  expand: (path: string) => string,
): string | undefined {
  if (written === undefined || written === 'SSH_AUTH_SOCK') return context.agent;
  return written === 'none' ? undefined : expand(written);
}

interface HostConfig {
  hostName?: string;
  user?: string;
  port?: number;
  identityFiles?: string[];
  identityAgent?: string;
  knownHostsFiles?: string[];
  hostKeyAlias?: string;
  proxyJump?: string;
  strict?: boolean;
}

function lookUp(alias: string, context: TargetContext): HostConfig {
  const found = computeConfig(alias, context);
  const one = (key: string): string | undefined => [found[key] ?? []].flat().join(' ') || undefined;
  const many = (key: string): string[] => [found[key] ?? []].flat();
  const hostName = one('hostname')?.replaceAll('%h', alias);
  const user = one('user');
  const port = one('port');
  const identityAgent = one('identityagent');
  const hostKeyAlias = one('hostkeyalias');
  const proxyJump = one('proxyjump');
  const knownHosts = many('userknownhostsfile').flatMap((files) => files.split(/\s+/));
  const identityFiles = many('identityfile').filter((file) => file !== 'none');
  const strict = one('stricthostkeychecking');
  return {
    ...(hostName !== undefined && { hostName }),
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port: Number(port) }),
    ...(hostKeyAlias !== undefined && { hostKeyAlias }),
    ...(proxyJump !== undefined && { proxyJump }),
    ...(identityAgent !== undefined && { identityAgent }),
    ...(identityFiles.length > 0 && { identityFiles }),
    ...(knownHosts.length > 0 && { knownHostsFiles: knownHosts }),
    ...(strict !== undefined && { strict: strict === 'yes' }),
  };
}

function computeConfig(alias: string, context: TargetContext): Record<string, string | string[]> {
  try {
    return SSHConfig.parse(context.sshConfig).compute(alias, { ignoreCase: true });
  } catch (error) {
    throw new InputError({
      file: `${context.home}/.ssh/config`,
      message: `not understood: ${(error as Error).message}`,
      next: 'see what ssh says of it: ssh -G localhost',
    });
  }
}

function expandTokens(path: string, values: { home: string; host: string; user: string }): string {
  const unquoted = path.replace(/^"(.*)"$/, '$1');
  const tokens: Record<string, string> = { d: values.home, h: values.host, r: values.user, '%': '%' };
  const expanded = unquoted
    .replace(/^~(?=\/|$)/, values.home)
    .replace(/%([dhr%])/g, (_, token: string) => tokens[token]!);
  return expanded.startsWith('/') ? expanded : `${values.home}/.ssh/${expanded}`;
}
