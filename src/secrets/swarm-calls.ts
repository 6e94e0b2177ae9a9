/** Calls to the engine about secrets and their configs, with failures that say what could not be done. */
import { UserError } from '../errors.ts';
import { readEngineMessage, readStatusCode } from '../remote/engine-call.ts';

/** `false` where the name is taken. */
export async function unlessTaken(create: () => Promise<unknown>): Promise<boolean> {
  try {
    await create();
    return true;
  } catch (error) {
    if (readStatusCode(error) === 409) return false;
    throw error;
  }
}

/** No error where there is none. */
export async function unlessGone(remove: () => Promise<unknown>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (readStatusCode(error) !== 404) throw error;
  }
}

/** Failures in the engine's words; what was sent is in none of them. */
export async function calling<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(what, {
      details: [readEngineMessage(error)],
      next: 'run the same command again; if this stays: kawanan doctor',
    });
  }
}
