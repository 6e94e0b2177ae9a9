import { homedir, userInfo } from 'node:os';
import type { Cluster } from '../cluster/cluster.ts';
import { InputError } from '../errors.ts';
import type { Hosts } from './host.ts';
import type { TrustRecord } from './host-key-check.ts';
import type { Machine } from './machine.ts';
import type { SshTimeouts } from './open-ssh.ts';

export interface HostsOptions {
  /** Told of each host met for the first time, whose key was recorded. */
  onTrust?: (record: TrustRecord) => void;
  /** Asks for the passphrase of a key; absent where nobody can be asked. */
  askPassphrase?: (keyPath: string) => Promise<string>;
  /** Home folder for `~/.ssh`; the user's own unless told. */
  home?: string;
  /** Socket of the SSH agent; SSH_AUTH_SOCK unless told, `null` for none. */
  agent?: string | null;
  timeouts?: Partial<SshTimeouts>;
}

/** The hosts of a cluster over SSH. Nothing is opened, and nothing heavy loaded, before the first `connect`. */
export function createHosts(cluster: Pick<Cluster, 'nodes'>, options: HostsOptions = {}): Hosts {
  const machines = new Map<string, Promise<Machine>>();
  let sshConfig: Promise<string> | undefined;

  const makeMachine = async (nodeName: string): Promise<Machine> => {
    const node = cluster.nodes.find(({ name }) => name === nodeName);
    if (!node) {
      const { suggestWord } = await import('../input/nearest-word.ts');
      throw new InputError({
        message: `the cluster has no node ${JSON.stringify(nodeName)}`,
        next: suggestWord(
          nodeName,
          cluster.nodes.map(({ name }) => name),
        ),
      });
    }
    const [{ createMachine }, { defaultTimeouts }, { resolveNodeTarget }, { readSshConfig }] =
      await Promise.all([
        import('./machine.ts'),
        import('./open-ssh.ts'),
        import('./ssh-target.ts'),
        import('./read-ssh-config.ts'),
      ]);
    const home = options.home ?? homedir();
    sshConfig ??= readSshConfig(home);
    const agent = options.agent === undefined ? process.env['SSH_AUTH_SOCK'] : (options.agent ?? undefined);
    const target = resolveNodeTarget(node, {
      sshConfig: await sshConfig,
      home,
      localUser: userInfo().username,
      ...(agent !== undefined && agent !== '' && { agent }),
    });
    return createMachine(node.name, node.address, target, {
      timeouts: { ...defaultTimeouts, ...options.timeouts },
      onTrust: options.onTrust ?? (() => {}),
      ...(options.askPassphrase && { askPassphrase: askOnce(options.askPassphrase) }),
    });
  };

  // Five hosts share one key: its passphrase is asked for once.
  const answers = new Map<string, Promise<string>>();
  const askOnce =
    (ask: (keyPath: string) => Promise<string>) =>
    (keyPath: string): Promise<string> => {
      const answer = answers.get(keyPath) ?? ask(keyPath);
      answers.set(keyPath, answer);
      return answer;
    };

  return {
    connect: async (nodeName) => {
      const machine = machines.get(nodeName) ?? makeMachine(nodeName);
      machines.set(nodeName, machine);
      const { host, open } = await machine;
      await open();
      return host;
    },
    close: async () => {
      const made = await Promise.allSettled(machines.values());
      await Promise.all(made.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
    },
  };
}
