import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pico from 'picocolors';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../../src/cli.ts';
import { loadCluster } from '../../src/cluster/load-cluster.ts';
import { loadInputs } from '../../src/pipeline/inputs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kawanan-init-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function init(...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const terminal = {
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
    interactive: false,
    colors: pico.createColors(false),
    ask: () => Promise.reject(new Error('asked')),
    askHidden: () => Promise.reject(new Error('asked')),
  };
  const context = { terminal, cwd: folder, env: {}, signal: new AbortController().signal };
  return { exitCode: await runCli(['init', ...args], context), ...said };
}

const machines = [
  ...['--balancer', '10.0.0.1', '--balancer', '10.0.0.2', '--manager', '10.0.0.3'],
  ...['--worker', '10.0.0.4', '--worker', 'own-name=10.0.0.5', '--vip', '10.0.0.20'],
];

test('without options both files are written, the cluster file sound and the secrets for their owner only', async () => {
  const result = await init();
  expect(result).toMatchObject({ exitCode: 0, err: '' });
  expect(readdirSync(folder).sort()).toEqual(['cluster.yml', 'secrets.yml']);
  const cluster = await loadCluster('cluster.yml', folder);
  expect(cluster.nodes).toHaveLength(5);
  expect(cluster.secretsFile).toBe(join(folder, 'secrets.yml'));
  expect(cluster.stacks[0]?.files[0]).toMatch(/stacks\/sirip-hiu\/compose\.yml$/);
  expect(statSync(join(folder, 'secrets.yml')).mode & 0o777).toBe(0o600);
});

test('machines given as options are named as in the reference, and the comments stay', async () => {
  expect(
    (await init(...machines, '--user', 'ubuntu', '--key', '~/.ssh/lab', '--name', 'mine')).exitCode,
  ).toBe(0);
  const cluster = await loadCluster('cluster.yml', folder);
  expect(cluster.name).toBe('mine');
  expect(cluster.nodes.map(({ name, address, role }) => `${name} ${address} ${role}`)).toEqual([
    'vm-loadbalancer1 10.0.0.1 balancer',
    'vm-loadbalancer2 10.0.0.2 balancer',
    'vm-dockerswarmmanager 10.0.0.3 manager',
    'vm-dockerswarmworker1 10.0.0.4 worker',
    'own-name 10.0.0.5 worker',
  ]);
  expect(cluster.nodes[0]?.ssh).toMatchObject({
    user: 'ubuntu',
    key: expect.stringMatching(/\/\.ssh\/lab$/),
  });
  expect(cluster.balancer?.vip).toEqual({ address: '10.0.0.20', prefixLength: 24 });
  expect(readFileSync(join(folder, 'cluster.yml'), 'utf8')).toContain(
    '# The balancers share the virtual address',
  );
});

test('machines without a balancer have no balancer section', async () => {
  await init('--manager', '10.0.0.3');
  expect((await loadCluster('cluster.yml', folder)).balancer).toBeUndefined();
});

test("a stack of one's own takes its name from its folder and gets no secrets of the reference", async () => {
  await init(...machines, '--stack', 'my app/compose.yml');
  const cluster = await loadCluster('cluster.yml', folder);
  expect(cluster.stacks).toEqual([{ name: 'my-app', files: [join(folder, 'my app', 'compose.yml')] }]);
  expect(readdirSync(folder)).toEqual(['cluster.yml']);
});

test('files that are there are left alone; the one that is missing is written', async () => {
  writeFileSync(join(folder, 'secrets.yml'), 'mine');
  expect((await init()).out).toContain('kept secrets.yml, which was there already');
  const before = readFileSync(join(folder, 'cluster.yml'), 'utf8');
  const again = await init(...machines);
  expect(again.exitCode).toBe(2);
  expect(again.err).toContain('cluster.yml: is there already, and was left alone');
  expect(readFileSync(join(folder, 'cluster.yml'), 'utf8')).toBe(before);
  expect((await init(...machines, '--force')).exitCode).toBe(0);
  expect(readFileSync(join(folder, 'cluster.yml'), 'utf8')).not.toBe(before);
  expect(readFileSync(join(folder, 'secrets.yml'), 'utf8')).toBe('mine');
});

test('options that make no sound cluster write nothing', async () => {
  const result = await init('--manager', '10.0.0.300', '--balancer', '10.0.1.1', '--vip', '10.0.0.20');
  expect(result.exitCode).toBe(2);
  expect(result.err).toContain('not an IPv4 address');
  expect(result.err).toContain('not in the network of the balancer');
  expect(readdirSync(folder)).toEqual([]);
});

test('two machines of one name are refused rather than the first forgotten', async () => {
  const result = await init('--manager', 'a=10.0.0.1', '--worker', 'a=10.0.0.2');
  expect(result).toEqual({
    exitCode: 2,
    out: '',
    err: 'error two machines are called a\n  next name each by its own name: --worker some-name=10.0.0.2\n',
  });
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  [['-f', '.'], 'error .: this is a folder\n  next name the file to write in it: -f cluster.yml\n'],
  [['-f', ''], 'error this is a folder\n  next name the file to write in it: -f cluster.yml\n'],
  [
    ['--stack', '.'],
    'error --stack .: this is a folder\n  next name the compose file in it: --stack compose.yml\n',
  ],
])('%j names a folder, and nothing is written', async (args, err) => {
  expect(await init(...machines, ...args)).toEqual({ exitCode: 2, out: '', err });
  expect(readdirSync(folder)).toEqual([]);
});

test('a path that leads through a file is refused in words', async () => {
  writeFileSync(join(folder, 'file'), '');
  const { exitCode, err } = await init('-f', 'file/cluster.yml');
  expect(exitCode).toBe(1);
  expect(err).toContain("error file/secrets.yml can't be written: part of its path is not a folder");
});

test('a compose file that is not there yet is remarked on, and the file is named in what comes next', async () => {
  const { out } = await init(...machines, '-f', 'sub/mine.yml', '--stack', 'app/compose.yml');
  expect(out).toBe(
    [
      'wrote sub/mine.yml',
      'note: there is no app/compose.yml yet: write it before kawanan plan',
      'next: look at sub/mine.yml, then run kawanan doctor -f sub/mine.yml and kawanan plan -f sub/mine.yml\n',
    ].join('\n'),
  );
});

test('the reference stack finds its nodes whatever they are called, and says what it lacks', async () => {
  const named = ['--manager', 'boss=10.0.0.3', '--worker', 'left=10.0.0.4', '--worker', '10.0.0.5'];
  const { out } = await init(...named);
  expect(out).toContain("note: Docker Hub no longer has MinIO's image");
  expect((await loadCluster('cluster.yml', folder)).variables).toEqual({
    KAWANAN_VIP: '10.0.0.3',
    MYSQL_NODE: 'boss',
    MINIO_NODE_A: 'left',
    MINIO_NODE_C: 'boss',
  });
  const { stacks } = await loadInputs({ cwd: folder, env: {}, writeSecrets: false });
  expect(stacks).toHaveLength(1);
  expect((await init('--manager', '10.0.0.3', '--force')).out).toContain(
    'note: the reference stack needs two workers; for a stack of your own say --stack\n',
  );
});
