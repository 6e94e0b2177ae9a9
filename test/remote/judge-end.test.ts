import { describe, expect, test } from 'vitest';
import { CommandError, SudoError } from '../../src/remote/remote-errors.ts';
import { type CommandEnd, judgeEnd } from '../../src/remote/run-command.ts';

const place = { host: 'vm-a', user: 'ika' };
const ended = (end: Partial<CommandEnd>): CommandEnd => ({
  exitCode: undefined,
  signal: undefined,
  stdout: '',
  stderr: '',
  ...end,
});

function errorOf(end: Partial<CommandEnd>, elapsedMs = 0, command = {}): CommandError {
  try {
    judgeEnd(
      { program: 'ls', args: ['a b'], stdin: 'hush', timeoutMs: 1000, asRoot: true, ...command },
      ended(end),
      place,
      elapsedMs,
    );
  } catch (error) {
    return error as CommandError;
  }
  throw new Error('was accepted');
}

test('an accepted exit code is a result', () => {
  const end = ended({ exitCode: 3, stdout: 'out', stderr: 'err' });
  expect(judgeEnd({ program: 'ls', accept: [0, 3] }, end, place, 0)).toEqual({
    exitCode: 3,
    stdout: 'out',
    stderr: 'err',
  });
});

test('a failure names host, command, exit code and the last ten lines of stderr, and never the standard input', () => {
  const stderr = Array.from({ length: 12 }, (_, index) => `line ${index + 1}\n`).join('\n');
  const error = errorOf({ exitCode: 2, stderr });
  expect(error).toBeInstanceOf(CommandError);
  expect(error.message).toBe("sudo -n -- ls 'a b' failed with exit code 2");
  expect(error.place).toEqual({ host: 'vm-a' });
  expect(error.details).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((number) => `line ${number}`));
  expect(JSON.stringify(error) + error.stack).not.toContain('hush');
});

test('a program that tells its failure on stdout is quoted from there', () => {
  expect(errorOf({ exitCode: 1, stdout: 'bad\n' }).details).toEqual(['bad']);
});

test.each([
  [{ exitCode: 124 }, 1000, "sudo -n -- ls 'a b' did not end within 1 s and was killed"],
  [{ exitCode: 137 }, 6000, "sudo -n -- ls 'a b' did not end within 1 s and was killed"],
  [{}, 9000, "sudo -n -- ls 'a b' did not end within 1 s and was killed"],
  [{ exitCode: 124 }, 10, "sudo -n -- ls 'a b' failed with exit code 124"],
  [{}, 10, "sudo -n -- ls 'a b' ended without an exit code"],
  [{ signal: 'SEGV' }, 10, "sudo -n -- ls 'a b' was ended by signal SEGV"],
])('%j after %d ms', (end, elapsedMs, message) => {
  expect(errorOf(end, elapsedMs).message).toBe(message);
});

test('one that did not end says what to do, and a script is called by its title', () => {
  const error = errorOf({}, 9000, { title: 'reading the machine' });
  expect(error.message).toBe('reading the machine did not end within 1 s and was killed');
  expect(error.next).toContain('vm-a lets us in, but something on it hangs');
  expect(errorOf({ exitCode: 3 }, 0, { title: 'reading the machine' }).message).toBe(
    'reading the machine failed with exit code 3',
  );
});

describe('sudo that refuses has its own error', () => {
  const grant = "as root there: echo 'ika ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ika";
  const install = 'as root there: apt-get install sudo, or write ssh: {user: root} in the cluster file';
  test.each([
    ['sudo: a password is required\n', grant],
    ['sudo: unable to resolve host vm-a: Name or service not known\nsudo: a password is required\n', grant],
    ['sudo: a terminal is required to read the password; either use the -S option\n', grant],
    ["Sorry, user ika is not allowed to execute '/usr/bin/ls' as root on vm-a.\n", grant],
    ['ika is not in the sudoers file.\n', grant],
    ['bash: line 1: sudo: command not found\n', install],
    ['sh: 1: sudo: not found\n', install],
  ])('%j', (stderr, next) => {
    const error = errorOf({ exitCode: 1, stderr });
    expect(error).toBeInstanceOf(SudoError);
    expect(error.next).toBe(next);
  });

  test('a program that fails behind a sudo that only complains is not one of them', () => {
    const stderr = 'sudo: unable to resolve host vm-a: Name or service not known\nls: no such file\n';
    expect(errorOf({ exitCode: 2, stderr })).not.toBeInstanceOf(SudoError);
  });

  test('nor is one that did not ask for root', () => {
    const error = errorOf({ exitCode: 1, stderr: 'sudo: a password is required' }, 0, { asRoot: false });
    expect(error).not.toBeInstanceOf(SudoError);
  });
});
