import { expect, test } from 'vitest';
import { findFalseAlarms, isOfFalseAlarm } from './e2e/support/false-alarms.ts';

const line = (seconds: string, host: string, text: string): string =>
  `2026-11-21T23:34:${seconds}+00:00 ${host} Keepalived_vrrp[1547]: (kawanan) ${text}`;
const at = (seconds: string): number => Date.parse(`2026-11-21T23:34:${seconds}Z`);

test('finds a balancer that took the address and gave it back at once, and no other change', () => {
  expect(
    findFalseAlarms([
      line('10.000000', 'lb1', 'Entering MASTER STATE'),
      line('20.000000', 'lb1', 'Entering BACKUP STATE'),
      '2026-11-21T23:34:53.214232+00:00 lb1 systemd[1]: Reloading nginx.service',
      line('20.100000', 'lb2', 'Entering MASTER STATE'),
      line('20.200000', 'lb2', 'Entering FAULT STATE'),
      line('20.300000', 'lb2', 'Entering BACKUP STATE'),
      line('55.779485', 'lb2', 'Entering MASTER STATE'),
      line('55.846834', 'lb2', 'Entering BACKUP STATE'),
    ]),
  ).toEqual([{ balancer: 'lb2', beganMs: at('55.779'), endedMs: at('55.846') }]);
});

test.each([
  ['before', '55.500', false],
  ['while the address had two holders', '55.840', true],
  ['after', '56.100', false],
])('a request that was sent %s', (_, sent, excused) => {
  const alarms = [{ balancer: 'lb2', beganMs: at('55.779'), endedMs: at('55.846') }];
  expect(isOfFalseAlarm(at(sent), alarms)).toBe(excused);
  expect(isOfFalseAlarm(at(sent), [])).toBe(false);
});
