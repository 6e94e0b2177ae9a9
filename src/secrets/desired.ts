/** Which secrets a stack wants to find in the swarm. Pure. */
import type { StackDefinition } from '../stack/definition.ts';
import type { SecretValue } from './secret-value.ts';

/** External secret → its value, `generated at up`, or `undefined` when there is no source for it. */
export type WantedSecrets = ReadonlyMap<string, SecretValue | 'generated at up' | undefined>;

/** The loaded secrets that a stack uses as external ones, in its order. */
export function selectStackSecrets(
  definition: Pick<StackDefinition, 'external'>,
  loaded: ReadonlyMap<string, SecretValue | 'generated at up'>,
): WantedSecrets {
  return new Map(definition.external.secrets.map((name) => [name, loaded.get(name)]));
}
