import { expect, test } from 'vitest';
import { listWorse, readAnswers } from '../../src/balancer/probe-frontends.ts';

test('answers are read line by line, whatever else a shell prints', () => {
  expect(readAnswers('web 200\nmysql 0\nbash: connect: refused\n\n')).toEqual({ web: 200, mysql: 0 });
});

test.each([
  ['answers as before', { web: 200 }, { web: 302 }, []],
  ['answered an error before', { web: 503 }, {}, []],
  ['is new', {}, { web: 503 }, []],
  ['answers an error now', { web: 200 }, { web: 503 }, ['web answered 200 before and answers 503 now']],
  ['answers nothing now', { web: 404 }, {}, ['web answered 404 before and answers nothing now']],
  ['takes no connection now', { db: 0 }, {}, ['db took connections before and answers nothing now']],
])('a frontend that %s', (_, before, after, worse) => {
  expect(listWorse(before, after)).toEqual(worse);
});
