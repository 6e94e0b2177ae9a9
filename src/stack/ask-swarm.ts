/** Questions to a manager, bounded in time, with failures that tell what to do. */
import { UserError } from '../errors.ts';
import { readEngineMessage } from '../remote/engine-call.ts';
import { within } from '../remote/within.ts';

const callTimeoutMs = 20_000;

/**
 * The answer of the engine. A manager without quorum hangs rather than fails, and one that looks for a new leader fails
 * for some seconds.
 *
 * @throws UserError once the answer has taken too long, and in the engine's words when it refuses.
 */
export async function askSwarm<Value>(call: Promise<Value>, timeoutMs = callTimeoutMs): Promise<Value> {
  try {
    return await within(
      timeoutMs,
      call,
      (seconds) =>
        new UserError(`the engine didn't answer within ${seconds} s`, {
          next: 'see `kawanan status` for nodes that are down: a swarm without a majority of its managers answers nothing',
        }),
    );
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`the engine couldn't say how the stack is: ${readEngineMessage(error)}`, {
      next: 'run the same command again; if this stays, see `kawanan status` for managers that are down',
      cause: error,
    });
  }
}
