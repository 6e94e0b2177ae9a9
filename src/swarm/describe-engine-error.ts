/** What an engine says of a swarm, fit to be shown. Pure. */
import { readEngineMessage } from '../remote/engine-call.ts';

/** An engine's failure in one line, in its own words, with any join token cut out. */
export function describeEngineError(error: unknown): string {
  return hideJoinTokens(readEngineMessage(error));
}

/** The text with every join token of a swarm replaced: an engine may quote what it was given. */
export function hideJoinTokens(text: string): string {
  return text.replaceAll(/SWMTKN-[A-Za-z0-9-]+/g, '[join token]');
}
