/** What the Engine API's failures mean, and a bound on how long its answers may take. */

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

/** The answer, or an error once it has taken too long; the call itself goes on. */
export async function within<Value>(timeoutMs: number, call: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([call, expired]);
  } finally {
    clearTimeout(timer);
  }
}
