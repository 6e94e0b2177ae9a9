import { formatCount } from '../../output/format.ts';
import type { Figures, Spread } from './summarise.ts';

/**
 * Figures on one line: `12,408 requests, 0 failed, longest gap 9 ms, p50/p99/worst 1.2/4.8/12 ms`.
 * Says so when the probe itself was late, for then the rest is not the server's doing alone.
 */
export function renderReceipt(figures: Figures): string {
  const { requests, failed, failures, longestGap, latencyMs, ownDelayMs } = figures;
  const kinds = Object.entries(failures).map(([kind, count]) => `${count.toLocaleString('en-US')} ${kind}`);
  const parts = [
    formatCount(requests, 'request'),
    `${failed.toLocaleString('en-US')} failed${kinds.length > 0 ? ` (${kinds.join(', ')})` : ''}`,
  ];
  if (longestGap !== null) parts.push(`longest gap ${formatMs(longestGap.ms)} ms`);
  if (latencyMs !== null) parts.push(`p50/p99/worst ${formatSpread(latencyMs)}`);
  if (ownDelayMs !== null && (ownDelayMs.p50 >= 1 || ownDelayMs.worst >= 10))
    parts.push(`of which the probe's own delay ${formatSpread(ownDelayMs)}`);
  return parts.join(', ');
}

/** `1.2/4.8/12 ms`: the median, 99 %, and the slowest. */
export function formatSpread({ p50, p99, worst }: Spread): string {
  return `${[p50, p99, worst].map(formatMs).join('/')} ms`;
}

function formatMs(value: number): string {
  // What rounds to 10.0 is written as 10.
  return value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value).toLocaleString('en-US');
}
