/** `npm run parity`: holds our conversion against the recordings of the real command and counts by group. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

interface Report {
  testResults: {
    name: string;
    assertionResults: { ancestorTitles: string[]; title: string; status: string }[];
  }[];
}

const folder = mkdtempSync(path.join(tmpdir(), 'kawanan-parity-'));
try {
  const file = path.join(folder, 'report.json');
  const { stderr } = spawnSync(
    'vitest',
    ['run', '--project', 'unit', 'test/stack/parity', '--reporter=json', `--outputFile=${file}`],
    { encoding: 'utf8' },
  );
  process.exitCode = printGroups(readReport(file, stderr));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function readReport(file: string, stderr: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    throw new Error(`the tests didn't run:\n${stderr}`);
  }
}

/** Prints a line a group and one for all; gives the exit code. */
function printGroups({ testResults }: Report): number {
  const groups = new Map<string, { passed: number; failed: string[] }>();
  // a file that can't be loaded has no tests to report
  for (const { name, assertionResults } of testResults)
    if (assertionResults.length === 0)
      groups.set(path.basename(name), { passed: 0, failed: ['(the file itself)'] });
  for (const one of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const name = one.ancestorTitles[0] ?? 'others';
    const group = groups.get(name) ?? { passed: 0, failed: [] };
    if (one.status === 'passed') group.passed += 1;
    else group.failed.push(one.title);
    if (one.title.startsWith('is not beside')) print(`${name} ${one.title}`);
    groups.set(name, group);
  }
  let passed = 0;
  let failed = 0;
  for (const [name, group] of groups) {
    passed += group.passed;
    failed += group.failed.length;
    print(`${name}: ${group.passed} passed, ${group.failed.length} failed`);
    for (const title of group.failed) print(`  ${title}`);
  }
  print(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
