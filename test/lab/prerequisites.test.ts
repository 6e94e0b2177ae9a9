import { describe, expect, test } from 'vitest';
import { explainMissing, explainMissingForUml } from '../../src/lab/prerequisites.ts';

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

describe('machines with kernels of their own', () => {
  const fit = { architecture: 'x64', tun: true, mke2fs: true, freeBytes: 3 * 2 ** 30 };
  test('run on a computer that has all they need', () => {
    expect(explainMissingForUml(fit, 3)).toBeUndefined();
  });
  test.each([
    [{ ...fit, architecture: 'arm64' }, 'this is arm64', '--machines nspawn'],
    [
      { ...fit, tun: false },
      "/dev/net/tun for its network, and it can't be opened",
      'or kawanan lab up --machines nspawn',
    ],
    [{ ...fit, mke2fs: false }, 'mke2fs', 'apt-get install -y e2fsprogs'],
    [
      { ...fit, freeBytes: 2.5 * 2 ** 30 },
      'this computer can give 3 of them 2.5 GB in all; they need 3 GB',
      'end what takes memory here; or kawanan lab up --machines nspawn',
    ],
  ])('%j: what is missing, and what to do', (found, message, next) => {
    const problem = explainMissingForUml(found, 3)!;
    expect(problem.message).toContain(message);
    expect(problem.next).toContain(next);
  });
});
