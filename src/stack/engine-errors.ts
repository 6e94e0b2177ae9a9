/** What the engine's refusals mean for a stack. Pure. */
import { readEngineMessage, readStatusCode } from '../remote/engine-call.ts';

export function isNotFound(error: unknown): boolean {
  return readStatusCode(error) === 404;
}

/** Someone changed the object since its version was read. */
export function isOutOfSequence(error: unknown): boolean {
  return /update out of sequence/i.test(readEngineMessage(error));
}

/** Tasks or containers still hold it; they are on their way out. */
export function isInUse(error: unknown): boolean {
  return /in use|active endpoints/i.test(readEngineMessage(error));
}
