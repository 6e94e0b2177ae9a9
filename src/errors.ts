/** Process exit codes of every command. */
export const exitCodes = { done: 0, failed: 1, badInput: 2, changesPending: 3, interrupted: 130 } as const;

/** Where something is wrong: a place in a file, a host, or both. */
export interface Place {
  file?: string;
  /** 1-based. */
  line?: number;
  /** 1-based. */
  column?: number;
  /** Path inside the document, e.g. `nodes.vm-a.address`. */
  path?: string;
  host?: string;
}

/** One thing wrong with what the user gave us. */
export interface Problem extends Place {
  message: string;
  /** Its name on the page about such problems, where it has one. */
  code?: string;
  /** What to do about it, e.g. `did you mean "address"?`. */
  next?: string;
}

export interface ErrorOptions {
  /** Lines that back the message up: the last lines of stderr, a scheduler's reason. */
  details?: string[];
  /** What the user can do next, as one sentence or a command. */
  next?: string;
  place?: Place;
  cause?: unknown;
}

/**
 * An error whose message is written for the user: what happened, where, and what to do next.
 * Everything else that reaches the top of the program is a defect of ours and is printed with its stack.
 */
export class UserError extends Error {
  override name = 'UserError';
  readonly exitCode: number = exitCodes.failed;
  readonly details: string[];
  readonly next: string | undefined;
  readonly place: Place;

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.details = options.details ?? [];
    this.next = options.next;
    this.place = options.place ?? {};
  }
}

/** Bad usage or input: every problem found, reported together. Exit code 2; nothing was changed. */
export class InputError extends UserError {
  override name = 'InputError';
  override readonly exitCode: number = exitCodes.badInput;
  readonly problems: Problem[];

  constructor(problems: Problem[] | Problem, options: ErrorOptions = {}) {
    const all = Array.isArray(problems) ? problems : [problems];
    super(all.length === 1 ? all[0]!.message : `${all.length} problems in the input`, options);
    this.problems = all;
  }
}

/** The user or the system asked us to stop. Exit code 130. */
export class InterruptedError extends UserError {
  override name = 'InterruptedError';
  override readonly exitCode: number = exitCodes.interrupted;
}

/** Several independent failures of work done side by side. Its exit code is theirs when they agree (a wrong key on five hosts). */
export class CombinedError extends UserError {
  override name = 'CombinedError';
  override readonly exitCode: number;
  readonly errors: unknown[];

  constructor(message: string, errors: unknown[], options: ErrorOptions = {}) {
    super(message, options);
    this.errors = errors;
    const codes = errors.map((error) => (error instanceof UserError ? error.exitCode : exitCodes.failed));
    this.exitCode = codes.length > 0 && new Set(codes).size === 1 ? codes[0]! : exitCodes.failed;
  }
}

/** `file:line:column path` of a place, as far as it is known; empty when nothing is. */
export function formatPlace(place: Place): string {
  const position = [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
  return [place.host, position, place.path].filter((part) => part !== undefined && part !== '').join(' ');
}
