import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadStack } from '../../../src/stack/compose/load-stack.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kawanan-binds-'));
  mkdirSync(path.join(folder, 'conf.d'));
  writeFileSync(path.join(folder, 'run.sh'), 'echo run\n');
  writeFileSync(path.join(folder, 'conf.d/a.conf'), 'a\n');
  writeFileSync(path.join(folder, 'empty'), '');
  writeFileSync(path.join(folder, 'large'), Buffer.alloc(1000 * 1024, 'x'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a service with these volumes mounts, as `bind SOURCE TARGET` and `config NAME TARGET MODE`. */
async function mounted(volumes: unknown, rest = '', convertOnly = false): Promise<string[]> {
  const file = path.join(folder, 'compose.yml');
  writeFileSync(
    file,
    `services: {web: {image: "w:1", volumes: ${JSON.stringify(volumes)}${rest === '' ? '' : `, ${rest}`}}}\n`,
  );
  const stack = await loadStack([file], { name: 's', variables: {}, convertOnly });
  const { Mounts = [], Configs = [] } = stack.services[0]!.spec.TaskTemplate.ContainerSpec;
  const short = (text: string): string => text.replace(folder, '.');
  return [
    ...Mounts.map(({ Type, Source = '', Target }) => `${Type} ${short(Source)} ${Target}`),
    ...Configs.map(({ ConfigName, File }) => `config ${ConfigName} ${File?.Name} ${File?.Mode.toString(8)}`),
    ...stack.configs.map(
      ({ spec }) =>
        `${spec.Name} = ${Buffer.from(spec.Data ?? '', 'base64')
          .toString()
          .trim()}`,
    ),
  ];
}

it.each<[string, unknown, string[]]>([
  [
    'a file beside the compose file',
    ['./run.sh:/r.sh:ro'],
    ['config s_run.sh /r.sh 555', 's_run.sh = echo run'],
  ],
  [
    'the long form',
    [{ type: 'bind', source: 'conf.d/a.conf', target: '/etc/a', read_only: true }],
    ['config s_conf.d-a.conf /etc/a 555', 's_conf.d-a.conf = a'],
  ],
  [
    'one file twice, and another',
    ['./run.sh:/1:ro', './run.sh:/2:ro', './conf.d/a.conf:/3:ro'],
    [
      'config s_conf.d-a.conf /3 555',
      'config s_run.sh /1 555',
      'config s_run.sh /2 555',
      's_conf.d-a.conf = a',
      's_run.sh = echo run',
    ],
  ],
])('%s becomes a config', async (_, volumes, expected) => {
  expect(await mounted(volumes)).toEqual(expected);
});

it.each<[string, unknown, string]>([
  ['may be written to', ['./run.sh:/r.sh'], 'bind ./run.sh /r.sh'],
  ['is a folder', ['./conf.d:/c:ro'], 'bind ./conf.d /c'],
  ["isn't there", ['./gone:/g:ro'], 'bind ./gone /g'],
  ['is empty', ['./empty:/e:ro'], 'bind ./empty /e'],
  ['is too large for a config', ['./large:/l:ro'], 'bind ./large /l'],
  ['is of the node', ['/etc/hosts:/h:ro'], 'bind /etc/hosts /h'],
])('what %s stays a bind mount', async (_, volumes, expected) => {
  expect(await mounted(volumes)).toEqual([expected]);
});

it('keeps configs of the same name apart', async () => {
  const file = path.join(folder, 'compose.yml');
  writeFileSync(
    file,
    [
      'services: {web: {image: "w:1", configs: [run.sh], volumes: ["./conf.d/a.conf:/a:ro", "./run.sh:/r:ro"]}}',
      'configs: {run.sh: {file: conf.d/a.conf}}',
    ].join('\n'),
  );
  const { configs } = await loadStack([file], { name: 's', variables: {} });
  expect(configs.map(({ key }) => key)).toEqual(['conf.d-a.conf', 'run.sh', 'run.sh-2']);
});

it('is left to the file where only the real command is followed', async () => {
  expect(await mounted(['./run.sh:/r.sh:ro'], '', true)).toEqual(['bind ./run.sh /r.sh']);
});

it('is told of as what it is', async () => {
  const file = path.join(folder, 'compose.yml');
  writeFileSync(file, 'services:\n  web: {image: "w:1", volumes: ["./run.sh:/r:ro", "./run.sh:/w"]}\n');
  const { lints = [] } = await loadStack([file], { name: 's', variables: {} });
  expect(lints.map(({ code, path: at, why }) => `${code} ${at}: ${why}`)).toEqual([
    'relative-bind-mount services.web.volumes.0: no node has it; kawanan deploys the file as a config in its place, docker stack deploy would see the tasks rejected',
    'relative-bind-mount services.web.volumes.1: it exists there, or on one node at best, and a task on any other node is rejected',
  ]);
});
