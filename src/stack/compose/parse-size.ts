/** Sizes of memory and amounts of processor, as the compose format writes them. */

const factors: Record<string, number> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4, p: 1024 ** 5 };

/** Bytes of `512`, `64m`, `1.5 GiB`; or why the text is none. */
export function parseSize(text: string): number | { message: string } {
  const wrong = { message: `${JSON.stringify(text)} is not a size` };
  const match = /^(\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?) ?([a-zA-Z]{0,3})$/.exec(text);
  if (!match) return wrong;
  const [, amount = '', suffix = ''] = match;
  const unit = suffix.toLowerCase();
  if (!/^(|b|[kmgtp](|b|ib))$/.test(unit)) return wrong;
  const bytes = Math.trunc(Number(amount) * (factors[unit.charAt(0)] ?? 1));
  if (bytes >= 2 ** 63) return { message: `${text} is more than any machine has` };
  return bytes;
}

/** Billionths of a processor of `0.5`, `2`, `1/2`; or why the text is none. */
export function parseCpus(text: string): number | { message: string } {
  const wrong = { message: `${JSON.stringify(text)} is not a number of processors` };
  const match = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?(?:\/([0-9]+))?$/.exec(text);
  if (!match) return wrong;
  const [, sign, whole = '', fraction, exponent, divisor] = match;
  if (whole === '' && !fraction) return wrong;
  if (divisor !== undefined && (fraction !== undefined || exponent !== undefined || Number(divisor) === 0))
    return wrong;
  // an exact fraction: a processor is counted in billionths and nothing may be lost
  const power = 9 + Number(exponent ?? 0) - (fraction?.length ?? 0);
  let above = BigInt(whole + (fraction ?? ''));
  let below = BigInt(divisor ?? 1);
  if (power >= 0) above *= 10n ** BigInt(power);
  else below *= 10n ** BigInt(-power);
  if (above % below !== 0n) return { message: `${text} is finer than a billionth of a processor` };
  if (sign === '-' && above > 0n) return { message: `${text} is less than nothing` };
  const nano = above / below;
  return nano < 2n ** 63n ? Number(nano) : { message: `${text} processors are more than any machine has` };
}
