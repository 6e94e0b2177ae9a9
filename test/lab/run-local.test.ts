import { expect, test } from 'vitest';
import { runLocal } from '../../src/lab/run-local.ts';

test('a failure names program, exit code and what it said', async () => {
  await expect(runLocal('ls', ['/no/such folder'])).rejects.toMatchObject({
    message: 'ls /no/such folder ended with exit code 2',
    details: [expect.stringContaining('No such file')],
  });
});

test('words reach the program as they are, without a shell', async () => {
  expect((await runLocal('printf', ['%s', '$(id) ; "x"'])).stdout).toBe('$(id) ; "x"');
});

test('lines come as they are printed, input goes in', async () => {
  const lines: string[] = [];
  await runLocal('cat', [], { stdin: 'one\ntwo\n', onLine: (line) => lines.push(line) });
  expect(lines).toEqual(['one', 'two']);
});

test('an interrupt ends the program', async () => {
  const interrupt = new AbortController();
  const run = runLocal('sleep', ['30'], { signal: interrupt.signal });
  interrupt.abort();
  await expect(run).rejects.toMatchObject({ name: 'InterruptedError' });
});

test('one that took too long is not waited for, though what it started holds its output open', async () => {
  const run = runLocal('sh', ['-c', 'sleep 15 & echo begun; wait'], { timeoutMs: 300 });
  await expect(run).rejects.toMatchObject({
    message: expect.stringContaining('did not end within 0.3 s'),
    details: ['begun'],
  });
});

test('a program that isn’t there is named', async () => {
  await expect(runLocal('no-such-program', [])).rejects.toThrow(
    'the program no-such-program is not installed',
  );
});
