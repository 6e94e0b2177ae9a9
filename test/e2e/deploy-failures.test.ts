/**
 * Deploys that go wrong, on a lab of its own: after each the former revision serves, the exit code is right, and the
 * message tells the reason. A version that can't be pulled, ends, never gets well or finds no node; a killed run; one
 * that is interrupted at a terminal or without one; a manager that is switched off or restarts in the middle.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from './support/eventually.ts';
import { expectKawanan, projectDir, runKawanan } from './support/kawanan.ts';
import { type OpenTerminal, openTerminal } from './support/open-terminal.ts';
import { openSmallCluster, type SmallCluster } from './support/small-cluster.ts';

const manager = 'vm-dockerswarmmanager';
const worker = 'vm-dockerswarmworker1';

interface Variant {
  version?: number;
  /** More lines of the service `web`. */
  web?: string[];
  image?: string;
  constraint?: string;
}

// Two services change each time, so that what went well is taken back with what didn't.
const compose = ({
  version = 1,
  web = [],
  image = 'debian:trixie-slim',
  constraint,
}: Variant = {}): string => `services:
  web:
    image: ${image}
    ${web.some((line) => line.startsWith('command')) ? '' : 'command: [perl, /serve.pl]'}
    environment: {VERSION: "${version}"}
    configs: [{source: serve, target: /serve.pl}]
    ports: [{target: 8000, published: 8000, mode: host}]
    stop_grace_period: 1s
    deploy:
      endpoint_mode: dnsrr
      placement: {constraints: [node.hostname == ${worker}${constraint ? `, "${constraint}"` : ''}]}
      restart_policy: {delay: 200ms}
      update_config: {monitor: 1s}
${web.map((line) => `    ${line}\n`).join('')}  side:
    image: debian:trixie-slim
    command: [sleep, infinity]
    environment: {VERSION: "${version}"}
    stop_grace_period: 1s
    deploy: {endpoint_mode: dnsrr, update_config: {monitor: 1s}}
configs: {serve: {file: ${join(projectDir, 'test/e2e/support/rude/serve.pl')}}}
`;

let small: SmallCluster;
const at = (...args: string[]): string[] => [...args, '--file', small.file];
const write = (variant?: Variant): Promise<void> => writeFile(small.composeFile, compose(variant));
const deploy = (...more: string[]): string[] => at('deploy', '--yes', '--resolve-image', 'never', ...more);

async function readVersion(): Promise<string> {
  const { address } = small.cluster.nodes.find(({ name }) => name === worker)!;
  const response = await fetch(`http://${address}:8000/`, { signal: AbortSignal.timeout(3_000) });
  await response.arrayBuffer();
  return response.headers.get('x-version') ?? '';
}

/** The version answers, and the file of it finds nothing to change. */
async function serves(version: number): Promise<void> {
  await eventually(30_000, async () => expect(await readVersion()).toBe(String(version)), 500);
  await write({ version });
  await expectKawanan(at('plan', '--detailed-exitcode', '--resolve-image', 'never'), 0);
}

beforeAll(async () => {
  small = await openSmallCluster('failing', compose(), (settings) => {
    delete settings['balancer'];
    const nodes = settings['nodes'] as Record<string, unknown>;
    for (const name of ['vm-loadbalancer1', 'vm-loadbalancer2', 'vm-dockerswarmworker2']) delete nodes[name];
  });
  await expectKawanan(at('up', '--yes', '--resolve-image', 'never'));
  await serves(1);
});

afterAll(async () => {
  await small?.[Symbol.asyncDispose]();
});

test('an image that is nowhere fails the deploy before anything is changed', async () => {
  await write({ version: 2, image: '127.0.0.1:1/absent:1' });
  const { stderr } = await expectKawanan(deploy(), 1);
  expect(stderr).toMatch(/127\.0\.0\.1:1\/absent:1 can't be pulled on any node/);
  expect(stderr).not.toMatch(/^stack {2}/m);
  await serves(1);
});

test.each<[string, Variant, RegExp]>([
  [
    'a container that ends at once',
    { web: ['command: [sh, -c, "echo no such database; exit 4"]'] },
    /exit code 4[\s\S]*no such database/,
  ],
  [
    'a container that never gets healthy',
    { web: ['healthcheck: {test: [CMD, "false"], interval: 1s, retries: 2}'] },
    /unhealthy/,
  ],
  ['a constraint that nobody meets', { constraint: 'engine.labels.none == x' }, /no suitable node/],
])('%s fails the deploy, and the former revision serves', async (_what, variant, reason) => {
  await write({ version: 2, ...variant });
  const { stderr } = await expectKawanan(deploy(), 1);
  expect(stderr).toMatch(reason);
  expect(stderr).toMatch(/back to what it was before[\s\S]*restored service failing_web/);
  await serves(1);
});

test('a run that was killed midway is taken up by the next', async () => {
  await write({ version: 3 });
  // The plan names the service too; a line of progress begins with its layer.
  const { signal } = await runKawanan(deploy(), {
    killWhen: (printed) => /^stack {2}.*update service failing_web/m.test(printed),
  });
  expect(signal).toBe('SIGKILL');
  await expectKawanan(deploy());
  await serves(3);
});

/** Healthy 6 s after it began at the earliest: time enough to press keys meanwhile. */
const slow: Variant = { web: ['healthcheck: {test: [CMD, "true"], interval: 6s}'] };

/** A deploy at a terminal, in which Ctrl-C was pressed while the service `web` is being changed: it asks. */
async function interruptDeploy(version: number): Promise<OpenTerminal> {
  await write({ version, ...slow });
  const terminal = openTerminal(deploy());
  // A line of the outline, which the plan above it has not: how many of its tasks run.
  await terminal.until(/of 1 tasks running/);
  terminal.type('\x03');
  await terminal.until(/f, r or l\? /);
  return terminal;
}

/** The version answers, the cluster isn't locked, and a deploy of its file has nothing to do. */
async function settled(version: number): Promise<void> {
  await eventually(60_000, async () => expect(await readVersion()).toBe(String(version)), 500);
  expect((await expectKawanan(at('lock', 'status'))).stdout).toMatch(/^not locked$/m);
  await write({ version, ...slow });
  await expectKawanan(at('plan', '--detailed-exitcode', '--resolve-image', 'never'), 0);
}

test('Ctrl-C and "finish": the changes go on to their end', async () => {
  const terminal = await interruptDeploy(10);
  expect(terminal.printed()).toMatch(/Interrupted\. The changes go on meanwhile/);
  terminal.type('what\r');
  await terminal.until(/(f, r or l\? [\s\S]*){2}/);
  terminal.type('f\r');
  expect(await terminal.ended, terminal.printed()).toBe(0);
  expect(terminal.printed()).toMatch(/verified: nothing left to do/);
  await settled(10);
});

test('Ctrl-C and "roll back": every service as it was before', async () => {
  const terminal = await interruptDeploy(11);
  terminal.type('r\r');
  expect(await terminal.ended, terminal.printed()).toBe(130);
  expect(terminal.printed()).toMatch(/rolled back as asked: the stack is back to what it was before/);
  expect(terminal.printed()).toMatch(/restored service failing_web/);
  await settled(10);
});

test('Ctrl-C and "leave": it says what is done, and the same command goes on', async () => {
  const terminal = await interruptDeploy(12);
  terminal.type('l\r');
  expect(await terminal.ended, terminal.printed()).toBe(130);
  expect(terminal.printed()).toMatch(/error interrupted[\s\S]*begun, its end not awaited: .*failing_web/);
  expect(terminal.printed()).toMatch(/next run the same command again/);
  expect((await expectKawanan(at('lock', 'status'))).stdout).toMatch(/^not locked$/m);
  await expectKawanan(deploy());
  await settled(12);
});

test('a second Ctrl-C leaves at once, and the same command goes on', async () => {
  const terminal = await interruptDeploy(13);
  terminal.type('\x03');
  expect(await terminal.ended, terminal.printed()).toBe(130);
  // It gave nothing back; the lock of a process of this computer that is gone holds up nobody.
  await expectKawanan(deploy());
  await settled(13);
});

test('SIGINT without a terminal asks nobody, and says what is done', async () => {
  await write({ version: 14, ...slow });
  const { exitCode, signal, stderr } = await runKawanan(deploy(), {
    killWhen: (printed) => /^stack {2}.*update service failing_web …/m.test(printed),
    killSignal: 'SIGINT',
  });
  expect({ exitCode, signal }, stderr).toEqual({ exitCode: 130, signal: null });
  expect(stderr).toMatch(
    /error interrupted\n {2}stack: \d of \d changes done\n {2}begun, its end not awaited: .*web/,
  );
  await expectKawanan(deploy());
  await settled(14);
});

test.each<[string, number, () => Promise<unknown>]>([
  [
    'is switched off',
    20,
    async () => {
      await expectKawanan(['lab', 'kill', manager]);
      await expectKawanan(['lab', 'start', manager]);
    },
  ],
  [
    'restarts',
    30,
    () =>
      small.on(manager, (host) =>
        host.run({ program: 'systemctl', args: ['--no-block', 'reboot'], asRoot: true }),
      ),
  ],
])(
  'a deploy during which the only manager %s ends well or says why, and the next one converges',
  async (_what, version, strike) => {
    const former = await readVersion();
    await write({ version });
    const running = runKawanan(deploy());
    await eventually(
      20_000,
      async () => expect(await readVersion().catch(() => 'away')).not.toBe(former),
      200,
    );
    await strike();
    const { exitCode, stderr } = await running;
    expect([0, 1], stderr).toContain(exitCode);
    if (exitCode === 1) expect(stderr).toMatch(/error /);
    // Whatever became of it, one of the two serves before anybody does anything.
    await eventually(
      60_000,
      async () => expect([former, String(version)]).toContain(await readVersion()),
      500,
    );
    if (/back to what it was before/.test(stderr)) expect(await readVersion()).toBe(former);
    await eventually(60_000, () => expectKawanan(deploy()), 2_000);
    await serves(version);
  },
);
