import { UserError } from '../../errors.ts';
import type { Host } from '../../remote/host.ts';
import { runningDigestVariable, runtimeSocketPath } from './render-haproxy.ts';

const answerTimeoutMs = 5_000;

/**
 * Sends one command to HAProxy's Runtime API on a host and returns the whole answer.
 *
 * @throws UserError when the socket isn't there or HAProxy doesn't answer within five seconds.
 */
export async function askHaproxy(host: Host, command: string): Promise<string> {
  const fail = (message: string, cause?: unknown): UserError =>
    new UserError(message, {
      place: { host: host.name },
      next: 'look at it on the host: systemctl status haproxy; journalctl -u haproxy',
      cause,
    });
  const stream = await host.openSocket(runtimeSocketPath).catch((cause: unknown) => {
    throw fail(`HAProxy's Runtime API can't be reached at ${runtimeSocketPath}`, cause);
  });
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      stream.destroy();
      reject(fail(`HAProxy didn't answer "${command}" within ${answerTimeoutMs / 1000} s`));
    }, answerTimeoutMs);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (cause) => settle(() => reject(fail("HAProxy's Runtime API broke off", cause))));
    stream.on('end', () =>
      settle(() => {
        stream.destroy();
        resolve(Buffer.concat(chunks).toString('utf8'));
      }),
    );
    // a half-closed stream makes HAProxy drop its answer, so the stream stays open until it has answered
    stream.write(`${command}\n`);
  });
}

/** The digest of the configuration that HAProxy runs; `undefined` when it doesn't run or runs one that isn't ours. */
export async function readRunningDigest(host: Host): Promise<string | undefined> {
  const answer = await askLeniently(host, `show env ${runningDigestVariable}`);
  return new RegExp(`^${runningDigestVariable}=([0-9a-f]+)$`, 'm').exec(answer)?.[1];
}

/** The id of the process that answers; `undefined` when none does. */
export async function readProcess(host: Host): Promise<string | undefined> {
  return /^Pid: (\d+)$/m.exec(await askLeniently(host, 'show info'))?.[1];
}

/** Nothing where HAProxy doesn't answer. */
function askLeniently(host: Host, command: string): Promise<string> {
  return askHaproxy(host, command).catch((error: unknown) => {
    if (error instanceof UserError) return '';
    throw error;
  });
}
