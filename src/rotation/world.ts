import type { SecretValue } from '../secrets/secret-value.ts';
import type { SwarmSecrets } from '../secrets/swarm-secrets.ts';
import type { TaskAnswer, TaskCommand } from './strategy.ts';
import type { ValueFile } from './value-file.ts';

/** All that a rotation works on; handed in by the pipeline, and by tests. */
export interface RotationWorld {
  /** The stacks whose services move. */
  stackNames: readonly string[];
  /** The one that a secret's records and versions are of: where x-secrets declares it, else the first that has it. */
  stackOf(secret: string): string;
  swarm: SwarmSecrets;
  values: ValueFile;
  /** Brings the services to the versions that the records of rotations say, all of it or nothing. */
  roll(): Promise<void>;
  /** In a task of a stack's service. */
  runInTask(stack: string, command: TaskCommand): Promise<TaskAnswer>;
  /** The value of a version, read where it is mounted; `undefined` where no running task has it. */
  readFromTask(secret: string, objectName: string): Promise<SecretValue | undefined>;
  now(): Date;
  /** `anna@laptop`, for the records. */
  by: string;
  /** One line about what is going on. */
  tell(message: string): void;
  signal: AbortSignal;
}
