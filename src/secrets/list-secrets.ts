/** What is known of each secret without its value: where it comes from, its versions, who uses it. Pure. */
import { type ObservedSecret, secretLabels } from './observed.ts';
import { ownerOfPending } from './pending-values.ts';
import type { SecretEntry, SecretSource } from './secrets-file.ts';

export interface SecretVersion {
  /** Name of the object in the swarm. */
  object: string;
  version: number;
  /** RFC 3339. */
  createdAt?: string;
  /** Services whose spec names it, also the one a rollback would return to. */
  usedBy: string[];
}

export interface ListedSecret {
  name: string;
  /** Where its value comes from; absent where only the swarm has it. */
  source?: string;
  /** Newest first; absent where the swarm wasn't asked or didn't answer. */
  versions?: SecretVersion[];
}

/** Entries of the file in their order, then what only the swarm has and the stacks own or use. */
export function listKnownSecrets(
  allEntries: readonly SecretEntry[],
  swarm?: { secrets: readonly ObservedSecret[]; stackNames: readonly string[] },
): ListedSecret[] {
  const names = new Set(allEntries.map(({ name }) => name));
  // a value that comes or goes belongs to the secret that is being rotated
  const entries = allEntries.filter(({ name }) => ownerOfPending(name, names) === undefined);
  if (!swarm) return entries.map(({ name, source }) => ({ name, source: describeSource(source) }));
  const byName = Map.groupBy(swarm.secrets, (secret) => secret.labels[secretLabels.secret] ?? secret.name);
  const versionsOf = (name: string): SecretVersion[] =>
    (byName.get(name) ?? []).map(describeVersion).sort((a, b) => b.version - a.version);
  const inFile = new Set(entries.map(({ name }) => name));
  const isOurs = ({ labels, services }: ObservedSecret): boolean =>
    [labels[secretLabels.stack], ...services.map(({ stack }) => stack)].some(
      (stack) => stack !== undefined && swarm.stackNames.includes(stack),
    );
  const others = [...byName]
    .filter(([name, secrets]) => !inFile.has(name) && secrets.some(isOurs))
    .map(([name]) => name)
    .sort();
  return [
    ...entries.map(({ name, source }) => ({
      name,
      source: describeSource(source),
      versions: versionsOf(name),
    })),
    ...others.map((name) => ({ name, versions: versionsOf(name) })),
  ];
}

function describeVersion({ name, labels, createdAt, services }: ObservedSecret): SecretVersion {
  return {
    object: name,
    version: Number(labels[secretLabels.version] ?? 1) || 1,
    ...(createdAt !== undefined && { createdAt }),
    usedBy: services.map((service) => service.name).sort(),
  };
}

/** In a word or two; nothing that could be a value, nor the arguments of a program. */
function describeSource(source: SecretSource): string {
  switch (source.from) {
    case 'value':
      return 'plain text';
    case 'age':
      return source.holds === 'template' ? 'encrypted template' : 'encrypted';
    case 'generate':
      return 'generated at up';
    case 'file':
      return `file ${source.path}`;
    case 'env':
      return `variable ${source.name}`;
    case 'command':
      return `program ${source.argv[0]}`;
    case 'template':
      return 'template';
  }
}
