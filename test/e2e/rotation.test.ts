/**
 * Rotation on a small stack of a lab of its own: each strategy, failures that go back, the tool killed at each of its
 * steps, a second operator, secrets made by hand.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSecrets } from '../../src/secrets/load-secrets.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { expectKawanan, labDir, runKawanan } from './support/kawanan.ts';
import { openSmallCluster, type SmallCluster } from './support/small-cluster.ts';

const folder = join(labDir, 'rot');
const secretsFile = join(folder, 'secrets.yml');
const identity = join(folder, 'identity.txt');
const env = { KAWANAN_IDENTITY_FILE: identity };
const lifetimeSeconds = 6;

let small: SmallCluster;
const kawanan = (args: string[], exitCode = 0, more: Record<string, string> = {}) =>
  expectKawanan([...args, '--file', small.file], exitCode, { env: { ...env, ...more } });
const rotate = (args: string[], exitCode = 0) => kawanan(['secrets', 'rotate', ...args, '--yes'], exitCode);
const inTask = async (task: string, script: string): Promise<string> =>
  (await expectKawanan(['exec', '--file', small.file, task, '--', 'sh', '-c', script], 0, { env })).stdout;

const program = `#!/bin/sh
# knows one value, or two while a rotation is under way
line=$(cat)
echo "$1 $line" >> /tmp/calls
[ ! -e "/tmp/fail-$1" ]
`;

const compose = `
x-secrets:
  plain: {strategy: random, generate: {length: 24, charset: hex}}
  given: {strategy: value}
  token:
    strategy: exec
    service: checker
    prepare: [sh, /step.sh, prepare]
    verify: [sh, /step.sh, verify]
    retire: [sh, /step.sh, retire]
    leave: checker
  jwt: {strategy: signing-key, lifetime: ${lifetimeSeconds}s}
x-service: &service
  image: debian:trixie-slim
  command: [sh, -c, 'trap "exit 0" TERM; [ "$$(cat /run/secrets/token)" != refused-by-service ] || exit 3; while :; do sleep 1 & wait; done']
  stop_grace_period: 2s
services:
  app:
    <<: *service
    secrets: [plain, given, token, jwt, byhand]
    deploy:
      replicas: 2
      endpoint_mode: dnsrr
      update_config: {parallelism: 1, order: start-first, monitor: 1s, failure_action: pause}
      restart_policy: {delay: 1s}
  checker:
    <<: *service
    configs: [{source: step, target: /step.sh}]
    secrets: [token]
    deploy: {replicas: 1, endpoint_mode: dnsrr, update_config: {monitor: 1s}}
configs:
  step: {file: ./step.sh}
secrets:
  plain: {external: true}
  given: {external: true}
  token: {external: true}
  jwt: {external: true}
  byhand: {external: true}
`;

/** Entries of the secrets file, decrypted. */
async function readValues(): Promise<Record<string, string>> {
  const loaded = await loadSecrets(secretsFile, { variables: {}, env, write: false });
  return Object.fromEntries([...loaded].map(([name, value]) => [name, revealText(value)]));
}

const revealText = (value: unknown): string =>
  value instanceof SecretValue ? value.reveal().toString() : String(value);

/** A value put into the file by hand. */
async function changeEntry(name: string, value: string): Promise<void> {
  const text = await readFile(secretsFile, 'utf8');
  await writeFile(secretsFile, text.replace(new RegExp(`^${name}: .*$`, 'm'), `${name}: ${value}`));
}

/** What each task of the service has, by file. */
async function readMounted(): Promise<Record<string, string>[]> {
  const script = 'cd /run/secrets && for f in *; do printf "%s=%s\\n" "$f" "$(cat "$f")"; done';
  const answers = await Promise.all(['app.1', 'app.2'].map((task) => inTask(task, script)));
  return answers.map((answer) =>
    Object.fromEntries(
      answer
        .trimEnd()
        .split('\n')
        .map((line) => line.split('=')),
    ),
  );
}

interface SecretsStatus {
  secrets: { name: string; versions: { object: string; version: number; usedBy: string[] }[] }[];
  rotations: { secret: string; phase: string; state: string; due?: string }[];
}

const readStatus = async (): Promise<SecretsStatus> =>
  JSON.parse((await kawanan(['secrets', 'status', '--json'])).stdout);

/** One valid value of each secret: the file's, in every task; no rotation is under way, nothing else left to do. */
async function expectSettled(): Promise<Record<string, string>> {
  const [values, mounted, status] = await Promise.all([readValues(), readMounted(), readStatus()]);
  expect(status.rotations).toEqual([]);
  expect(Object.keys(values).filter((name) => name.includes('.'))).toEqual([]);
  for (const one of mounted) expect(one).toEqual(values);
  return values;
}

const whenDue = (): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, (lifetimeSeconds + 1) * 1000));

beforeAll(async () => {
  // A run that was killed has left its keys there.
  await rm(folder, { recursive: true, force: true });
  small = await openSmallCluster('rot', compose, (settings) => {
    const nodes = Object.entries(settings['nodes'] as object);
    settings['nodes'] = Object.fromEntries(nodes.filter(([name]) => /manager$|worker1$/.test(name)));
    delete settings['balancer'];
    settings['secrets'] = secretsFile;
  });
  await writeFile(join(folder, 'step.sh'), program);
  await writeFile(
    secretsFile,
    'plain: generate\ngiven: first\ntoken: generate\njwt: generate\nbyhand: by-hand-value\n',
    { mode: 0o600 },
  );
  await expectKawanan(['secrets', 'keygen', '--output', identity]);
  const recipient = await readRecipient(identity);
  await expectKawanan(['secrets', 'encrypt', '--secrets', secretsFile, '--recipient', recipient], 0, { env });
  await kawanan(['up', '--yes']);
});

/** The public half of an identity, from its comment. */
async function readRecipient(path: string): Promise<string> {
  return /age1[0-9a-z]+/.exec(await readFile(path, 'utf8'))![0];
}

afterAll(() => small?.[Symbol.asyncDispose]());

describe('a rotation', () => {
  test('moves to random values, given ones and those that a program makes valid, in one go', async () => {
    const before = await expectSettled();
    await changeEntry('given', 'second');
    const { stderr } = await rotate(['plain', 'token', 'given']);
    expect(stderr.match(/update service rot_app …/g)).toHaveLength(1);
    const after = await expectSettled();
    expect(after).toEqual({
      ...before,
      given: 'second',
      plain: expect.any(String),
      token: expect.any(String),
    });
    expect(after['plain']).toMatch(/^[0-9a-f]{24}$/);
    expect(after['token']).not.toBe(before['token']);
    const calls = await inTask('checker', 'cat /tmp/calls; cat /run/secrets/token');
    const input = JSON.stringify({ secret: 'token', old: before['token'], new: after['token'] });
    // the program's own service keeps what it has: its calls would be gone otherwise
    expect(calls).toBe(`prepare ${input}\nverify ${input}\nretire ${input}\n${before['token']}`);
    expect((await kawanan(['plan'])).stdout).toContain('no changes');
  });

  test('of a signing key is finished by the next up once it is due', async () => {
    const { jwt: before } = await readValues();
    await rotate(['jwt']);
    const { jwt: after } = await readValues();
    for (const mounted of await readMounted())
      expect(mounted).toMatchObject({ jwt: after, 'jwt.accepted': before });
    const { rotations } = await readStatus();
    expect(rotations).toMatchObject([{ secret: 'jwt', phase: 'retiring', state: 'waiting' }]);
    expect((await kawanan(['plan'])).stdout).toContain('no changes');
    await whenDue();
    await kawanan(['up', '--yes']);
    expect(await expectSettled()).toMatchObject({ jwt: after });
  });

  test('of a signing key that is undone goes back to the old one', async () => {
    const { jwt: before } = await readValues();
    await rotate(['jwt']);
    const { jwt: undone } = await readValues();
    await rotate(['--undo']);
    for (const mounted of await readMounted())
      expect(mounted).toMatchObject({ jwt: before, 'jwt.accepted': undone });
    await whenDue();
    await rotate(['--finish']);
    expect(await expectSettled()).toMatchObject({ jwt: before });
  });

  test('that a program refuses leaves the old value, and so does one whose services fail', async () => {
    const before = await expectSettled();
    await inTask('checker', 'touch /tmp/fail-verify');
    const refused = await rotate(['token'], 1);
    expect(refused.stderr).toContain('the old value serves again');
    expect(await expectSettled()).toEqual(before);
    await inTask('checker', 'rm /tmp/fail-verify');
    const sound = await readFile(secretsFile, 'utf8');
    await changeEntry('token', 'refused-by-service');
    const failed = await rotate(['token'], 1);
    expect(failed.stderr).toContain('the old value serves again');
    expect(failed.stderr + failed.stdout).not.toContain('refused-by-service');
    await writeFile(secretsFile, sound);
    expect(await expectSettled()).toEqual(before);
  });

  test('of a secret that docker secret create made needs nothing more', async () => {
    await small.on('vm-dockerswarmmanager', async (host) => {
      const engine = host.engine();
      const secret = (await engine.listSecrets()).find(({ Spec }) => Spec?.Name === 'byhand')!;
      // without our labels it is as if made by hand
      const body = { ...secret.Spec, Labels: {} };
      await engine
        .getSecret(secret.ID)
        .update({ _query: { version: secret.Version!.Index }, _body: body } as never);
    });
    const before = await readValues();
    await rotate(['byhand']);
    const after = await expectSettled();
    expect(after['byhand']).not.toBe(before['byhand']);
  });
});

describe('killed', () => {
  const steps: [string, secrets: string[], at: RegExp][] = [
    ['when the new value is being made valid', ['plain', 'token'], /makes the new value valid/],
    ['in the restart of services', ['plain', 'token'], /update service rot_app …/],
    ['when the new value is being proved', ['plain', 'token'], /proves that the new value works/],
    ['when the old value is being retired', ['plain', 'token'], /retires the old value/],
    ['when services are to accept the new key', ['jwt'], /all accept the new key/],
    ['when services are to sign with the new key', ['--all'], /until all have the new value/],
  ];

  test.each(steps)('%s, the next run finishes', async (_name, secrets, at) => {
    const before = await readValues();
    const killed = await runKawanan(['secrets', 'rotate', ...secrets, '--yes', '--file', small.file], {
      env,
      killWhen: (printed) => at.test(printed),
    });
    expect(killed.signal).toBe('SIGKILL');
    expect((await readStatus()).rotations.length).toBeGreaterThan(0);
    await kawanan(['up', '--yes']);
    if ((await readStatus()).rotations.length > 0) {
      await whenDue();
      await rotate(['--finish']);
    }
    const after = await expectSettled();
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(changed.sort()).toEqual(secrets[0] === '--all' ? ['jwt', 'plain', 'token'] : secrets);
  });

  test('when old keys are dropped, the next run finishes', async () => {
    await rotate(['jwt']);
    await whenDue();
    const killed = await runKawanan(['secrets', 'rotate', '--finish', '--yes', '--file', small.file], {
      env,
      killWhen: (printed) => /drop the old key/.test(printed),
    });
    expect(killed.signal).toBe('SIGKILL');
    await rotate(['--finish']);
    await expectSettled();
  });
});

test('a second operator with another identity sees no change', async () => {
  const other = join(folder, 'other.txt');
  await expectKawanan(['secrets', 'keygen', '--output', other]);
  const recipient = await readRecipient(other);
  await expectKawanan(['secrets', 'recipients', 'add', recipient, '--secrets', secretsFile], 0, { env });
  const { stdout } = await kawanan(['plan'], 0, { KAWANAN_IDENTITY_FILE: other });
  expect(stdout).toContain('no changes');
});
