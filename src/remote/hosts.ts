import { homedir, userInfo } from 'node:os';
import type { Cluster, ClusterNode } from '../cluster/cluster.ts';
import { InputError } from '../errors.ts';
import { suggestWord } from '../input/nearest-word.ts';
import type { Hosts } from './host.ts';
import type { TrustRecord } from './host-key-check.ts';
import { type JumpHosts, shareJumpHosts } from './jump-hosts.ts';
import type { Machine } from './machine.ts';
import type { OpenOptions, SshTimeouts } from './open-ssh.ts';
import { closedError } from './remote-errors.ts';

export interface HostsOptions {
  /** Told of each host met for the first time, whose key was recorded. */
  onTrust?: (record: TrustRecord) => void;
  /** Asks for the passphrase of a key; absent where nobody can be asked. */
  askPassphrase?: (keyPath: string) => Promise<string>;
  /** Home folder for `~/.ssh`; the user's own unless told. */
  home?: string;
  /** Socket of the SSH agent; SSH_AUTH_SOCK unless told, `null` for none. */
  agent?: string | null;
  /** For who connects before it is sure that there is something to do: see `CredentialOptions`. */
  mayAsk?: Promise<unknown>;
  timeouts?: Partial<SshTimeouts>;
  /** Told of each host whose connection breaks, as soon as that is known; the next `connect` opens another. */
  onLost?: (nodeName: string) => void;
}

/** The hosts of a cluster over SSH. Nothing is opened, and nothing heavy loaded, before the first `connect`. */
export function createHosts(cluster: Pick<Cluster, 'nodes'>, options: HostsOptions = {}): Hosts {
  const machines = new Map<string, Promise<Machine>>();
  let way: Promise<Way> | undefined;
  const ending = new AbortController();
  const makeMachine = async (node: ClusterNode): Promise<Machine> => {
    way ??= prepareWay(options, ending.signal);
    return (await way).createMachine(node);
  };
  return {
    connect: async (nodeName) => {
      const node = cluster.nodes.find(({ name }) => name === nodeName);
      if (!node) throw explainUnknownNode(nodeName, cluster);
      if (ending.signal.aborted) throw closedError(nodeName);
      const machine = machines.get(nodeName) ?? makeMachine(node);
      machines.set(nodeName, machine);
      const { host, open } = await machine;
      await open();
      return host;
    },
    close: async () => {
      ending.abort();
      const made = await Promise.allSettled(machines.values());
      await Promise.all(made.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
      // last: the machines behind them say goodbye through them
      await way?.then(({ jumpHosts }) => jumpHosts.close());
    },
  };
}

/** What all machines of a run are reached with. */
interface Way {
  createMachine(node: ClusterNode): Machine;
  jumpHosts: JumpHosts;
}

async function prepareWay(options: HostsOptions, signal: AbortSignal): Promise<Way> {
  const [{ createMachine }, { defaultTimeouts, openSsh }, { resolveNodeTarget }, { readSshConfig }] =
    await Promise.all([
      import('./machine.ts'),
      import('./open-ssh.ts'),
      import('./ssh-target.ts'),
      import('./read-ssh-config.ts'),
    ]);
  const home = options.home ?? homedir();
  const agent = options.agent === undefined ? process.env['SSH_AUTH_SOCK'] : (options.agent ?? undefined);
  const context = {
    sshConfig: await readSshConfig(home),
    home,
    localUser: userInfo().username,
    ...(agent !== undefined && agent !== '' && { agent }),
  };
  const openOptions: OpenOptions = {
    timeouts: { ...defaultTimeouts, ...options.timeouts },
    onTrust: options.onTrust ?? (() => {}),
    jumpHosts: shareJumpHosts((target) => openSsh(target, { ...openOptions, signal })),
    ...(options.mayAsk && { mayAsk: options.mayAsk }),
    ...(options.askPassphrase && { askPassphrase: askOnce(options.askPassphrase) }),
  };
  return {
    createMachine: (node) =>
      createMachine(node.name, node.address, resolveNodeTarget(node, context), openOptions, () =>
        options.onLost?.(node.name),
      ),
    jumpHosts: openOptions.jumpHosts,
  };
}

/** Five hosts share one key: its passphrase is asked for once. */
function askOnce(ask: (keyPath: string) => Promise<string>): (keyPath: string) => Promise<string> {
  const answers = new Map<string, Promise<string>>();
  return (keyPath) => {
    const answer = answers.get(keyPath) ?? ask(keyPath);
    answers.set(keyPath, answer);
    return answer;
  };
}

function explainUnknownNode(nodeName: string, { nodes }: Pick<Cluster, 'nodes'>): InputError {
  const known = nodes.map(({ name }) => name);
  return new InputError({
    message: `the cluster has no node ${JSON.stringify(nodeName)}`,
    next: suggestWord(nodeName, known),
  });
}
