/** What drills need before the first: the stage, a load that is answered, and nothing broken. */
import { resolve } from 'node:path';
import type { CommandContext } from '../../cli.ts';
import { deriveTargets, fitTargets } from '../../drill/derive-load.ts';
import { healLeftovers } from '../../drill/heal-leftovers.ts';
import { openStage } from '../../drill/open-stage.ts';
import { tryTargets } from '../../drill/probe/try-targets.ts';
import type { DrillLoad } from '../../drill/run-drill.ts';
import type { Reach } from '../../drill/scenario/drill.ts';
import { findServingNodes } from '../../drill/serving-nodes.ts';
import type { Stage } from '../../drill/stage.ts';
import { InputError, UserError } from '../../errors.ts';
import { showWork } from '../../output/show-work.ts';
import { neutralise } from '../../output/terminal.ts';
import { type Inputs, loadInputs } from '../../pipeline/inputs.ts';
import { type ApplyOptions, confirm } from '../session.ts';
import { listTroubles } from './await-calm.ts';
import { readTargets } from './read-targets.ts';

export interface DrillOptions extends ApplyOptions {
  rate: string;
  targets?: string;
  allowDisruption?: boolean;
}

/** What is to be done, as far as people who use the service notice. */
export interface Announced {
  name: string;
  title: string;
  reach: Reach;
}

export interface OpenDrills {
  inputs: Inputs;
  stage: Stage;
  load: DrillLoad;
  /** Where clients go. */
  address: string;
  /** What was wrong with the cluster before anything was broken. */
  known: string[];
}

/** A target that is slower than this is left out. */
const answerWithinMs = 5_000;

/**
 * Reads the files, asks before anything is broken, heals what earlier drills left, and finds a load that is answered.
 *
 * @throws UserError where nothing answers, or people would be interrupted who needn't be.
 */
export async function openDrills(
  wanted: readonly Announced[],
  options: DrillOptions,
  context: CommandContext,
): Promise<OpenDrills> {
  const { terminal, cwd, env, signal } = context;
  const ratePerSecond = readRate(options.rate);
  const inputs = await loadInputs({ ...options, cwd, env, writeSecrets: false });
  const { cluster, stacks } = inputs;
  if (stacks.length === 0)
    throw new UserError('the cluster file names no stack to drill', { next: 'add "stack:" to it' });
  const { stage, model } = await openStage({
    cluster,
    definitions: stacks.map(({ definition }) => definition),
    cwd,
    env,
    signal,
    report: () => {},
  });
  const address =
    cluster.balancer?.vip?.address ?? cluster.nodes.find(({ role }) => role === 'balancer')?.address;
  const insecure = options.targets === undefined;
  const wished = insecure
    ? deriveTargets(model, [address ?? ''])
    : await readTargets(resolve(cwd, options.targets!), cluster.variables);
  if (address === undefined || wished.length === 0)
    throw new UserError('there is nothing to send requests to: no balancer serves anything', {
      next: 'drills measure through a balancer: add x-balancer to the compose file',
    });
  await agree(wanted, stage, options, context);
  for (const line of await work(context, 'healing what earlier drills left', (report) =>
    healLeftovers({ ...stage, report }),
  ))
    terminal.err(`healed ${line}\n`);
  const { targets, silent } = fitTargets(wished, await tryTargets(wished, answerWithinMs));
  for (const line of silent) terminal.err(`${neutralise(`left out, for it fails already: ${line}`)}\n`);
  if (targets.length === 0)
    throw new UserError(`nothing answers at ${address}, so nothing can be lost`, {
      next: 'kawanan doctor says what is wrong with it',
    });
  const known = await listTroubles(stage);
  for (const line of known) terminal.err(`${neutralise(`wrong before anything is broken: ${line}`)}\n`);
  const services = stacks.flatMap(({ definition }) => definition.services);
  const dependencies = Object.fromEntries(services.map(({ key, dependsOn }) => [key, dependsOn]));
  const servedBy = findServingNodes(targets, model, dependencies);
  return { inputs, stage, load: { targets, ratePerSecond, insecure, servedBy }, address, known };
}

/** One piece of work, shown with what it reports. */
export function work<Result>(
  { terminal, signal }: CommandContext,
  title: string,
  act: (report: (message: string) => void) => Promise<Result>,
): Promise<Result> {
  return showWork(terminal, title, signal, ({ report }) => act(report));
}

function readRate(text: string): number {
  const rate = Number(text);
  if (Number.isInteger(rate) && rate > 0) return rate;
  throw new InputError({
    message: `--rate ${JSON.stringify(text)} is no number of requests`,
    next: 'write e.g. --rate 200',
  });
}

/** Asks before a service that people may be using is interrupted; a lab is there to be broken. */
async function agree(
  wanted: readonly Announced[],
  stage: Stage,
  options: DrillOptions,
  context: CommandContext,
): Promise<void> {
  if (stage.lab) return;
  const disruptive = wanted.filter(({ reach }) => reach === 'disruptive');
  if (disruptive.length > 0 && !options.allowDisruption)
    throw new UserError(
      `${disruptive.map(({ name }) => name).join(', ')}: would interrupt a service that people may be using`,
      {
        details: disruptive.map(({ title }) => title),
        next: 'add --allow-disruption where that may be',
      },
    );
  await confirm(`Break things on ${stage.cluster.name}?`, options, context);
}
