/**
 * Runs every check and suite one after the other and adds up what they counted. A suite that can't run, or that runs
 * no test, counts as failed: nothing is skipped in silence.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatDuration } from '../src/output/format.ts';

interface Outcome {
  name: string;
  passed: number;
  failed: number;
  elapsedMs: number;
  note?: string;
}

const root = join(import.meta.dirname, '..');
// The Node.js that npm installed comes first, whatever the system's is.
const path = [join(root, 'node_modules/node/bin'), join(root, 'node_modules/.bin'), process.env['PATH']].join(
  ':',
);

const checks = [
  ['format and lint', 'biome', ['check', '--error-on-warnings', '.']],
  ['types', 'tsc', ['--noEmit']],
] as const;
const suites = process.argv[2] === 'unit' ? ['unit'] : ['unit', 'e2e', 'e2e-load', 'ingress'];

function run(program: string, args: readonly string[]): { status: number; elapsedMs: number } {
  const startedAt = performance.now();
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  });
  if (error) process.stderr.write(`${program}: ${error.message}\n`);
  return { status: status ?? 1, elapsedMs: performance.now() - startedAt };
}

function runCheck([name, program, args]: (typeof checks)[number]): Outcome {
  process.stdout.write(`\n== ${name}\n`);
  const { status, elapsedMs } = run(program, args);
  return { name, passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, elapsedMs };
}

function runSuite(name: string): Outcome {
  process.stdout.write(`\n== ${name} tests\n`);
  const folder = mkdtempSync(join(tmpdir(), 'kawanan-tests-'));
  const report = join(folder, 'report.json');
  try {
    const args = [
      'run',
      '--project',
      name,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ];
    const { status, elapsedMs } = run('vitest', args);
    return { name: `${name} tests`, elapsedMs, ...readReport(report, status) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file: string, status: number): Pick<Outcome, 'passed' | 'failed' | 'note'> {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites } = JSON.parse(
      readFileSync(file, 'utf8'),
    ) as Record<string, number>;
    const passed = numPassedTests!;
    const left = numPendingTests! + numTodoTests!;
    // A skipped test proves nothing, so here it counts as failed; so does a file that broke before its tests ran.
    const failed = Math.max(
      numFailedTests! + left,
      numFailedTestSuites! > 0 || status !== 0 || passed === 0 ? 1 : 0,
    );
    return { passed, failed, ...(left > 0 ? { note: `${left} not run` } : {}) };
  } catch {
    return { passed: 0, failed: 1, note: 'no report was written' };
  }
}

const outcomes = [...checks.map(runCheck), ...suites.map(runSuite)];
process.stdout.write('\n');
for (const { name, passed, failed, elapsedMs, note } of outcomes) {
  const remark = note === undefined ? '' : ` (${note})`;
  process.stdout.write(
    `${name}: ${passed} passed, ${failed} failed in ${formatDuration(elapsedMs)}${remark}\n`,
  );
}
const sum = (key: 'passed' | 'failed'): number =>
  outcomes.reduce((total, outcome) => total + outcome[key], 0);
process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exitCode = sum('failed') === 0 ? 0 : 1;
