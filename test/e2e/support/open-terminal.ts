/** Runs the program on a terminal of its own (a pseudo-terminal of `script`), as somebody who sits at it. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { renderCommandLine } from '../../../src/remote/command.ts';
import { labDir, projectDir } from './kawanan.ts';

export interface OpenTerminal {
  /** All that was printed so far, carriage returns left out. */
  printed(): string;
  /** Keys as they are typed: `\x03` is Ctrl-C, `\r` Enter. */
  type(keys: string): void;
  /** Waits until it has printed this; throws with all that it did print when it ends or the time is up before. */
  until(pattern: RegExp, timeoutMs?: number): Promise<void>;
  /** Resolves with its exit code when it has ended. */
  ended: Promise<number | null>;
}

/** Starts kawanan on a terminal of 120 columns. */
export function openTerminal(args: string[], timeoutMs = 240_000): OpenTerminal {
  mkdirSync(labDir, { recursive: true });
  const kawanan = renderCommandLine({ program: join(projectDir, 'bin/kawanan'), args }, 'root');
  const child = spawn('script', ['-qfec', `stty columns 120 rows 40; exec ${kawanan}`, '/dev/null'], {
    cwd: projectDir,
    env: { ...process.env, SHELL: '/bin/sh', TERM: 'xterm', KAWANAN_LAB: labDir, NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let text = '';
  let over = false;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk.replaceAll('\r', '');
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      over = true;
      clearTimeout(timer);
      resolve(exitCode);
    });
  });
  return {
    printed: () => text,
    type: (keys) => void child.stdin.write(keys),
    ended,
    until: async (pattern, limitMs = 60_000) => {
      const deadline = performance.now() + limitMs;
      while (!pattern.test(text)) {
        if (over || performance.now() > deadline)
          throw new Error(`kawanan ${args.join(' ')} has not printed ${pattern}:\n${text}`);
        await sleep(50);
      }
    },
  };
}
