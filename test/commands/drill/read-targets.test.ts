import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readTargets } from '../../../src/commands/drill/read-targets.ts';
import type { InputError } from '../../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'kawanan-targets-'));
const file = join(folder, 'load.yml');
afterAll(() => rmSync(folder, { recursive: true }));

async function problemsOf(text: string): Promise<string[]> {
  writeFileSync(file, text);
  const error: InputError = await readTargets(file, {}).then(
    () => {
      throw new Error('was accepted');
    },
    (thrown) => thrown,
  );
  return error.problems.map(
    ({ line, column, path, message, next }) =>
      `${line}:${column} ${path}: ${message}${next === undefined ? '' : ` | ${next}`}`,
  );
}

test('the list of the documentation is read, variables filled in', async () => {
  writeFileSync(join(folder, 'item.json'), '{}');
  writeFileSync(
    file,
    [
      '- {name: front page, url: "http://${KAWANAN_VIP}/", weight: 3}',
      '- {name: store, url: "http://${KAWANAN_VIP}/api/items", method: POST, headers: {a: b}, bodyFile: item.json}',
      '- {kind: mysql, name: database, host: "${KAWANAN_VIP}", port: 3306}',
    ].join('\n'),
  );
  expect(await readTargets(file, { KAWANAN_VIP: '192.0.2.1' })).toEqual([
    { kind: 'http', name: 'front page', url: 'http://192.0.2.1/', weight: 3 },
    {
      kind: 'http',
      name: 'store',
      url: 'http://192.0.2.1/api/items',
      method: 'POST',
      headers: { a: 'b' },
      body: Buffer.from('{}'),
    },
    { kind: 'mysql', name: 'database', host: '192.0.2.1', port: 3306 },
  ]);
});

test('everything that is wrong is told at once, each with its line and what was meant', async () => {
  const text = `- {name: a, url: "http://x/", wieght: 3}
- 5
- {name: b, url: "ftp://x"}
- {kind: mysql, name: c, host: h}
- {kind: mysq1, name: d, host: h, port: 70000}
`;
  expect(await problemsOf(text)).toEqual([
    '1:31 [0].wieght: unknown key "wieght" | did you mean "weight"?',
    '2:3 [1]: a mapping of keys expected, not 5',
    '3:18 [2].url: a URL begins with http:// or https://',
    '4:3 [3].port: "port" is missing',
    '5:10 [4].kind: "mysq1" is not one of http, tcp, mysql | did you mean "mysql"?',
    '5:41 [4].port: a port is 1 to 65535',
  ]);
});

test('a body that is not there is told with its place', async () => {
  expect(await problemsOf('- {name: a, url: "http://x/", bodyFile: gone}')).toEqual([
    "1:41 [0].bodyFile: gone can't be read: there is no such file",
  ]);
});

test.each(['', '[]', 'a: b'])('%j is no list of targets', async (text) => {
  writeFileSync(file, text);
  await expect(readTargets(file, {})).rejects.toThrow('a list of targets expected');
});
