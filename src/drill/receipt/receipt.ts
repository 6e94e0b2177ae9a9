/** What clients noticed of a change: figures before and while it was made, held against a budget. Pure. */

import type { ProbeRecord } from '../probe/record.ts';
import { type Figures, summarise } from '../probe/summarise.ts';

/** What a change may cost. Absent: whatever it may be. */
export interface ReceiptBudget {
  /** Failed requests. */
  failed: number;
  /** Longest time without a success. */
  gapMs?: number;
  /** 99 % of the latencies are below. */
  p99Ms?: number;
  /** All of them are. */
  worstMs?: number;
}

export interface Receipt {
  /** The command, such as `secrets rotate`. */
  what: string;
  /** Wall clock, ISO 8601. */
  startedAt: string;
  ratePerSecond: number;
  before: Figures;
  during: Figures;
  /** What went over the budget, a line each; none: it was kept. */
  missed: string[];
}

/** Figures of the requests that were due before and from this moment on, and what of the budget they missed. */
export function writeReceipt(
  records: ProbeRecord[],
  beganMs: number,
  budget: ReceiptBudget,
): Pick<Receipt, 'before' | 'during' | 'missed'> {
  const isBefore = ({ intendedMs }: ProbeRecord): boolean => intendedMs < beganMs;
  const during = summarise(records.filter((record) => !isBefore(record)));
  return { before: summarise(records.filter(isBefore)), during, missed: holdAgainst(budget, during) };
}

function holdAgainst(budget: ReceiptBudget, { requests, failed, longestGap, latencyMs }: Figures): string[] {
  if (requests === 0) return ['no request was sent'];
  const limits: [what: string, measured: number, most: number | undefined, unit: string][] = [
    ['failed requests', failed, budget.failed, ''],
    ['longest gap', longestGap?.ms ?? 0, budget.gapMs, ' ms'],
    ['p99', latencyMs?.p99 ?? 0, budget.p99Ms, ' ms'],
    ['worst', latencyMs?.worst ?? 0, budget.worstMs, ' ms'],
  ];
  return limits.flatMap(([what, measured, most, unit]) =>
    most !== undefined && measured > most
      ? [`${what}: ${Number(measured.toFixed(1))}${unit}, at most ${most}${unit} allowed`]
      : [],
  );
}
