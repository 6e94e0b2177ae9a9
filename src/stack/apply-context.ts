/** What applying a change of the stack layer needs. */
import type Docker from 'dockerode';
import { UserError } from '../errors.ts';
import type { Traffic } from '../plan/traffic.ts';
import type { FindLogin } from '../registry/credentials.ts';
import { readEngineMessage } from '../remote/engine-call.ts';
import type { Hosts } from '../remote/host.ts';
import type { ConvergeLimits } from './converge.ts';
import type { StackDefinition } from './definition.ts';
import type { SnapshotSource } from './snapshots.ts';

export interface ApplyContext {
  definition: StackDefinition;
  engine: Docker;
  snapshots: SnapshotSource;
  hosts: Hosts | undefined;
  limits: ConvergeLimits;
  /** Names of services that were changed, made, removed or waited for since the stack was observed; grows. */
  touched: Set<string>;
  /** The balancers; absent where there are none. */
  traffic?: Traffic;
  /** For services whose image wants a login, kept in the swarm for nodes that pull it later; nobody logs in without it. */
  findLogin?: FindLogin;
  /** Who makes the changes, by which command; kept with the revision. */
  origin: { by: string; why: string };
}

/** The one of the compose file with this key; the plan was made from the same file, so it is there. */
export function findByKey<Item extends { key: string }>(items: Item[], key: string): Item {
  const item = items.find((candidate) => candidate.key === key);
  if (!item) throw new Error(`the compose file has no ${key}`);
  return item;
}

/** An engine's refusal as an error for the user. */
export function refusal(what: string, error: unknown, next: string): UserError {
  if (error instanceof UserError) return error;
  return new UserError(`the engine refused to ${what}: ${readEngineMessage(error)}`, {
    next,
    cause: error,
  });
}
