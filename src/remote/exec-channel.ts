import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import type { SshConnection } from './open-ssh.ts';
import { ConnectionError } from './remote-errors.ts';

const connectFailed = 2;
const retryForMs = 10_000;

/**
 * Starts a command line on an open connection.
 * sshd refuses a session beyond its MaxSessions, and counts one that ended until it has cleaned up behind it:
 * what was refused never started, and is tried again.
 * `listen` is called before anything of the channel is read: the exit code of a short command comes in the same
 * packet as the channel, and who attaches a listener after an `await` misses it.
 *
 * @throws ConnectionError when the connection is gone, or no session is free for ten seconds.
 */
export async function openExecChannel(
  connection: SshConnection,
  line: string,
  listen: (channel: ClientChannel) => void = () => {},
): Promise<ClientChannel> {
  const startedAt = performance.now();
  for (let delayMs = 10; ; delayMs = Math.min(delayMs * 2, 500)) {
    try {
      return await execOnce(connection, line, listen);
    } catch (error) {
      const lost = connection.lost();
      if (lost) throw lost;
      if ((error as { reason?: unknown }).reason !== connectFailed) throw error;
      if (performance.now() - startedAt > retryForMs) {
        throw new ConnectionError(
          connection.label,
          'sessions',
          'sshd opens no further session on this connection',
          {
            next: 'look at MaxSessions in the sshd_config there: ten, the default, is enough',
            cause: error,
          },
        );
      }
    }
    await sleep(delayMs);
  }
}

function execOnce(
  connection: SshConnection,
  line: string,
  listen: (channel: ClientChannel) => void,
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    const forget = connection.onLost((error) => queueMicrotask(() => reject(error)));
    // Words of programs are matched here and there: they must not be translated.
    connection.client.exec(line, { env: { LC_ALL: 'C.UTF-8' } }, (error, channel) => {
      forget();
      if (error) return reject(error);
      listen(channel);
      resolve(channel);
    });
  });
}
