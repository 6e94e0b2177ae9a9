import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createResultReader } from '../../src/dashboard/read-results.ts';
import { summarise } from '../../src/drill/probe/summarise.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kawanan-results-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, content: unknown): Promise<void> =>
  writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
const drills = (cluster: string) => ({
  cluster,
  startedAt: '2026-01-02T00:00:00Z',
  results: [
    { title: 'the proxy is killed', verdict: 'met', probe: { figures: summarise([]) } },
    { title: 'a worker is lost', verdict: 'not run', reason: 'there is no worker' },
  ],
});
const receipt = (missed: string[]) => ({
  what: 'deploy',
  startedAt: '2026-01-03T00:00:00Z',
  during: summarise([]),
  missed,
});

test('drills of this cluster and receipts, newest first', async () => {
  await write('drills.json', drills('shop'));
  await write('other.json', drills('another'));
  await write('receipt.json', receipt(['failed requests: 3, at most 0 allowed']));
  const rows = await createResultReader('shop', [folder, folder, join(folder, 'nowhere')])();
  expect(rows.map(({ kind, what, verdict }) => [kind, what, verdict])).toEqual([
    ['receipt', 'deploy', 'missed'],
    ['drill', 'the proxy is killed', 'met'],
    ['drill', 'a worker is lost', 'not run'],
  ]);
  expect(rows[0]!.says).toMatch(/; failed requests: 3, at most 0 allowed$/);
  expect(rows[2]!.says).toBe('there is no worker');
});

test('what is half written, or none of ours, is passed over', async () => {
  await write('half.json', '{"cluster": "shop", "results": [');
  await write('null.json', 'null');
  await write('text.json', '"results"');
  await write('strange.json', { cluster: 'shop', results: [7], what: 1, during: null, missed: null });
  await write('receipt.json', { what: 'x', during: null, missed: null });
  await write('package.json', { name: 'shop' });
  expect(await createResultReader('shop', [folder])()).toEqual([]);
});

test('a file that was written anew is read anew', async () => {
  const read = createResultReader('shop', [folder]);
  await write('receipt.json', receipt([]));
  expect((await read()).map(({ verdict }) => verdict)).toEqual(['met']);
  await write('receipt.json', receipt(['worst: 9 ms, at most 1 ms allowed']));
  expect((await read()).map(({ verdict }) => verdict)).toEqual(['missed']);
});
