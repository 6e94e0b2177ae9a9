import { setTimeout as sleep } from 'node:timers/promises';
import { planStacksBackends } from '../../balancer/backends.ts';
import type { CommandContext } from '../../cli.ts';
import { chooseStacks } from '../../cluster/choose-stack.ts';
import type { Receipt } from '../../drill/receipt/receipt.ts';
import { InputError, InterruptedError, UserError } from '../../errors.ts';
import { formatDuration } from '../../output/format.ts';
import { neutralise } from '../../output/terminal.ts';
import { loadInputs } from '../../pipeline/inputs.ts';
import type { OpenRotations } from '../../pipeline/rotation-world.ts';
import { planRotation } from '../../rotation/begin.ts';
import { describePlanned, describeUnderWay, isOpen } from '../../rotation/describe.ts';
import { findUnits, finishRotations, runRotation } from '../../rotation/run.ts';
import type { Strategy } from '../../rotation/strategy.ts';
import { isUndoable, undoRotations } from '../../rotation/undo.ts';
import { planCollection } from '../../secrets/plan.ts';
import type { RotationRecord } from '../../secrets/rotation-record.ts';
import { type ApplyOptions, confirm, openHosts, printJson } from '../session.ts';
import { withClusterLock } from '../with-lock.ts';
import { tellReceipt, withReceipt } from '../with-receipt.ts';
import { chooseStrategies } from './choose-strategies.ts';
import { openToldRotations } from './open-rotations.ts';

export interface RotateOptions extends ApplyOptions {
  /** Only secrets of this stack. */
  stack?: string;
  all?: boolean;
  finish?: boolean;
  undo?: boolean;
  wait?: boolean;
}

type Mode = 'rotate' | 'finish' | 'undo';

/** `kawanan secrets rotate`: new values for secrets, moved to without anybody noticing. */
export async function rotateSecrets(
  names: string[],
  options: RotateOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal, cwd, env } = context;
  const startedAt = performance.now();
  const mode = chooseMode(names, options);
  const inputs = await loadInputs({ ...options, cwd, env, writeSecrets: false });
  if (options.stack !== undefined) chooseStacks(inputs.cluster, [options.stack]);
  await using hosts = openHosts(inputs.cluster, context);
  let keepLock: () => Promise<unknown> = async () => {};
  const open = await openToldRotations({ inputs, hosts, keepLock: () => keepLock() }, context);
  const strategies = mode === 'rotate' ? await chooseStrategies(names, options, open, context) : [];
  const lines = await describeWork(mode, names, strategies, open, context);
  if (lines.length === 0) {
    if (options.json) printJson(context, { changed: false });
    else terminal.out(`nothing to ${mode}\n`);
    return;
  }
  for (const line of lines) terminal.err(`${neutralise(line)}\n`);
  await confirm(`Go ahead on ${inputs.cluster.name}?`, options, context);
  const target = { cluster: inputs.cluster, hosts, command: `secrets rotate`, options };
  const receipt = await withClusterLock(target, context, async (lock) => {
    keepLock = lock.ensure;
    const waited = await lock.ensure();
    // the other run may have left something that would come along unseen
    if (waited && mode === 'rotate') await requireSettled(open);
    const measured = await withReceipt(
      {
        cluster: inputs.cluster,
        model: () => planStacksBackends(open.stacks, inputs.cluster),
        command: `secrets rotate${mode === 'rotate' ? '' : ` --${mode}`}`,
        options,
      },
      context,
      () => carryOut(mode, names, strategies, open, inputs.cluster.keepSecrets),
    );
    if (options.wait) await waitAndFinish(open, context);
    return measured.receipt;
  });
  await report(mode, names, { open, receipt, elapsedMs: performance.now() - startedAt }, options, context);
}

async function carryOut(
  mode: Mode,
  names: string[],
  strategies: readonly Strategy[],
  open: OpenRotations,
  keep: number | undefined,
): Promise<void> {
  const { world, find } = open;
  try {
    if (mode === 'undo') await undoRotations(await findUndoable(names, open), world);
    else if (mode === 'finish') await finishRotations(world, find);
    else await runRotation(strategies, world, find);
  } finally {
    // also where it failed: what that leaves is nobody's
    await collect(open, keep).catch(() => {});
  }
}

function chooseMode(names: string[], { all, finish, undo }: RotateOptions): Mode {
  const said = [names.length > 0 && !undo, all, finish, undo].filter(Boolean).length;
  if (said !== 1)
    throw new InputError({
      message:
        said === 0
          ? 'which secrets are to be rotated?'
          : 'names, --all, --finish and --undo exclude each other (--undo may name secrets)',
      next: 'name them, or say --all for every one that x-secrets of the compose file lists',
    });
  return undo ? 'undo' : finish ? 'finish' : 'rotate';
}

/** What will be done, a line each; nothing where there is nothing to do. @throws where it can't be begun. */
async function describeWork(
  mode: Mode,
  names: string[],
  strategies: readonly Strategy[],
  open: OpenRotations,
  context: CommandContext,
): Promise<string[]> {
  const { world, find } = open;
  const now = world.now();
  const units = await findUnits(world, find);
  const records = units.flatMap((unit) => unit.records);
  const unfinished = records.filter((record) => isOpen(record, now));
  if (mode === 'undo')
    return (await findUndoable(names, open))
      .filter(isUndoable)
      .flatMap((unit) => describeUnderWay(unit.records, now).map((line) => `undo ${line}`));
  const finishing = describeUnderWay(unfinished, now).map((line) => `finish ${line}`);
  if (mode === 'finish') {
    if (unfinished.length === 0)
      for (const line of describeUnderWay(records, now)) context.terminal.err(`${neutralise(line)}\n`);
    return finishing;
  }
  const fresh = strategies.filter(
    ({ secrets }) => !unfinished.some(({ secret }) => secrets.includes(secret)),
  );
  if (fresh.length === 0) return finishing;
  const planned = await planRotation(fresh, world);
  if (unfinished.length === 0) await requireSettled(open);
  return [...finishing, ...describePlanned(planned)];
}

/** Services move as a whole: what else the files want of them would come along unseen. */
async function requireSettled({ planStack }: OpenRotations): Promise<void> {
  const changes = await planStack();
  if (changes.length === 0) return;
  throw new UserError("the stack isn't as the compose file says, and a rotation would change that, too", {
    details: changes.map(({ title }) => title),
    next: 'kawanan deploy first',
  });
}

async function findUndoable(names: string[], { world, find }: OpenRotations) {
  const units = await findUnits(world, find);
  return units.filter(
    (unit) => names.length === 0 || unit.records.some(({ secret }) => names.includes(secret)),
  );
}

/** Waits until everything that is due later is, and finishes it. */
async function waitAndFinish({ world, find }: OpenRotations, { terminal }: CommandContext): Promise<void> {
  for (;;) {
    const records = (await world.swarm.rotations.list()).filter(({ stack }) =>
      world.stackNames.includes(stack),
    );
    const dues = records.flatMap(({ due }) => (due === undefined ? [] : [Date.parse(due)]));
    if (dues.length === 0) return;
    const waitMs = Math.min(...dues) - world.now().getTime();
    if (waitMs > 0) {
      terminal.err(`waiting for ${formatDuration(waitMs)}\n`);
      await sleep(Math.min(waitMs, 2 ** 31 - 1), undefined, { signal: world.signal }).catch(() => {});
    }
    if (world.signal.aborted)
      throw new InterruptedError('interrupted while waiting for the day when the old keys may go', {
        next: 'kawanan secrets rotate --finish, once they are due',
      });
    await finishRotations(world, find);
  }
}

/** Old versions that nothing uses any longer go, as they do after a deploy. */
async function collect({ world }: OpenRotations, keep: number | undefined): Promise<void> {
  const [secrets, rotations] = await Promise.all([world.swarm.list(), world.swarm.rotations.list()]);
  for (const { action } of planCollection(world.stackNames, { secrets, rotations }, keep))
    if (action.do === 'remove') await world.swarm.remove(action.id);
}

async function report(
  mode: Mode,
  names: string[],
  { open, receipt, elapsedMs }: { open: OpenRotations; receipt: Receipt | undefined; elapsedMs: number },
  options: RotateOptions,
  context: CommandContext,
): Promise<void> {
  const { world } = open;
  const waiting = (await world.swarm.rotations.list()).filter(({ stack }) =>
    world.stackNames.includes(stack),
  );
  if (options.json) {
    printJson(context, {
      changed: true,
      mode,
      ...(names.length > 0 && { secrets: names }),
      elapsedMs,
      waiting: waiting.map(toJson),
      ...(receipt && { receipt }),
    });
    return;
  }
  const { terminal } = context;
  for (const line of describeUnderWay(waiting, world.now())) terminal.out(`${neutralise(line)}\n`);
  if (waiting.length > 0)
    terminal.out('the next up after that, or kawanan secrets rotate --finish, retires them\n');
  terminal.out(`${mode === 'undo' ? 'taken back' : 'rotated'} in ${formatDuration(elapsedMs)}\n`);
  await tellReceipt(receipt, context);
}

function toJson({ secret, strategy, phase, due, since, by }: RotationRecord): object {
  return { secret, strategy, phase, since, by, ...(due !== undefined && { due }) };
}
