/** What the Engine API's failures mean. */

/** HTTP status of an engine's refusal; `undefined` when the engine didn't answer at all. */
export function readStatusCode(error: unknown): number | undefined {
  const code = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof code === 'number' ? code : undefined;
}

/** An engine's failure in one line, in its own words, with any join token cut out. */
export function describeEngineError(error: unknown): string {
  const { message, json } = error as { message?: string; json?: { message?: string } };
  const text = json?.message ?? message ?? String(error);
  return hideJoinTokens(text).trim().replaceAll(/\s+/g, ' ');
}

/** The text with every join token of a swarm replaced: an engine may quote what it was given. */
export function hideJoinTokens(text: string): string {
  return text.replaceAll(/SWMTKN-[A-Za-z0-9-]+/g, '[join token]');
}
