import { InputError, type Problem } from '../../errors.ts';
import { type ProbeOptions, type ProbeSettings, type ProbeTarget, probeLimits } from './options.ts';

const defaults = { warmUpMs: 500, timeoutMs: 5000, maxInFlight: 5000, insecure: false };

/**
 * Fills in the defaults and holds the options against the limits.
 * @throws InputError with everything that is wrong
 */
export function checkOptions(options: ProbeOptions): ProbeSettings {
  const settings: ProbeSettings = { ...defaults, ...options };
  const problems: Problem[] = [
    ...checkNumber('ratePerSecond', settings.ratePerSecond, { above: 0 }),
    ...checkNumber('durationMs', settings.durationMs, { above: 0 }),
    ...checkNumber('warmUpMs', settings.warmUpMs, { above: -1 }),
    ...checkNumber('timeoutMs', settings.timeoutMs, { above: 0 }),
    ...checkNumber('maxInFlight', settings.maxInFlight, { above: 0 }),
    ...settings.targets.flatMap(checkTarget),
  ];
  if (settings.targets.length === 0) problems.push({ path: 'targets', message: 'nothing to send' });
  const names = settings.targets.map((target) => target.name);
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index)))
    problems.push({ path: 'targets', message: `two targets are called "${name}"` });
  const requests = (settings.ratePerSecond * (settings.durationMs + settings.warmUpMs)) / 1000;
  if (problems.length === 0 && requests > probeLimits.requests)
    problems.push({
      path: 'durationMs',
      message: `${Math.ceil(requests)} requests are more than the ${probeLimits.requests} of one run`,
      next: 'lower the rate or the duration',
    });
  if (problems.length > 0) throw new InputError(problems);
  return settings;
}

function checkNumber(
  path: 'ratePerSecond' | 'durationMs' | 'warmUpMs' | 'timeoutMs' | 'maxInFlight',
  value: number,
  { above }: { above: number },
): Problem[] {
  const limit = probeLimits[path];
  if (value > above && value <= limit) return [];
  const least = above < 0 ? 'from 0' : `above ${above}`;
  return [{ path, message: `${value} is not a number ${least} and up to ${limit}` }];
}

function checkTarget(target: ProbeTarget): Problem[] {
  const path = `targets.${target.name}`;
  const weight = target.weight ?? 1;
  const problems: Problem[] = [];
  if (!Number.isInteger(weight) || weight < 1 || weight > probeLimits.weight)
    problems.push({
      path,
      message: `weight ${weight} is not a whole number from 1 to ${probeLimits.weight}`,
    });
  if (target.kind !== 'http') {
    if (!Number.isInteger(target.port) || target.port < 1 || target.port > 65_535)
      problems.push({ path, message: `${target.port} is not a port` });
    return problems;
  }
  const protocol = URL.parse(target.url)?.protocol;
  if (protocol !== 'http:' && protocol !== 'https:')
    problems.push({ path, message: `"${target.url}" is not an http or https URL` });
  if (target.body !== undefined && Buffer.byteLength(target.body) > probeLimits.bodyBytes)
    problems.push({ path, message: `its body is larger than ${probeLimits.bodyBytes} bytes` });
  return problems;
}
