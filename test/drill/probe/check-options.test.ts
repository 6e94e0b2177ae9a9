import { describe, expect, test } from 'vitest';
import { checkOptions } from '../../../src/drill/probe/check-options.ts';
import type { ProbeOptions, ProbeTarget } from '../../../src/drill/probe/options.ts';
import { InputError } from '../../../src/errors.ts';

const http = (change: object = {}): ProbeTarget => ({
  kind: 'http',
  name: 'GET',
  url: 'http://127.0.0.1/',
  ...change,
});
const good: ProbeOptions = { targets: [http()], ratePerSecond: 100, durationMs: 1000 };

function findProblems(change: object): string[] {
  try {
    checkOptions({ ...good, ...change });
    return [];
  } catch (error) {
    return (error as InputError).problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe('options', () => {
  test('get their defaults', () => {
    expect(checkOptions(good)).toEqual({
      ...good,
      warmUpMs: 500,
      timeoutMs: 5000,
      maxInFlight: 5000,
      insecure: false,
    });
  });

  test.each<[object, string[]]>([
    [{ ratePerSecond: 0 }, ['ratePerSecond: 0 is not a number above 0 and up to 20000']],
    [{ ratePerSecond: Number.NaN }, ['ratePerSecond: NaN is not a number above 0 and up to 20000']],
    [{ durationMs: 3_600_001 }, ['durationMs: 3600001 is not a number above 0 and up to 3600000']],
    [{ warmUpMs: -1 }, ['warmUpMs: -1 is not a number from 0 and up to 60000']],
    [
      { ratePerSecond: 1000, durationMs: 1_000_000 },
      ['durationMs: 1000500 requests are more than the 1000000 of one run'],
    ],
    [{ targets: [] }, ['targets: nothing to send']],
    [{ targets: [http(), http()] }, ['targets: two targets are called "GET"']],
    [{ targets: [http({ url: 'ftp://h/' })] }, ['targets.GET: "ftp://h/" is not an http or https URL']],
    [{ targets: [http({ weight: 0.5 })] }, ['targets.GET: weight 0.5 is not a whole number from 1 to 1000']],
    [
      { targets: [{ kind: 'tcp', name: 'db', host: 'h', port: 0 }], ratePerSecond: -1 },
      ['ratePerSecond: -1 is not a number above 0 and up to 20000', 'targets.db: 0 is not a port'],
    ],
  ])('%j are refused', (change, problems) => {
    expect(findProblems(change)).toEqual(problems);
  });

  test('are refused as an InputError', () => {
    expect(() => checkOptions({ ...good, durationMs: 0 })).toThrow(InputError);
  });
});
