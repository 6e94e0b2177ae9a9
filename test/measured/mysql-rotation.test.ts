/**
 * Passwords of MySQL itself, which keeps two of them: the lab's stand-in is MariaDB, which has other statements for it.
 * Debian has MySQL in its unstable release only, which changes from day to day, so this is run by hand.
 */
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadCluster } from '../../src/cluster/load-cluster.ts';
import { clusterFile, expectKawanan, labDir, projectDir, runKawanan } from '../e2e/support/kawanan.ts';

const folder = join(labDir, 'mysql-rotation');
const file = join(folder, 'cluster.yml');
const secretsFile = join(folder, 'secrets.yml');
const kawanan = (args: string[], exitCode = 0) => expectKawanan([...args, '--file', file], exitCode);
const rotate = (...args: string[]) => kawanan(['secrets', 'rotate', ...args, '--yes']);
const inTask = async (service: string, script: string): Promise<string> =>
  (await expectKawanan(['exec', '--file', file, service, '--', 'bash', '-c', script])).stdout;

const compose = `
x-secrets:
  mysql_password: {strategy: mysql-user, service: mysql, user: mysql_user, admin: mysql_root_password, leave: mysql}
  mysql_root_password: {strategy: mysql-user, service: mysql, name: root, leave: mysql}
x-deploy: &deploy
  endpoint_mode: dnsrr
  update_config: {parallelism: 1, order: start-first, monitor: 2s, failure_action: rollback}
services:
  mysql:
    image: mysql-of-sid
    build: ${join(projectDir, 'test/measured/mysql')}
    networks: [net]
    secrets: [mysql_user, mysql_password, mysql_root_password]
    volumes: [data:/var/lib/mysql]
    healthcheck: {test: [CMD, mysqladmin, --no-defaults, --host=127.0.0.1, ping], interval: 2s, start_period: 60s}
    deploy: *deploy
  client:
    image: mysql-of-sid
    command: [ask]
    depends_on: [mysql]
    networks: [net]
    secrets: [mysql_user, mysql_password]
    volumes: [counts:/counts]
    deploy: {<<: *deploy, replicas: 2}
networks: {net: {driver: overlay}}
volumes: {data: {}, counts: {}}
secrets:
  mysql_user: {external: true}
  mysql_password: {external: true}
  mysql_root_password: {external: true}
`;

/** An entry of the secrets file, which is plain here. */
async function readEntry(name: string): Promise<string> {
  return String(parse(await readFile(secretsFile, 'utf8'))[name]);
}

const accepts = (user: string, password: string): Promise<string> =>
  inTask(
    'mysql',
    `MYSQL_PWD='${password}' mysql --no-defaults ${user === 'root' ? '-S /run/mysqld/mysqld.sock' : '-h 127.0.0.1'} -u ${user} -e 'SELECT 1' >/dev/null 2>&1 && echo yes || echo no`,
  );

async function expectOneValid(user: string, name: string, old: string): Promise<void> {
  const present = await readEntry(name);
  expect(present).not.toBe(old);
  expect([await accepts(user, old), await accepts(user, present)]).toEqual(['no\n', 'yes\n']);
}

async function expectNoneFailed(): Promise<void> {
  const counts = await inTask('client', 'sort /counts/answers | uniq -c; cat /counts/errors');
  process.stdout.write(`logins with a row written: ${counts}`);
  expect(counts).toMatch(/^\s*\d+ ok\n$/);
}

beforeAll(async () => {
  await expectKawanan(['lab', 'up']);
  const lab = await loadCluster(clusterFile);
  const manager = lab.nodes.find(({ name }) => name.endsWith('manager'))!;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(
    file,
    JSON.stringify({
      name: 'mysql',
      ssh: { user: 'root', key: manager.ssh.key, known_hosts: manager.ssh.knownHosts },
      nodes: { [manager.name]: { address: manager.address, role: 'manager' } },
      stack: { name: 'shop', file: 'compose.yml' },
      secrets: 'secrets.yml',
      images: { archives: lab.images.archives },
    }),
  );
  await writeFile(join(folder, 'compose.yml'), compose);
  await writeFile(secretsFile, 'mysql_user: shop\nmysql_password: generate\nmysql_root_password: generate\n');
  await chmod(secretsFile, 0o600);
  await kawanan(['up', '--yes']);
});
afterAll(() => runKawanan(['lab', 'down']));

test('the server is MySQL, at a version that has dual passwords', async () => {
  const version = await inTask('mysql', 'mysqld --no-defaults --version');
  process.stdout.write(version);
  expect(version).toMatch(/Ver (8\.[4-9]|9|\d\d)\S* for Linux/);
  expect(version).not.toContain('MariaDB');
});

test('an account and root are rotated while clients log in: none failed, the old passwords are refused', async () => {
  const [old, oldRoot] = [await readEntry('mysql_password'), await readEntry('mysql_root_password')];
  await rotate('mysql_password');
  await expectOneValid('shop', 'mysql_password', old);
  await rotate('mysql_root_password');
  await expectOneValid('root', 'mysql_root_password', oldRoot);
  await expectNoneFailed();
});

test.each([
  ['when the new value is being made valid', /makes the new value valid/],
  ['in the restart of services', /update service shop_client …/],
  ['when the new value is being proved', /proves that the new value works/],
  ['when the old value is being retired', /retires the old value/],
])('killed %s, the next run finishes, and none failed', async (_name, at) => {
  const old = await readEntry('mysql_password');
  const killed = await runKawanan(['secrets', 'rotate', 'mysql_password', '--yes', '--file', file], {
    killWhen: (printed) => at.test(printed),
  });
  expect(killed.signal).toBe('SIGKILL');
  await rotate('--finish');
  await expectOneValid('shop', 'mysql_password', old);
  await expectNoneFailed();
});

test('no password stands in a log of the server, its log of every statement included', async () => {
  const values = [await readEntry('mysql_password'), await readEntry('mysql_root_password')];
  const log = await inTask('mysql', 'cat /var/lib/mysql/general.log');
  expect(log).toContain('INSERT INTO shop.visits');
  for (const value of values) expect(log).not.toContain(value);
});

test('a statement that the database refuses leaves the old password', async () => {
  const old = await readEntry('mysql_password');
  const root = await readEntry('mysql_root_password');
  const asRoot = (statement: string) =>
    inTask(
      'mysql',
      `MYSQL_PWD='${root}' mysql --no-defaults -S /run/mysqld/mysqld.sock -u root -e "${statement}"`,
    );
  await asRoot(
    "INSTALL COMPONENT 'file://component_validate_password'; SET GLOBAL validate_password.length = 4096",
  );
  const refused = await kawanan(['secrets', 'rotate', 'mysql_password', '--yes'], 1);
  process.stdout.write(refused.stderr);
  await asRoot("UNINSTALL COMPONENT 'file://component_validate_password'");
  expect(refused.stderr).toContain('mysql_password');
  expect(await readEntry('mysql_password')).toBe(old);
  expect(await accepts('shop', old)).toBe('yes\n');
  await expectNoneFailed();
});
