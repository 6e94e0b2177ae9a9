/** A receipt in words. No I/O here. */
import { formatCount } from '../../output/format.ts';
import { formatSpread, renderReceipt } from '../probe/render-receipt.ts';
import type { Loss, Receipt } from './receipt.ts';

/** More losses than these are counted, not told one by one. */
const toldLosses = 5;

/**
 * The line that a change ends with: what was sent while it was made, what failed, how slow answers were and had been.
 *
 * `12,408 requests, 0 failed, longest gap 9 ms, p50/p99/worst 1.2/4.8/12 ms; before 1.1/3.9/8 ms`
 */
export function describeReceipt({ before, during }: Receipt): string {
  const failedBefore = before.failed > 0 ? [`${before.failed.toLocaleString('en-US')} failed`] : [];
  const slowBefore = before.latencyMs === null ? [] : [formatSpread(before.latencyMs)];
  const earlier = [...failedBefore, ...slowBefore];
  return `${renderReceipt(during)}${earlier.length === 0 ? '' : `; before ${earlier.join(', ')}`}`;
}

/** When requests failed, a line each: `12 failed 3.2 to 4.1 s after the beginning (web): 10 status 503, 2 ECONNRESET`. */
export function describeLosses({ losses }: Pick<Receipt, 'losses'>): string[] {
  const lines = losses.slice(0, toldLosses).map(describeLoss);
  const rest = losses.slice(toldLosses);
  if (rest.length === 0) return lines;
  const failed = rest.reduce((sum, loss) => sum + loss.failed, 0);
  return [...lines, `${failed.toLocaleString('en-US')} failed at ${formatCount(rest.length, 'later time')}`];
}

function describeLoss({ fromMs, toMs, failed, failures, targets }: Loss): string {
  const [from, to] = [fromMs, toMs].map((ms) => (ms / 1000).toFixed(1));
  const kinds = Object.entries(failures).map(([kind, count]) => `${count.toLocaleString('en-US')} ${kind}`);
  const when = from === to ? from : `${from} to ${to}`;
  return `${failed.toLocaleString('en-US')} failed ${when} s after the beginning (${targets.join(', ')}): ${kinds.join(', ')}`;
}
