import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { quoteWord } from '../../src/remote/command.ts';

// Real processes, on computers that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const source = fileURLToPath(new URL('../../src/output/terminal.ts', import.meta.url));

/** What a program on a pseudo-terminal says after it asked and `typed` was typed. */
async function answer(method: 'ask' | 'askHidden', typed: string): Promise<string> {
  const program = `import(${JSON.stringify(source)}).then(async ({ createTerminal }) => {
    try { console.log('ANSWER', await createTerminal().${method}('go? ')) } catch (error) { console.log([error.name, error.exitCode].join(' ')) }
  })`;
  const line = [process.execPath, '-e', quoteWord(program)].join(' ');
  const child = spawn('script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdout.once('data', () => child.stdin.write(typed));
  return text(child.stdout);
}

test('a question is answered with a line', async () => {
  expect(await answer('ask', 'yes\r')).toContain('ANSWER yes\r\n');
});

test.each(['ask', 'askHidden'] as const)(
  'Ctrl-C and Ctrl-D at %s interrupt, and are no defect',
  async (method) => {
    for (const said of await Promise.all(['\x03', '\x04'].map((key) => answer(method, key))))
      expect(said).toContain('InterruptedError 130\r\n');
  },
);
