/** Calls of the Engine API through dockerode: what goes into them, and what their failures say. Pure. */

/** dockerode puts what it isn't told otherwise into the address too: too long for it, and shown in the engine's log. */
export function inBody(spec: object): never {
  return { _query: {}, _body: spec } as never;
}

/** HTTP status of an engine's refusal; `undefined` when the engine didn't answer at all. */
export function readStatusCode(error: unknown): number | undefined {
  const code = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof code === 'number' ? code : undefined;
}

/** The engine's own words, in one line. */
export function readEngineMessage(error: unknown): string {
  const { json, message } = (error ?? {}) as { json?: { message?: string }; message?: string };
  return (json?.message ?? message ?? String(error)).trim().replaceAll(/\s+/g, ' ');
}
