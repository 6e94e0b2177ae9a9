/** Whether every external secret of a stack has a value somewhere. Pure. */
import type { Problem } from '../errors.ts';
import { findNearestWord } from '../input/nearest-word.ts';
import type { StackDefinition } from '../stack/definition.ts';

export interface SourceCheck {
  /** Path of the secrets file, for the next step. */
  secretsFile?: string;
  /** Names of secrets that the swarm has already: they need no source. */
  existing?: Iterable<string>;
}

/** A problem for each external secret that neither the secrets file nor the swarm has. */
export function checkSecretSources(
  definition: Pick<StackDefinition, 'file' | 'external'>,
  secretNames: Iterable<string>,
  { secretsFile, existing = [] }: SourceCheck = {},
): Problem[] {
  const wanted = new Set(definition.external.secrets);
  const known = new Set(secretNames);
  const there = new Set(existing);
  const idle = [...known].filter((name) => !wanted.has(name));
  return [...wanted]
    .filter((name) => !known.has(name) && !there.has(name))
    .map((name) => {
      const nearest = findNearestWord(name, idle);
      const target = secretsFile ?? 'a secrets file (secrets: secrets.yml in the cluster file)';
      return {
        file: definition.file,
        path: `secrets.${name}`,
        message: `the external secret ${name} has no value`,
        next:
          nearest === undefined
            ? `add it to ${target}, e.g. ${name}: generate`
            : `${target} has ${nearest}, which the stack does not use: is that the one?`,
      };
    });
}
