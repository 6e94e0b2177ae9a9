/**
 * What a rotation strategy is: how the new value of a secret is made valid where it is checked, and the old one
 * invalid. The engine (run.ts, advance.ts) does the rest, the same for all: it keeps the new value in the secrets file
 * before anything depends on it, makes the new version in the swarm, moves the consumers, verifies, collects the old
 * version.
 */
import type { SecretValue } from '../secrets/secret-value.ts';

/** Name of a secret → its value. */
export type SecretValues = ReadonlyMap<string, SecretValue>;

/** How a random value is made. */
export interface Recipe {
  /** Characters. */
  length: number;
  charset: 'alphanumeric' | 'hex' | 'digits' | 'symbols';
}

/** What a program in a task answered; no text of it may reach a person, for it may repeat what it was told. */
export interface TaskAnswer {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** `stk_mysql.1 on vm-worker1`, for messages. */
  task: string;
}

export interface TaskCommand {
  /** Key of the service in the compose file; a running task of it is chosen. */
  service: string;
  /** Program and arguments: never a value. */
  command: string[];
  /** Where values go. */
  stdin: string | Uint8Array;
  /** As the image knows users. */
  user?: string;
  timeoutMs?: number;
}

/** What a strategy is given to work with. */
export interface StrategyContext {
  /** The values that are to go, as far as they can be known: from the secrets file, else from a task that has them. */
  old: SecretValues;
  /** The values that come; all of the strategy's secrets. */
  next: SecretValues;
  /**
   * Every value that a secret of `reads` may have where it is checked, likeliest first: what the secrets file says, then
   * what versions that tasks still mount hold (a rotation of that secret may be under way, or have been cut short).
   */
  present: ReadonlyMap<string, readonly SecretValue[]>;
  /** Runs a program in a running task of a service of the stack. @throws UserError when there is none, or it can't. */
  runInTask(command: TaskCommand): Promise<TaskAnswer>;
  /** One line of what is going on; no value. */
  report(message: string): void;
  signal: AbortSignal;
}

/** Words for the plan, each one line, present tense: `ALTER USER … RETAIN CURRENT PASSWORD in a task of mysql`. */
export interface StrategyWords {
  prepare?: string;
  verify?: string;
  retire?: string;
}

/**
 * One rotation of one or several secrets that belong together. Every step may be run again, also after a run that was
 * killed in its middle: it looks at the world first (which of the two values works?) and does only what is missing.
 * A step that fails throws a `UserError` without any value in it; the engine then takes everything back.
 */
export interface Strategy {
  name: string;
  /** Secrets that change together: the one that x-secrets names first, then those that come along. */
  secrets: readonly string[];
  /** Secrets whose value its steps have to know though they don't change them: an administrator's password. */
  reads?: readonly string[];
  /** Services (keys of the compose file) that use these secrets but needn't move: they keep the version they have. */
  leaves: readonly string[];
  /** Whether steps look at `old`: it is then read from a task where the secrets file doesn't tell it. */
  needsOld: boolean;
  /** No value is ever made up for it: a rotation needs one that was given. */
  givenOnly?: boolean;
  /** Present where the old value stays good for a while: this long, in seconds, after all have moved. */
  overlapSeconds?: number;
  /** What they accept is theirs to say: services get the new value beside the old one first, then the old beside the new. */
  servicesAccept?: true;
  words: StrategyWords;
  /** How the new value of a secret is made; the old one's length, letters and digits, where this says nothing. */
  recipeOf?(secret: string): Recipe | undefined;
  /** A new value that follows from the old ones (the other one of two users); a random one where there is none. */
  choose?(secret: string, old: SecretValues): SecretValue | undefined;
  /** Makes the new value valid beside the old one, before any consumer has it. */
  prepare?(context: StrategyContext): Promise<void>;
  /** Proves, once all consumers have it, that the new value works. */
  verify?(context: StrategyContext): Promise<void>;
  /** Makes the old value invalid. Nothing uses it any longer; there is no way back from here. */
  retire?(context: StrategyContext): Promise<void>;
  /** Makes the new value invalid and the old one as it was, once all consumers are back on the old one. */
  undo?(context: StrategyContext): Promise<void>;
}
