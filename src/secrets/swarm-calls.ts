/** Calls to the engine about secrets and their configs, with failures that say what could not be done. */
import { UserError } from '../errors.ts';

/** dockerode puts what it isn't told otherwise into the address too, where the engine's log would show it. */
export function inBody(spec: object): object {
  return { _query: {}, _body: spec };
}

/** `false` where the name is taken. */
export async function unlessTaken(create: () => Promise<unknown>): Promise<boolean> {
  try {
    await create();
    return true;
  } catch (error) {
    if (readStatus(error) === 409) return false;
    throw error;
  }
}

/** No error where there is none. */
export async function unlessGone(remove: () => Promise<unknown>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (readStatus(error) !== 404) throw error;
  }
}

function readStatus(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode;
}

/** Failures in the engine's words; what was sent is in none of them. */
export async function calling<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { json, message } = error as { json?: { message?: string }; message?: string };
    throw new UserError(what, {
      details: [(json?.message ?? message ?? String(error)).trim()],
      next: 'run the same command again; if this stays: kawanan doctor',
    });
  }
}
