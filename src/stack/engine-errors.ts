/** What the engine's refusals mean for a stack. Pure. */

/** HTTP status of an engine's refusal; `undefined` for any other error. */
export function readStatusCode(error: unknown): number | undefined {
  const code = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof code === 'number' ? code : undefined;
}

/** The engine's own words, in one line. */
export function readEngineMessage(error: unknown): string {
  const { json, message } = (error ?? {}) as { json?: { message?: string }; message?: string };
  return (json?.message ?? message ?? String(error)).trim().replaceAll(/\s+/g, ' ');
}

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
