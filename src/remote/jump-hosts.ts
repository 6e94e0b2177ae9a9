import type { SshConnection } from './open-ssh.ts';
import type { SshTarget } from './ssh-target.ts';

/** Connections to jump hosts, each shared by all machines behind it. */
export interface JumpHosts {
  /** The open connection to a jump host. @throws ConnectionError */
  open(target: SshTarget): Promise<SshConnection>;
  close(): Promise<void>;
}

/** `openSsh` opens a connection that isn't shared yet; it is handed in because it opens its own jump hosts here. */
export function shareJumpHosts(openSsh: (target: SshTarget) => Promise<SshConnection>): JumpHosts {
  const shared = new Map<string, Promise<SshConnection>>();
  return {
    open: (target) => {
      const name = `${target.user}@${target.host}:${target.port}`;
      const known = shared.get(name);
      if (known) return known;
      const opening = openSsh(target);
      const forget = (): void => {
        if (shared.get(name) === opening) shared.delete(name);
      };
      shared.set(name, opening);
      opening.then((connection) => connection.onLost(forget), forget);
      return opening;
    },
    close: async () => {
      const made = await Promise.allSettled(shared.values());
      await Promise.all(made.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
    },
  };
}
