import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pico from 'picocolors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../../src/cli.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kawanan-bad-'));
  mkdirSync(join(folder, 'empty'));
  // No machine is asked: each command line is refused before.
  const cluster = [
    'name: c',
    'nodes: {m: {address: 127.0.0.1, role: manager}, w: {address: 127.0.0.2, role: worker}}',
    'stack: {name: s, file: compose.yml}',
  ];
  writeFileSync(join(folder, 'cluster.yml'), cluster.join('\n'));
  writeFileSync(join(folder, 'compose.yml'), 'services: {}\n');
  writeFileSync(join(folder, 'list.json'), '[]');
  writeFileSync(
    join(folder, 'half.json'),
    '{"cluster": "c", "results": [{}], "kind": "kawanan plan", "format": 1}',
  );
  writeFileSync(join(folder, 'broken.json'), '{');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(cwd: string, argv: string[]): Promise<{ exitCode: number; err: string[] }> {
  let err = '';
  const nobody = () => Promise.reject(new Error('nobody is asked here'));
  const exitCode = await runCli(argv, {
    terminal: {
      out: () => {},
      err: (text) => {
        err += text;
      },
      interactive: false,
      colors: pico.createColors(false),
      ask: nobody,
      askHidden: nobody,
    },
    cwd,
    env: {},
    signal: new AbortController().signal,
  });
  return { exitCode, err: err.replaceAll(folder, 'HERE').trimEnd().split('\n') };
}

describe('is refused before any machine is asked, and says what to write instead', () => {
  test.each<[string, string[]]>([
    [
      'rollback x',
      ['error "x" is no number of a revision', '  next `kawanan history` lists those that there are'],
    ],
    ['secrets prune --keep x', ['error --keep "x" is no number of versions', '  next write e.g. --keep 2']],
    [
      'monitor open --port x',
      ['error --port "x" is no port', '  next write e.g. --port 9090, or 0 for any that is free'],
    ],
    [
      'up --plan gone.json',
      [
        "error gone.json: the plan can't be read: there is no such file",
        '  next make one: kawanan plan --out gone.json',
      ],
    ],
    [
      'up --plan list.json',
      [
        'error list.json: this is no plan that kawanan wrote',
        '  next make one: kawanan plan --out list.json',
      ],
    ],
    [
      'up --plan half.json',
      [
        'error half.json: this is no plan that kawanan wrote',
        '  next make one: kawanan plan --out half.json',
      ],
    ],
    [
      'plan --out gone/plan.json',
      ["error gone/plan.json: can't be written: there is no such folder", '  next name another file'],
    ],
    ['plan --out empty', ["error empty: can't be written: it is a folder", '  next name another file']],
    [
      'drill run --all --out gone/results.json',
      ["error gone/results.json: can't be written: there is no such folder", '  next name another file'],
    ],
    [
      'drill report gone.json',
      [
        "error HERE/gone.json: results can't be read: there is no such file",
        '  next kawanan drill run --all --out results.json writes such a file',
      ],
    ],
    [
      'drill report broken.json',
      [
        "error HERE/broken.json: results can't be read: it is no JSON",
        '  next kawanan drill run --all --out results.json writes such a file',
      ],
    ],
    [
      'drill report list.json',
      [
        "error HERE/list.json: results can't be read: it holds no results of drills",
        '  next kawanan drill run --all --out results.json writes such a file',
      ],
    ],
    [
      'drill report half.json',
      [
        "error HERE/half.json: results can't be read: it holds no results of drills",
        '  next kawanan drill run --all --out results.json writes such a file',
      ],
    ],
    [
      'drill probe http://127.0.0.1:1 --rate 0 --duration x --timeout 61',
      [
        'error --rate "0" is no number of requests',
        '  next write one above 0 and up to 20000',
        'error --duration "x" is no number of seconds',
        '  next write one above 0 and up to 3600',
        'error --timeout "61" is no number of seconds',
        '  next write one above 0 and up to 60',
        '3 problems; nothing was changed',
      ],
    ],
    [
      'drill probe http://127.0.0.1:1 --rate 1000 --duration 3000',
      ['error --rate 1000 for 3000 s is more than 1000000 requests', '  next lower --rate or --duration'],
    ],
    [
      'drill probe http://127.0.0.1:1 --body gone',
      ["error --body HERE/gone can't be read: there is no such file"],
    ],
    ['node remove x1', ['error HERE/cluster.yml: the cluster has no node "x1"', '  next known here: m, w']],
    [
      'node reboot m x1 x2',
      [
        'error HERE/cluster.yml: the cluster has no node "x1"',
        '  next known here: m, w',
        'error HERE/cluster.yml: the cluster has no node "x2"',
        '  next known here: m, w',
        '2 problems; nothing was changed',
      ],
    ],
  ])('kawanan %s', async (line, err) => {
    expect(await run(folder, line.split(' '))).toEqual({ exitCode: 2, err });
  });
});

test.each(['node add x 127.0.0.3', 'node remove x', 'node promote x'])(
  'kawanan %s without a cluster file says how to get one',
  async (line) => {
    expect(await run(join(folder, 'empty'), line.split(' '))).toEqual({
      exitCode: 2,
      err: [
        'error cluster.yml: there is no cluster file',
        '  next write one with `kawanan init`, or make a cluster on this computer with `kawanan lab up`',
      ],
    });
  },
);
