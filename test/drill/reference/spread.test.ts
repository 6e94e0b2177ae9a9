import { describe, expect, test } from 'vitest';
import {
  addTrialFrontends,
  judgeSpread,
  type Method,
  readMethod,
} from '../../../src/drill/reference/spread.ts';

const web = {
  listen: 80,
  routes: [
    { path: '/api', service: 'api', port: 8000 },
    { service: 'site', port: 5000, check: 'GET /healthz' },
  ],
};

describe('frontends to try methods on', () => {
  test('serve what the first http frontend serves to plain visitors, beside everything else', () => {
    const db = { listen: 18_082, mode: 'tcp', service: 'db' };
    const trial = addTrialFrontends({ db, web })!;
    const served = { service: 'site', port: 5000, check: 'GET /healthz' };
    expect(trial.ports).toEqual({ roundrobin: 18_081, leastconn: 18_083, source: 18_084 });
    expect(trial.section).toEqual({
      db,
      web,
      'drill-roundrobin': { listen: 18_081, balance: 'roundrobin', ...served },
      'drill-leastconn': { listen: 18_083, balance: 'leastconn', ...served },
      'drill-source': { listen: 18_084, balance: 'source', ...served },
    });
  });

  test('stand before a frontend without routes, too', () => {
    const { section } = addTrialFrontends({
      web: { listen: 80, service: ['a', 'b'], update: 'blue-green' },
    })!;
    expect(section['drill-source']).toEqual({
      listen: 18_083,
      balance: 'source',
      service: ['a', 'b'],
      update: 'blue-green',
    });
  });

  test.each([undefined, null, {}, { db: { listen: 1, mode: 'tcp', service: 'db' } }])(
    'have nothing to serve in %j',
    (section) => {
      expect(addTrialFrontends(section)).toBeUndefined();
    },
  );

  test.each([
    ['drill-leastconn.site', 'leastconn'],
    ['web.site', undefined],
    ['drill-other.site', undefined],
  ])('%s was made to try %s', (backend, method) => {
    expect(readMethod(backend)).toBe(method);
  });
});

describe('a method does as designed', () => {
  test.each<[Method, Record<string, number>, boolean]>([
    ['roundrobin', { a: 400, b: 400 }, true],
    ['roundrobin', { a: 435, b: 365 }, true],
    ['roundrobin', { a: 460, b: 340 }, false],
    ['roundrobin', { a: 100, b: 100, c: 100 }, true],
    ['leastconn', { a: 540, b: 260 }, true],
    ['leastconn', { a: 790, b: 10 }, false],
    ['source', { a: 800, b: 0 }, true],
    ['source', { a: 799, b: 1 }, false],
    ['source', { a: 0, b: 0 }, false],
    ['roundrobin', {}, false],
    ['roundrobin', { a: 0, b: 0 }, false],
  ])('%s with %j: %s', (method, served, met) => {
    expect(judgeSpread(method, served).met).toBe(met);
  });

  test('says what each server got', () => {
    expect(judgeSpread('roundrobin', { a: 405, b: 395 })).toEqual({
      text: 'each server has 50 % of the requests, give or take 5',
      measured: 'a 50.6 %, b 49.4 %',
      met: true,
    });
  });
});
