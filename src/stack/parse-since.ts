/** When `--since` means. Pure. */
import { InputError } from '../errors.ts';

const unitsMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Seconds since 1970 of `10m`, `1h30m`, `2026-11-21T02:00:00Z` or a plain number of them.
 *
 * @throws InputError for anything else.
 */
export function parseSince(text: string, nowMs: number): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  if (/^(\d+[smhd])+$/.test(text)) {
    const parts = [...text.matchAll(/(\d+)([smhd])/g)];
    const agoMs = parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitsMs[unit!]!, 0);
    return (nowMs - agoMs) / 1000;
  }
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new InputError({
      message: `--since ${JSON.stringify(text)} is no time`,
      next: 'write how long ago (`10m`, `1h30m`) or when (`2026-11-21T02:00:00Z`)',
    });
  return time / 1000;
}
