/** Measures from a client's side what a change costs while it is made. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeTarget } from '../probe/options.ts';
import { probeLimits } from '../probe/options.ts';
import { startProbe } from '../probe/probe.ts';
import type { ProbeRecord } from '../probe/record.ts';
import { type Receipt, type ReceiptBudget, writeReceipt } from './receipt.ts';

export interface ReceiptRequest {
  /** The command that makes the change. */
  what: string;
  targets: ProbeTarget[];
  /** Targets that are left out, with the reason. */
  unmeasured: string[];
  ratePerSecond: number;
  budget: ReceiptBudget;
  /** Take certificates without checking them: addresses are asked, and certificates are for names. */
  insecure: boolean;
  signal: AbortSignal;
}

/** What the change came to, and its receipt; that is written also where it failed. */
export interface Receipted<Result> {
  outcome: PromiseSettledResult<Result>;
  receipt: Receipt;
  records: ProbeRecord[];
}

/** How long things are looked at before the change, to compare with, and after it, for what it left. */
const beforeMs = 1000;
const afterMs = 1000;

/**
 * Makes a change under load of its own, sent at a steady rate whatever comes back.
 *
 * @throws InputError where targets or rate are wrong; nothing is changed then.
 */
export async function takeReceipt<Result>(
  request: ReceiptRequest,
  change: () => Promise<Result>,
): Promise<Receipted<Result>> {
  const { what, targets, unmeasured, ratePerSecond, budget, insecure, signal } = request;
  const durationMs = Math.min(probeLimits.durationMs, (probeLimits.requests / ratePerSecond) * 1000 - 1000);
  const probe = startProbe({ targets, ratePerSecond, durationMs, insecure });
  await probe.started;
  await sleep(beforeMs, undefined, { signal }).catch(() => {});
  probe.mark(what);
  const [outcome] = await Promise.allSettled([change()]);
  await sleep(afterMs, undefined, { signal }).catch(() => {});
  const { startedAt, records, marks } = await probe.stop();
  return {
    outcome,
    receipt: {
      what,
      startedAt,
      ratePerSecond,
      ...writeReceipt(records, marks[0]!.atMs, budget),
      unmeasured,
    },
    records,
  };
}
