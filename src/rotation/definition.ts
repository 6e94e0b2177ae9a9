/** The checked `x-secrets` of a stack: how each of its secrets is rotated. No I/O here. */
import { InputError, type Problem } from '../errors.ts';
import { findNearestWord, suggestWord } from '../input/nearest-word.ts';
import { checkInput, formatPath, type InputPath } from '../input/schema-problems.ts';
import type { StackDefinition } from '../stack/definition.ts';
import { rotationSectionSchema, type StrategyName, strategyChoiceSchema, strategySchemas } from './schema.ts';
import { createExecStrategy } from './strategies/exec.ts';
import { createMinioAccessKeyStrategy } from './strategies/minio-access-key.ts';
import { createMysqlUserStrategy } from './strategies/mysql-user.ts';
import { createSigningKeyStrategy } from './strategies/signing-key.ts';
import { createRandomStrategy, createValueStrategy } from './strategies/value.ts';
import type { Strategy } from './strategy.ts';

/** Makes a strategy of a checked entry. */
const factories: Record<StrategyName, (secret: string, input: never) => Strategy> = {
  random: createRandomStrategy,
  value: createValueStrategy,
  'signing-key': createSigningKeyStrategy,
  'mysql-user': createMysqlUserStrategy,
  'minio-access-key': createMinioAccessKeyStrategy,
  exec: createExecStrategy,
};

export type SecretsSection = Pick<StackDefinition, 'file' | 'xSecrets' | 'external' | 'secrets' | 'services'>;

/**
 * The strategies that `x-secrets` declares, in the order of the file.
 *
 * @throws InputError with every problem: unknown strategies and keys, secrets that aren't external ones of the stack,
 *   services that don't exist, secrets that two strategies want to change.
 */
export function parseRotations(definition: SecretsSection): Strategy[] {
  const section = definition.xSecrets;
  if (!section) return [];
  const at: InputPath = ['x-secrets'];
  const source = {
    file: section.file ?? definition.file,
    locate: (path: InputPath) => section.locate(path.slice(at.length)),
  };
  const checked = checkInput(section.value, rotationSectionSchema, { ...source, at });
  if (checked.value === undefined) throw new InputError(checked.problems);
  const problems: Problem[] = [];
  const report = (path: InputPath, message: string, next?: string): void => {
    const whole = [...at, ...path];
    const place = { file: source.file, ...source.locate(whole), path: formatPath(whole) };
    problems.push({ ...place, message, ...(next !== undefined && { next }) });
  };
  const strategies: Strategy[] = [];
  for (const [secret, entry] of Object.entries(checked.value)) {
    const choice = checkInput(entry, strategyChoiceSchema, { ...source, at: [...at, secret] });
    problems.push(...choice.problems);
    if (choice.value === undefined) continue;
    const name = choice.value.strategy ?? 'random';
    const own = checkInput<unknown>(entry, strategySchemas[name], { ...source, at: [...at, secret] });
    problems.push(...own.problems);
    if (own.value === undefined) continue;
    const strategy = factories[name](secret, own.value as never);
    strategies.push(strategy);
    checkSecrets(strategy, definition, report);
    checkServices(secret, own.value as Record<string, unknown>, definition, report);
  }
  reportShared(strategies, report);
  if (problems.length > 0) throw new InputError(problems);
  return strategies;
}

/** For a stack definition: the services that needn't follow a newer version of a secret. */
export function listLeaves(strategies: readonly Strategy[]): Pick<StackDefinition, 'leaves'> {
  const leaves = strategies
    .filter((strategy) => strategy.leaves.length > 0)
    .flatMap((strategy) => strategy.secrets.map((name) => [name, strategy.leaves] as const));
  return leaves.length > 0 ? { leaves: Object.fromEntries(leaves) } : {};
}

type Report = (path: InputPath, message: string, next?: string) => void;

function checkSecrets(strategy: Strategy, { external, secrets }: SecretsSection, report: Report): void {
  const [declared] = strategy.secrets;
  for (const name of [...strategy.secrets, ...(strategy.reads ?? [])]) {
    if (external.secrets.includes(name)) continue;
    const ofFile = secrets.some(({ key }) => key === name);
    report(
      [declared!],
      ofFile
        ? `${name} comes from a file of the compose file: change the file and deploy`
        : `the stack has no external secret ${JSON.stringify(name)}`,
      ofFile
        ? `or write {external: true} for it and keep its value in the secrets file`
        : suggestWord(name, external.secrets),
    );
  }
}

/** Keys whose value names services of the stack, in whichever strategy. */
const serviceKeys = ['service', 'leave'] as const;

function checkServices(
  secret: string,
  entry: Record<string, unknown>,
  { services }: SecretsSection,
  report: Report,
): void {
  const known = services.map(({ key }) => key);
  for (const key of serviceKeys) {
    for (const name of [entry[key] ?? []].flat()) {
      if (typeof name !== 'string' || known.includes(name)) continue;
      report(
        [secret, key],
        `there is no service ${JSON.stringify(name)} in the stack`,
        suggestWord(name, known),
      );
    }
  }
}

function reportShared(strategies: Strategy[], report: Report): void {
  const owners = new Map<string, string>();
  for (const { secrets } of strategies) {
    for (const name of secrets) {
      const owner = owners.get(name);
      if (owner !== undefined)
        report([secrets[0]!], `${name} is rotated by the entry ${owner} already`, 'remove one of the two');
      owners.set(name, secrets[0]!);
    }
  }
}

/**
 * The strategy of a secret: the declared one that changes it, else `random`.
 *
 * @throws InputError where the stack has no such secret.
 */
export function chooseStrategy(
  secret: string,
  strategies: readonly Strategy[],
  definition: SecretsSection,
): Strategy {
  const declared = strategies.find(({ secrets }) => secrets.includes(secret));
  if (declared) return declared;
  const { external } = definition;
  if (external.secrets.includes(secret)) return createRandomStrategy(secret, {});
  const nearest = findNearestWord(secret, external.secrets);
  throw new InputError({
    file: definition.file,
    message: `the stack has no external secret ${JSON.stringify(secret)}`,
    next:
      nearest === undefined
        ? suggestWord(secret, external.secrets)
        : `did you mean ${JSON.stringify(nearest)}?`,
  });
}
