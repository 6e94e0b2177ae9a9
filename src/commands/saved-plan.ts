/** A plan in a file: what was shown, of which inputs it was made, and how the cluster was; never a secret's value. */
import { createHash, randomBytes, scryptSync } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { findStack } from '../cluster/choose-stack.ts';
import { InputError, UserError } from '../errors.ts';
import { describeReadFailure } from '../input/read-failure.ts';
import { explainWrite } from '../output/explain-write.ts';
import { planToJson } from '../output/render-plan.ts';
import type { Inputs } from '../pipeline/inputs.ts';
import type { LayerPlan } from '../plan/change.ts';

interface SavedPlan {
  format: 1;
  kind: 'kawanan plan';
  cluster: string;
  createdAt: string;
  /** Absolute path → what tells whether it changed. */
  files: Record<string, string>;
  /** Salted and slow hash of all that the compose files come to, secrets left out. */
  wanted: { salt: string; hash: string };
  /** Object of the swarm → its version. */
  versions: Record<string, string>;
  plans: unknown;
}

/** Writes a plan for `up --plan`. @throws UserError where a part of the cluster can't be observed yet. */
export async function savePlan(path: string, cwd: string, inputs: Inputs, plans: LayerPlan[]): Promise<void> {
  const salt = randomBytes(16).toString('hex');
  const saved: SavedPlan = {
    format: 1,
    kind: 'kawanan plan',
    cluster: inputs.cluster.name,
    createdAt: new Date().toISOString(),
    files: await describeFiles(inputs),
    wanted: { salt, hash: hashWanted(inputs, salt) },
    versions: collectVersions(plans),
    plans: planToJson(plans),
  };
  await explainWrite(path, () =>
    writeFile(resolve(cwd, path), `${JSON.stringify(saved, undefined, 2)}\n`, { mode: 0o600 }),
  );
}

/**
 * Holds what is to be done now against a saved plan.
 *
 * @throws InputError when the file is no plan; UserError naming what changed since: input files, objects of the
 *   swarm with their versions then and now, or changes that come or go.
 */
export async function checkSavedPlan(
  path: string,
  cwd: string,
  inputs: Inputs,
  plans: LayerPlan[],
): Promise<void> {
  const saved = await readSavedPlan(path, cwd);
  const differences = [
    ...(saved.cluster === inputs.cluster.name ? [] : [`it was made for the cluster ${saved.cluster}`]),
    ...describeChangedFiles(saved.files, await describeFiles(inputs), cwd),
    ...describeMoved(saved.versions, collectVersions(plans)),
  ];
  if (differences.length === 0 && hashWanted(inputs, saved.wanted.salt) !== saved.wanted.hash)
    differences.push(
      'what the compose file comes to is another: a file or variable that it reads has changed',
    );
  if (differences.length === 0 && JSON.stringify(planToJson(plans)) !== JSON.stringify(saved.plans))
    differences.push('what is to be done is another: a host, an image or a balancer has changed');
  if (differences.length === 0) return;
  throw new UserError(`nothing was changed: the plan ${path} of ${saved.createdAt} holds no longer`, {
    details: differences,
    next: `look at what is to be done now: kawanan plan --out ${path}`,
  });
}

/** @throws InputError when there is none, or the file holds something else. */
export async function readSavedPlan(path: string, cwd: string): Promise<SavedPlan> {
  const refuse = (message: string): InputError =>
    new InputError({ file: path, message, next: `make one: kawanan plan --out ${path}` });
  let text: string;
  try {
    text = await readFile(resolve(cwd, path), 'utf8');
  } catch (error) {
    throw refuse(`the plan can't be read: ${describeReadFailure(error)}`);
  }
  try {
    const saved = JSON.parse(text) as SavedPlan | null;
    const parts = [saved?.files, saved?.wanted, saved?.versions, saved?.plans];
    if (saved?.kind === 'kawanan plan' && saved.format === 1 && parts.every((part) => part instanceof Object))
      return saved;
  } catch {
    // Said below.
  }
  throw refuse('this is no plan that kawanan wrote');
}

/** A digest of each file; of the secrets file, which may hold values, only its size and when it was written. */
async function describeFiles({ cluster, stacks }: Inputs): Promise<Record<string, string>> {
  const described: Record<string, string> = {};
  const used = stacks.flatMap(({ definition }) => findStack(cluster, definition.name)?.files ?? []);
  for (const file of [cluster.file, ...used])
    described[file] = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  if (cluster.secretsFile !== undefined) {
    const facts = await stat(cluster.secretsFile).catch(() => undefined);
    described[cluster.secretsFile] = facts ? `${facts.size} bytes at ${facts.mtime.toISOString()}` : 'absent';
  }
  return described;
}

function hashWanted({ stacks }: Inputs, salt: string): string {
  const wanted = stacks.map(({ definition: { locate: _, secrets, ...definition } }) => [
    definition,
    secrets.map(({ key, spec }) => [key, spec.Name, spec.Labels]),
  ]);
  return scryptSync(JSON.stringify(wanted), salt, 32).toString('hex');
}

function collectVersions(plans: LayerPlan[]): Record<string, string> {
  return Object.assign({}, ...plans.map(({ versions }) => versions ?? {}));
}

function describeChangedFiles(
  then: Record<string, string>,
  now: Record<string, string>,
  cwd: string,
): string[] {
  return [...new Set([...Object.keys(then), ...Object.keys(now)])]
    .filter((file) => then[file] !== now[file])
    .map((file) => {
      const how =
        then[file] === undefined
          ? 'was added'
          : now[file] === undefined
            ? 'is no longer read'
            : 'has changed';
      const short = relative(cwd, file);
      return `${short.startsWith('..') ? file : short} ${how}`;
    });
}

/** What of the swarm has moved: `service shop_web: version 12 then, 15 now`. Pure. */
export function describeMoved(then: Record<string, string>, now: Record<string, string>): string[] {
  return [...new Set([...Object.keys(then), ...Object.keys(now)])]
    .sort()
    .filter((object) => then[object] !== now[object])
    .map((object) => {
      if (then[object] === undefined) return `${object} is new`;
      if (now[object] === undefined) return `${object} is gone`;
      return `${object}: version ${then[object]} then, ${now[object]} now`;
    });
}
