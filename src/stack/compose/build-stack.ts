/** The pure middle of loading a stack: texts in, definition out. The files it mentions are read by the caller between. */
import path from 'node:path';
import { InputError, type Problem } from '../../errors.ts';
import type { BuildDefinition, ServiceDefinition, StackDefinition } from '../definition.ts';
import { findEngineRefusals } from '../engine-rules.ts';
import type { Lint } from '../lint/lint.ts';
import { lintRelativeBinds } from '../lint/lint-mounts.ts';
import { lintStack } from '../lint/lint-stack.ts';
import { placeLint } from '../lint/place-lints.ts';
import { isHeard, readSilences } from '../lint/silence.ts';
import { checkComposeFile, readVersion } from './check-schema.ts';
import type { ComposeDocument } from './compose-document.ts';
import { type ComposeStack, newRecord } from './compose-types.ts';
import { convertStack } from './convert-stack.ts';
import type { DecodeContext, FileContent } from './decode-context.ts';
import { decodeFileObjects, decodeNetworks, decodeVolumes } from './decode-objects.ts';
import { decodeService } from './decode-service.ts';
import { readStrings } from './decode-values.ts';
import { findForbiddenKeys } from './forbidden-keys.ts';
import { interpolateDocument, type Variables } from './interpolate.ts';
import { mergeStacks } from './merge-stacks.ts';
import { parseComposeYaml } from './parse-yaml.ts';
import { type Findings, locateIn, makeReport, type Report } from './report.ts';
import { readRelativeBind, sendBindFiles } from './send-bind-files.ts';
import { lintIgnoredKeys } from './warn-ignored.ts';
import { printScalar } from './yaml-scalar.ts';
import { describeType, isMap, toPlain, type YamlMap, type YamlValue } from './yaml-value.ts';

export interface BuildOptions {
  name: string;
  variables: Variables;
  lenient?: boolean;
  /** How an image is built that a service only names; nothing where it comes from elsewhere. */
  findBuild?: (image: string) => BuildDefinition | undefined;
  /** Only what `docker stack deploy` does: no lints, and what the engine would refuse is let through. */
  convertOnly?: boolean;
}

/** A compose file that is whole and follows the format, its variables filled in. */
export interface CheckedCompose {
  document: ComposeDocument;
  root: YamlMap;
  minor: number;
}

export interface ReadCompose {
  files: CheckedCompose[];
  /** Absolute path: relative paths start here. */
  folder: string;
  warnings: string[];
}

/** @throws InputError with every problem of syntax, variables and format in all the files. */
export function readComposeFiles(
  sources: { file: string; text: string }[],
  options: BuildOptions,
): ReadCompose {
  const findings: Findings = { problems: checkStackName(options.name), warnings: [] };
  if (sources.length === 0) findings.problems.push({ message: 'no compose file is given' });
  const files = sources.flatMap((source) => readComposeFile(source, options, findings));
  for (const file of files.slice(1)) checkSameVersion(files[0] as CheckedCompose, file, findings);
  throwIfAny(findings.problems);
  return { files, folder: path.dirname(sources[0]?.file ?? '/'), warnings: findings.warnings };
}

function readComposeFile(
  { file, text }: { file: string; text: string },
  { variables, lenient }: BuildOptions,
  findings: Findings,
): CheckedCompose[] {
  const document = parseOrCollect(file, text, findings);
  if (!document) return [];
  const report = makeReport([document], findings);
  const { version } = document.root;
  const minor = readVersion(version);
  if (minor === undefined) {
    explainVersion(version ?? null, report);
    return [];
  }
  const forbidden = findForbiddenKeys(document);
  if (forbidden.length > 0) {
    findings.problems.push(...forbidden);
    return [];
  }
  const { root, problems, dropped } = interpolateDocument(document, variables);
  for (const { path: at = '', message, next } of dropped)
    report.warn(at.split('.'), `${message}; docker stack deploy drops the dollar sign here, ${next}`);
  findings.problems.push(...problems);
  if (problems.length > 0) return [];
  const checked = checkComposeFile(document, root, minor);
  findings.problems.push(...checked.problems);
  if (!lenient) findings.problems.push(...checked.unknownKeys);
  else
    for (const { path: at = '', message } of checked.unknownKeys)
      report.warn(at.split('.'), `${message}; it is ignored`);
  return [{ document, root, minor }];
}

function explainVersion(version: YamlValue, report: Report): void {
  const isNumber = typeof version === 'bigint' || typeof version === 'number';
  const written = isNumber || typeof version === 'string' ? printScalar(version) : describeType(version);
  report.problem(
    ['version'],
    `the format version ${written} is not one that swarm stacks have (3.0 to 3.13)`,
    `${isNumber ? `write it in quotes ("${written}"), or ` : ''}remove the line: the newest is the default`,
  );
}

function parseOrCollect(file: string, text: string, findings: Findings): ComposeDocument | undefined {
  try {
    return parseComposeYaml(text, file);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    findings.problems.push(...error.problems);
    return undefined;
  }
}

function checkSameVersion(first: CheckedCompose, other: CheckedCompose, findings: Findings): void {
  if (first.minor === other.minor) return;
  makeReport([other.document], findings).problem(
    ['version'],
    `the files have different format versions: 3.${first.minor} in ${first.document.file}, 3.${other.minor} here`,
    'remove the version line from all of them',
  );
}

/** What the engine takes as the beginning of a name. */
function checkStackName(name: string): Problem[] {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) return [];
  return [
    {
      message: `${JSON.stringify(name)} can't be the name of a stack`,
      next: 'use letters, digits, "-" and "_", and begin with a letter or a digit',
    },
  ];
}

/** Absolute paths of the environment files, secrets and configs that the compose files name. */
export function findMentionedFiles({ files, folder }: ReadCompose): string[] {
  const found = new Set<string>();
  for (const { root } of files) {
    for (const service of Object.values(isMap(root.services) ? root.services : {}))
      for (const file of (isMap(service) && readStrings(service.env_file)) || [])
        found.add(path.resolve(folder, file));
    for (const section of [root.secrets, root.configs])
      for (const object of Object.values(isMap(section) ? section : {}))
        if (isMap(object) && typeof object.file === 'string') found.add(path.resolve(folder, object.file));
  }
  return [...found];
}

/** Absolute paths of what read-only bind mounts of the compose files name beside them: files, folders, or nothing at all. */
export function findBindSources({ files, folder }: ReadCompose): string[] {
  const sources = files.flatMap(({ root }) =>
    Object.values(isMap(root.services) ? root.services : {}).flatMap((service) =>
      isMap(service) && Array.isArray(service.volumes)
        ? service.volumes.flatMap((volume) => readRelativeBind(volume) ?? [])
        : [],
    ),
  );
  const found = sources.filter(({ source, readOnly }) => readOnly && !source.startsWith('~'));
  return [...new Set(found.map(({ source }) => path.resolve(folder, source)))];
}

/** @throws InputError with every problem of meaning. */
export function buildStack(
  read: ReadCompose,
  options: BuildOptions,
  readFile: (path: string) => FileContent,
): StackDefinition {
  const findings: Findings = { problems: [], warnings: [...read.warnings] };
  const decoded = read.files.map((file) => decodeFile(file, read, options, readFile, findings));
  throwIfAny(findings.problems);
  const documents = read.files.map((file) => file.document);
  const report = makeReport(documents, findings);
  const [first, ...others] = decoded as [ComposeStack, ...ComposeStack[]];
  const merged = others.reduce((base, over) => mergeStacks(base, over, report), first);
  const { compose, fates } = options.convertOnly
    ? { compose: merged, fates: undefined }
    : sendBindFiles(merged, read.folder, readFile);
  const stack = convertStack({ stack: options.name, compose, report }, read.folder, readFile);
  throwIfAny(findings.problems);
  const xBalancer = findSection(read, 'x-balancer');
  const xSecrets = findSection(read, 'x-secrets');
  const definition: StackDefinition = {
    ...stack,
    services: stack.services.map((service) => addBuild(service, options)),
    file: documents[0]?.file ?? '',
    ...(xBalancer ? { xBalancer } : {}),
    ...(xSecrets ? { xSecrets } : {}),
    locate: (at) => locateIn(documents, at),
    warnings: findings.warnings,
  };
  if (options.convertOnly) return definition;
  const silences = readSilences(read.files, report);
  const lints = [
    ...read.files.flatMap(({ root }) => [
      ...lintIgnoredKeys(root),
      ...lintRelativeBinds(root, read.folder, fates),
    ]),
    ...lintStack(definition, compose),
  ];
  const heard = dropDuplicates(lints).filter((lint) => isHeard(lint, silences));
  for (const { path: at, message, next } of findEngineRefusals(definition)) report.problem(at, message, next);
  throwIfAny(findings.problems);
  const placed = heard.map((lint) => placeLint(lint, definition.locate));
  return {
    ...definition,
    silences,
    lints: placed.map(({ lint }) => lint),
    warnings: [...findings.warnings, ...placed.map(({ text }) => text)],
  };
}

function addBuild(service: ServiceDefinition, { findBuild }: BuildOptions): ServiceDefinition {
  const build = service.build ?? findBuild?.(service.spec.TaskTemplate.ContainerSpec.Image);
  return build ? { ...service, build } : service;
}

/** A relative bind mount says it all: that it isn't on every node either needs no second line. */
function dropDuplicates(lints: Lint[]): Lint[] {
  const paths = (code: Lint['code']) =>
    new Set(lints.filter((lint) => lint.code === code).map(({ path: at }) => at.join('.')));
  const relative = paths('relative-bind-mount');
  return lints.filter(({ code, path: at }) => code !== 'bind-mount-unpinned' || !relative.has(at.join('.')));
}

function decodeFile(
  { document, root, minor }: CheckedCompose,
  { folder }: ReadCompose,
  { variables }: BuildOptions,
  readFile: (path: string) => FileContent,
  findings: Findings,
): ComposeStack {
  const report = makeReport([document], findings);
  const context: DecodeContext = { folder, variables, minor, report, readFile };
  const services = newRecord<ComposeStack['services'][string]>();
  for (const [name, service] of Object.entries(isMap(root.services) ? root.services : {}))
    if (isMap(service)) services[name] = decodeService(name, service, context);
  return {
    services,
    networks: decodeNetworks(root.networks, context),
    volumes: decodeVolumes(root.volumes, context),
    secrets: decodeFileObjects('secret', root.secrets, context),
    configs: decodeFileObjects('config', root.configs, context),
  };
}

/** A section of ours, of the last file that has it. */
function findSection({ files }: ReadCompose, name: 'x-balancer' | 'x-secrets'): StackDefinition['xSecrets'] {
  const file = files.findLast(({ root }) => root[name] !== undefined);
  if (!file) return undefined;
  const locate = (at: (string | number)[]) => file.document.locate([name, ...at]);
  return { value: toPlain(file.root[name] ?? null), file: file.document.file, locate };
}

/** In the order of the file, as one reads it. */
function throwIfAny(problems: Problem[]): void {
  if (problems.length === 0) return;
  const files = [...new Set(problems.map(({ file }) => file))];
  throw new InputError(
    problems.toSorted(
      (a, b) =>
        files.indexOf(a.file) - files.indexOf(b.file) ||
        (a.line ?? 0) - (b.line ?? 0) ||
        (a.column ?? 0) - (b.column ?? 0),
    ),
  );
}
