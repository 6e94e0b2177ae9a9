/** Runs programs for measurements, kawanan above all, as its users do. */
import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { findLab, type Lab } from '../src/lab/lab.ts';

export const root = join(import.meta.dirname, '..');
const commandTimeoutMs = 600_000;

export interface Finished {
  elapsedMs: number;
  output: string;
}

/** Runs a program to its end. @throws Error with all it printed unless it ends well. */
export function run(program: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const startedAt = performance.now();
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: commandTimeoutMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const elapsedMs = performance.now() - startedAt;
      if (code === 0) resolve({ elapsedMs, output });
      else reject(new Error(`${program} ${args.join(' ')}: ${signal ?? `exit code ${code}`}\n${output}`));
    });
  });
}

/** Runs kawanan. */
export const kawanan = (...args: string[]): Promise<Finished> => run(join(root, 'bin/kawanan'), args);

export interface OpenLab extends AsyncDisposable {
  lab: Lab;
  /** Its cluster file. */
  file: string;
  /** It was up before, and stays so. */
  wasUp: boolean;
}

/** The lab of this folder (or of KAWANAN_LAB): one that is up is used and left, otherwise one is made and taken down again. */
export async function openLab(options: string[] = []): Promise<OpenLab> {
  const lab = findLab({ cwd: root, env: process.env });
  const file = join(lab.stateDir, 'cluster.yml');
  const wasUp = await access(file).then(
    () => true,
    () => false,
  );
  await kawanan('lab', 'up', ...options);
  return {
    lab,
    file,
    wasUp,
    async [Symbol.asyncDispose]() {
      if (!wasUp) await kawanan('lab', 'down');
    },
  };
}
