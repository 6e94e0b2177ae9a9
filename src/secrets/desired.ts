/** Which secrets a stack wants to find in the swarm. Pure. */
import type { StackDefinition } from '../stack/definition.ts';
import type { SecretValue } from './secret-value.ts';

/** External secret → its value, `generated at up`, or `undefined` when there is no source for it. */
export type WantedSecrets = ReadonlyMap<string, SecretValue | 'generated at up' | undefined>;

/** The loaded secrets that stacks use as external ones, in their order, each once. */
export function selectStackSecrets(
  definitions: readonly Pick<StackDefinition, 'external'>[],
  loaded: ReadonlyMap<string, SecretValue | 'generated at up'>,
): WantedSecrets {
  const names = definitions.flatMap(({ external }) => external.secrets);
  return new Map(names.map((name) => [name, loaded.get(name)]));
}
