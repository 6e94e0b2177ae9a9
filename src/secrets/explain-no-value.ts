/** What is said of an external secret that has no value anywhere. Pure. */
import type { Place, Problem } from '../errors.ts';

export interface SourceHints {
  /** Where the compose files name a secret. */
  placeOf?: (secret: string) => Place;
  /** Path of the secrets file; absent where the cluster file names none. */
  secretsFile?: string;
}

/** The problem of a secret that neither the secrets file has, nor the swarm, where that can be asked. */
export function explainNoValue(
  secret: string,
  { placeOf, secretsFile }: SourceHints,
  isSwarmThere: boolean,
): Problem {
  const target = secretsFile ?? 'a secrets file, and name that in the cluster file (secrets: secrets.yml)';
  return {
    path: `secrets.${secret}`,
    ...placeOf?.(secret),
    message: `the external secret ${secret} has no value${isSwarmThere ? ', and the swarm has none of that name' : ''}`,
    next: `add it to ${target}, e.g. ${secret}: generate`,
  };
}
