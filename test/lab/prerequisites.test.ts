import { expect, test } from 'vitest';
import { explainMissing } from '../../src/lab/prerequisites.ts';

const well = { platform: 'linux', uid: 0, missingPrograms: [] };

test('a computer that has all is fine', () => {
  expect(explainMissing(well)).toBeUndefined();
});

test.each([
  [{ ...well, platform: 'darwin' }, 'needs Linux', 'kawanan init'],
  [{ ...well, uid: 1000 }, 'needs root', 'run the same command with sudo'],
  [
    { ...well, uid: 1000, missingPrograms: ['debootstrap'] },
    'needs root',
    'sudo, after sudo apt-get install -y debootstrap',
  ],
  [
    { ...well, missingPrograms: ['debootstrap', 'systemd-nspawn', 'ip', 'ss'] },
    'not installed: debootstrap, systemd-nspawn, ip, ss',
    'apt-get install -y debootstrap systemd-container iproute2',
  ],
])('%j: one message, one way out', (found, message, next) => {
  const problem = explainMissing(found)!;
  expect(problem.message).toContain(message);
  expect(problem.next).toContain(next);
});
