/**
 * The whole life of a stack's secrets, with values that can be recognised: made, deployed, changed, rotated, rotations
 * that fail and that are killed, rolled back, taken down. Then everything that was printed, every process that was
 * seen, every file, log, journal, label, config and revision is searched for them. They stand in the swarm's secrets,
 * in the containers' /run/secrets and in the operator's own file, and nowhere else.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSecretsDocument } from '../../src/secrets/secrets-file.ts';
import { expectKawanan, type Finished, labDir, runKawanan } from './support/kawanan.ts';
import { findLeaks, listShapes, sampleProcesses, searchMachine } from './support/leak-search.ts';
import { openSmallCluster, type SmallCluster } from './support/small-cluster.ts';

const folder = join(labDir, 'leak');
const secretsFile = join(folder, 'secrets.yml');
const makeMarker = (): string => `mark'r-${randomBytes(12).toString('hex')}`;

/** Prints what it is told, and fails where a file says so: nothing of it may reach anybody. */
const step = `#!/bin/sh
line=$(cat); echo "$line"; echo "$line" >&2
[ ! -e "/tmp/fail-$1" ]
`;

const compose = `
x-secrets:
  random_one: {strategy: random}
  key: {strategy: signing-key, lifetime: 1s}
  told:
    strategy: exec
    service: checker
    prepare: [sh, /step.sh, prepare]
    verify: [sh, /step.sh, verify]
    retire: [sh, /step.sh, retire]
x-service: &service
  image: debian:trixie-slim
  command: [sh, -c, 'trap "exit 0" TERM; while :; do sleep 1 & wait; done']
  stop_grace_period: 2s
services:
  app:
    <<: *service
    secrets: [typed, random_one, key, told]
    deploy:
      replicas: 2
      endpoint_mode: dnsrr
      update_config: {monitor: 1s, failure_action: pause}
      restart_policy: {delay: 1s}
  checker:
    <<: *service
    configs: [{source: step, target: /step.sh}]
    deploy: {replicas: 1, endpoint_mode: dnsrr, placement: {constraints: [node.role == manager]}}
configs:
  step: {file: ./step.sh}
secrets:
  typed: {external: true}
  random_one: {external: true}
  key: {external: true}
  told: {external: true}
`;

let small: SmallCluster;
/** All values that any secret has had. */
const markers = new Set<string>();
/** What every command has printed. */
const printed: { command: string; text: string }[] = [];

async function noteValues(): Promise<void> {
  const { entries } = parseSecretsDocument(await readFile(secretsFile, 'utf8'), secretsFile);
  for (const { source } of entries) if (source.from === 'value') markers.add(source.text);
}

async function run(
  args: string[],
  expected: number | 'killed' | 'any' = 0,
  killWhen?: (printed: string) => boolean,
): Promise<Finished> {
  const words = ['--verbose', ...args, '--file', small.file];
  const finished = await runKawanan(words, killWhen && { killWhen });
  printed.push({ command: args.join(' '), text: finished.stdout + finished.stderr });
  await noteValues();
  const ending = finished.signal === 'SIGKILL' ? 'killed' : finished.exitCode;
  if (expected !== 'any')
    expect(ending, `${args.join(' ')}\n${finished.stdout}${finished.stderr}`).toBe(expected);
  return finished;
}

const list = (): string[] => [...markers];
const inChecker = (script: string): Promise<unknown> =>
  expectKawanan(['exec', '--file', small.file, 'checker.1', '--', 'sh', '-c', script]);

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'step.sh'), step);
  small = await openSmallCluster('leak', compose, (settings) => {
    settings['secrets'] = secretsFile;
  });
  const typed = makeMarker();
  markers.add(typed);
  await writeFile(
    secretsFile,
    `typed: "${typed}"\nrandom_one: generate\nkey: {generate: {length: 64, charset: symbols}}\ntold: generate\n`,
    { mode: 0o600 },
  );
});
afterAll(() => small[Symbol.asyncDispose]());

describe('the search', () => {
  test.each([
    ['as it is', (text: string) => text],
    ['in base64', (text: string) => Buffer.from(`x${text}yz`).toString('base64')],
    ['in hex', (text: string) => Buffer.from(text).toString('hex')],
    ['in a URL', (text: string) => encodeURIComponent(text)],
  ])('finds a value %s in a text, and no other', (_, encode) => {
    const [planted, other] = [makeMarker(), makeMarker()];
    expect(findLeaks(`before ${encode(planted)} behind`, [planted, other])).toEqual([planted]);
  });

  test('finds what is planted in an argument, an environment, a file and a journal of a machine', async () => {
    const planted = makeMarker();
    const sampler = sampleProcesses();
    const child = spawn('sh', ['-c', 'sleep 1 # "$0"', planted], { env: { PLANTED: planted } });
    await new Promise((done) => child.on('close', done));
    const { seen } = await sampler.stop();
    const [inArgument, inEnvironment] = [planted, `PLANTED=${planted}`].map(
      (text) => [...seen].filter((one) => one.includes(text)).length,
    );
    expect(inArgument).toBeGreaterThan(inEnvironment!);
    expect(inEnvironment).toBeGreaterThan(0);
    const encoded = listShapes(planted)[1]!;
    const found = await small.on('vm-dockerswarmworker1', async (host) => {
      await host.writeFile('/var/tmp/planted', `x ${encoded} y`);
      await host.run({ program: 'systemd-cat', args: ['cat'], stdin: `${planted}\n` });
      await host.run({ program: 'journalctl', args: ['--sync'], accept: [0, 1] });
      const places = await searchMachine(host, [planted]);
      await host.removeFile('/var/tmp/planted');
      return places;
    });
    expect(found).toEqual(
      expect.arrayContaining([
        'vm-dockerswarmworker1: /var/tmp/planted',
        'vm-dockerswarmworker1: the journal',
      ]),
    );
  });
});

describe('in the whole life of its secrets a stack', () => {
  test('shows their values to nobody', { timeout: 900_000 }, async () => {
    const sampler = sampleProcesses();
    await run(['plan', '--json']);
    await run(['up', '--yes']);
    for (const args of [
      ['status', '--json'],
      ['secrets', 'ls', '--json'],
      ['secrets', 'status', '--json'],
    ])
      await run(args);

    // changed by hand, and deployed
    const typed = makeMarker();
    markers.add(typed);
    const text = await readFile(secretsFile, 'utf8');
    await writeFile(secretsFile, text.replace(/^typed: .*$/m, `typed: "${typed}"`));
    await run(['plan', '--json']);
    await run(['deploy', '--yes']);
    await run(['secrets', 'rotate', '--all', '--yes']);

    // a step of the user's own that fails in each place, and prints what it was told
    for (const failing of ['prepare', 'verify']) {
      await inChecker(`touch /tmp/fail-${failing}`);
      await run(['secrets', 'rotate', 'told', '--yes'], 1);
      await inChecker(`rm /tmp/fail-${failing}`);
    }
    await run(['secrets', 'rotate', '--all', '--yes'], 'killed', (said) =>
      said.includes('services are restarted'),
    );
    await run(['secrets', 'status']);
    await run(['secrets', 'rotate', '--finish', '--yes']);

    // files that can't be read as what they are
    const sound = await readFile(secretsFile, 'utf8');
    for (const broken of [`${typed}\n`, `typed: {valeu: "${typed}"}\n`, `typed: [${typed}\n`]) {
      await writeFile(secretsFile, broken);
      printed.push({ command: `up with ${broken.length} bytes`, text: await readFailure() });
    }
    await writeFile(secretsFile, sound);
    await run(['rollback', '--yes'], 'any');
    await run(['history', '--json']);
    await run(['logs', 'app', '--tail', '50']);
    await run(['doctor', '--json'], 'any');

    const { seen, passes } = await sampler.stop();
    // each rotated value is another one
    expect(markers.size).toBeGreaterThanOrEqual(9);
    expect(passes).toBeGreaterThan(50);
    expect(seen.size).toBeGreaterThan(100);
    const leaks = printed
      .filter(({ text }) => findLeaks(text, list()).length > 0)
      .map(({ command }) => command);
    expect(leaks).toEqual([]);
    expect([...seen].filter((each) => findLeaks(each, list()).length > 0)).toEqual([]);
  });

  test('leaves them in no file, log, journal or label of any machine, nor in what the swarm shows', async () => {
    const found: string[] = [];
    for (const { name } of small.cluster.nodes)
      found.push(...(await small.on(name, (host) => searchMachine(host, list()))));
    expect(found).toEqual([]);
    const shown = await small.on('vm-dockerswarmmanager', async (host) => {
      const engine = host.engine();
      const [services, tasks, configs, secrets, nodes, containers] = await Promise.all([
        engine.listServices(),
        engine.listTasks(),
        engine.listConfigs(),
        engine.listSecrets(),
        engine.listNodes(),
        engine.listContainers({ all: true }),
      ]);
      const data = (configs as { Spec?: { Data?: string } }[]).map(({ Spec }) =>
        Buffer.from(Spec?.Data ?? '', 'base64').toString('latin1'),
      );
      return [services, tasks, configs, secrets, nodes, containers, data].map((each) => JSON.stringify(each));
    });
    expect(shown.join('').length).toBeGreaterThan(10_000);
    expect(findLeaks(shown.join('\n').replaceAll('\\"', '"'), list())).toEqual([]);
  });

  test('has the newest of them where they belong', async () => {
    const { stdout } = await expectKawanan([
      ...['exec', '--file', small.file, 'app.1', '--', 'cat', '/run/secrets/random_one'],
    ]);
    expect(markers).toContain(stdout);
  });

  test('takes nothing of them along when it goes', async () => {
    const sampler = sampleProcesses();
    await run(['down', '--yes']);
    const { seen } = await sampler.stop();
    expect([...seen].filter((each) => findLeaks(each, list()).length > 0)).toEqual([]);
    expect(findLeaks(printed.at(-1)!.text, list())).toEqual([]);
    await rm(secretsFile);
    expect(await findHere()).toEqual([]);
  });
});

/** What a command says of a secrets file that it can't read. */
async function readFailure(): Promise<string> {
  const { exitCode, stdout, stderr } = await runKawanan([
    '--verbose',
    'up',
    '--yes',
    '--json',
    '--file',
    small.file,
  ]);
  expect(exitCode).toBe(2);
  return stdout + stderr;
}

/** Files of this computer that have one of them: the cluster's own folder, and what programs leave in temporary ones. */
async function findHere(): Promise<string[]> {
  const child = spawn('grep', ['-rlasF', '-D', 'skip', '-f', '-', folder, '/dev/shm'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.end(`${list().flatMap(listShapes).join('\n')}\n`);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
  });
  await new Promise((done) => child.on('close', done));
  return out.split('\n').filter((line) => line !== '');
}
