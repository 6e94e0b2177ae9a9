import { setTimeout as sleep } from 'node:timers/promises';
import { checkOptions } from './check-options.ts';
import type { ProbeTarget } from './options.ts';
import type { Answer } from './run-open-loop.ts';
import { createTransport } from './transport.ts';

/**
 * Sends one request to each target, all at once, and tells what came of it; `timeout` after `timeoutMs`. Certificates
 * aren't checked: the question is whether somebody answers.
 *
 * @throws InputError when a target is wrong.
 */
export async function tryTargets(targets: ProbeTarget[], timeoutMs: number): Promise<Answer[]> {
  if (targets.length === 0) return [];
  const settings = checkOptions({ targets, ratePerSecond: 1, durationMs: 1, timeoutMs, insecure: true });
  const transport = createTransport(settings);
  const over = new AbortController();
  const late: Answer = { failure: 'timeout', status: null, server: null, bytes: 0 };
  const deadline = sleep(timeoutMs, late, { signal: over.signal }).catch(() => late);
  try {
    return await Promise.all(
      targets.map(async (_target, index) => {
        const answered = Promise.withResolvers<Answer>();
        const giveUp = transport.send(index, answered.resolve);
        const answer = await Promise.race([answered.promise, deadline]);
        if (answer === late) giveUp();
        return answer;
      }),
    );
  } finally {
    over.abort();
    await transport.close();
  }
}
