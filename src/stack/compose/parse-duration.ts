/** Durations as Go writes them: `1h2m3s`, `1.5h`, `300ms`. */

const nanoseconds: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const limit = 2n ** 63n;

/** Nanoseconds, or `undefined` for text that is no duration or doesn't fit in 64 bits. */
export function parseDuration(text: string): number | undefined {
  const negative = text.startsWith('-');
  const body = /^[+-]/.test(text) ? text.slice(1) : text;
  if (body === '0') return 0;
  if (!/^(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined;
  let total = 0n;
  for (const [, amount = '', unit = ''] of body.matchAll(/([0-9.]+)([^0-9.]+)/g)) {
    const [whole = '', fraction = ''] = amount.split('.');
    const size = nanoseconds[unit] ?? 0n;
    total += BigInt(whole || '0') * size;
    // digits beyond what a nanosecond can show fall off, as they do there
    const digits = fraction.slice(0, 18);
    if (digits) total += (BigInt(digits) * size) / 10n ** BigInt(digits.length);
  }
  if (total > (negative ? limit : limit - 1n)) return undefined;
  return total === 0n ? 0 : Number(negative ? -total : total);
}
