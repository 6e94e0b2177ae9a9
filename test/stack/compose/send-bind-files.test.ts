import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadStack } from '../../../src/stack/compose/load-stack.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kawanan-binds-'));
  write('run.sh', 'echo run\n');
  write('conf.d/a.conf', 'a\n');
  write('empty', '');
  write('large', Buffer.alloc(1000 * 1024, 'x'));
});

/** Readable for everybody unless told, whatever the umask. */
function write(name: string, content: string | Buffer, mode = 0o644): void {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
}
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a service with these volumes mounts, as `bind SOURCE TARGET` and `config NAME TARGET MODE`, and what is sent. */
async function mounted(volumes: unknown, rest = '', convertOnly = false, mode = 0o644): Promise<string[]> {
  const file = path.join(folder, 'compose.yml');
  write(
    'compose.yml',
    `services: {web: {image: "w:1", volumes: ${JSON.stringify(volumes)}${rest === '' ? '' : `, ${rest}`}}}\n`,
    mode,
  );
  const stack = await loadStack([file], { name: 's', variables: {}, convertOnly });
  const { Mounts = [], Configs = [], Secrets = [] } = stack.services[0]!.spec.TaskTemplate.ContainerSpec;
  const short = (text: string): string => text.replace(folder, '.');
  return [
    ...Mounts.map(({ Type, Source = '', Target }) => `${Type} ${short(Source)} ${Target}`),
    ...Configs.map(({ ConfigName, File }) => `config ${ConfigName} ${File?.Name} ${File?.Mode.toString(8)}`),
    ...Secrets.map(({ SecretName, File }) => `secret ${SecretName} ${File?.Name} ${File?.Mode.toString(8)}`),
    ...[...stack.configs, ...stack.secrets].map(
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

it('keeps every byte of a file', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  write('all.bin', bytes);
  writeFileSync(
    path.join(folder, 'compose.yml'),
    'services: {web: {image: "w:1", volumes: ["./all.bin:/a:ro"]}}',
  );
  const { configs } = await loadStack([path.join(folder, 'compose.yml')], { name: 's', variables: {} });
  expect(Buffer.from(configs[0]!.spec.Data!, 'base64')).toEqual(bytes);
});

const key = ['-----BEGIN OPENSSH ', 'PRIVATE KEY-----\nabc\n'].join('');

it.each<[string, string, string, number]>([
  ['not everybody may read', 'app.conf', 'a\n', 0o640],
  ['holds a private key', 'server.pem', `a certificate\n${key}`, 0o644],
  ['has variables for a whole application', '.env', 'A=b\n', 0o644],
  ['has them for one surrounding', 'api/.env.production', 'A=b\n', 0o644],
  ['is named a key', 'tls/site.key', 'a\n', 0o644],
  ['is beside secrets', 'secrets/db.txt', 'a\n', 0o644],
])('a file that %s becomes a secret', async (_, name, content, mode) => {
  write(name, content, mode);
  const object = `s_${name.replaceAll('/', '-').replace(/^[.]/, '')}`;
  expect(await mounted([`./${name}:/x:ro`])).toEqual([
    `secret ${object} /x 555`,
    `${object} = ${content.trim()}`,
  ]);
  expect(await mounted([{ type: 'bind', source: name, target: '/x', read_only: true }])).toEqual([
    `secret ${object} /x 555`,
    `${object} = ${content.trim()}`,
  ]);
});

it('a mode says nothing where not even the compose file is for everybody', async () => {
  write('app.conf', 'a\n', 0o600);
  write('site.key', 'b\n', 0o600);
  expect(await mounted(['./app.conf:/a:ro', './site.key:/b:ro'], '', false, 0o600)).toEqual([
    'config s_app.conf /a 555',
    'secret s_site.key /b 555',
    's_app.conf = a',
    's_site.key = b',
  ]);
});

it('a hidden file is one beside the compose file, too', async () => {
  write('.env', 'A=b\n');
  expect(await mounted(['.env:/app/.env:ro'])).toEqual(['secret s_env /app/.env 555', 's_env = A=b']);
  expect(await mounted(['.env:/app/.env'])).toEqual(['bind ./.env /app/.env']);
});

it('knows that a file is private although the stack names it elsewhere', async () => {
  write('token', 'a\n', 0o600);
  const file = path.join(folder, 'compose.yml');
  write('compose.yml', 'services: {web: {image: "w:1", env_file: [token], volumes: ["./token:/t:ro"]}}');
  const { configs, secrets } = await loadStack([file], { name: 's', variables: {} });
  expect([configs.length, secrets.map(({ key }) => key)]).toEqual([0, ['token']]);
});

it.each<[string, unknown, string]>([
  ['may be written to', ['./run.sh:/r.sh'], 'bind ./run.sh /r.sh'],
  ['is a folder', ['./conf.d:/c:ro'], 'bind ./conf.d /c'],
  ["isn't there", ['./gone:/g:ro'], 'bind ./gone /g'],
  ['is empty', ['./empty:/e:ro'], 'bind ./empty /e'],
  ['is too large for a config', ['./large:/l:ro'], 'bind ./large /l'],
  ['is of the node', ['/etc/hosts:/h:ro'], 'bind /etc/hosts /h'],
  ['would be mounted nowhere', ['./run.sh:r.sh:ro'], 'bind ./run.sh r.sh'],
])('what %s stays a bind mount', async (_, volumes, expected) => {
  expect(await mounted(volumes)).toEqual([expected]);
});

it('sends a file that two services of two compose files mount once', async () => {
  const files = ['a.yml', 'b.yml'].map((name) => path.join(folder, name));
  for (const [index, file] of files.entries())
    writeFileSync(file, `services: {s${index}: {image: "w:1", volumes: ["./conf.d/../run.sh:/r:ro"]}}`);
  const { configs, services } = await loadStack(files, { name: 's', variables: {} });
  expect(configs.map(({ key }) => key)).toEqual(['run.sh']);
  const used = services.map(({ spec }) => spec.TaskTemplate.ContainerSpec.Configs?.[0]?.ConfigName);
  expect(used).toEqual(['s_run.sh', 's_run.sh']);
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

it('what the kernel makes up when it is read stays a bind mount', async () => {
  const source = path.relative(folder, '/proc/self/environ');
  expect(await mounted([`./${source}:/e:ro`])).toEqual(['bind /proc/self/environ /e']);
});

it('what is too large for a secret stays a bind mount', async () => {
  write('large.key', Buffer.alloc(500 * 1024, 'x'));
  expect(await mounted(['./large.key:/l:ro'])).toEqual(['bind ./large.key /l']);
});

it('is left to the file where only the real command is followed', async () => {
  expect(await mounted(['./run.sh:/r.sh:ro'], '', true)).toEqual(['bind ./run.sh /r.sh']);
});

it('is told of as what it is', async () => {
  write('site.key', 'a\n');
  const volumes = [
    './run.sh:/r',
    './run.sh:/w',
    './site.key:/k',
    './conf.d:/c',
    './gone:/g',
    './empty:/e',
    './large:/l',
  ];
  const file = path.join(folder, 'compose.yml');
  writeFileSync(
    file,
    `services:\n  web: {image: "w:1", volumes: ${JSON.stringify(volumes.map((one) => (one.endsWith('w') ? one : `${one}:ro`)))}}\n`,
  );
  const { lints = [] } = await loadStack([file], { name: 's', variables: {} });
  const missing = 'it exists there, or on one node at best, and a task on any other node is rejected';
  const placed = (sent: string): string =>
    `no node has it; kawanan deploys the file as ${sent} in its place, docker stack deploy would see the tasks rejected`;
  const stays = (why: string): string =>
    `kawanan can't deploy it as a config: ${why}; keep data in a volume, or name an absolute path of a node and pin the service to it`;
  const where = 'or name an absolute path of a node';
  expect(lints.map(({ code, path: at, why, next }) => [`${code} ${at}`, why, next])).toEqual(
    [
      [placed('a config'), `say so yourself with configs:, ${where}`],
      [
        missing,
        `deploy a file as a config or secret (with :ro kawanan does so by itself); keep data in a volume, ${where} and pin the service to it`,
      ],
      [placed('a secret (it is named like something secret)'), `say so yourself with secrets:, ${where}`],
      [missing, stays('it is a folder')],
      [missing, stays('there is no such file')],
      [missing, stays('it is empty')],
      [missing, stays('it is too large for a config')],
    ].map((texts, index) => [`relative-bind-mount services.web.volumes.${index}`, ...texts]),
  );
});
