/**
 * What people use goes on across a failover of the reference system: curl, a browser that is logged in, a MySQL client and
 * an S3 client, all through the virtual address, while the address is moved as planned and while the active balancer
 * loses its power. TCP connections may break then; sessions, logins and acknowledged writes may not.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TourTarget, tourSiripHiu } from '../../stacks/sirip-hiu/tour.ts';
import { readTourTarget } from '../../stacks/sirip-hiu/tour-target.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { clusterFile, expectKawanan, runKawanan } from '../e2e/support/kawanan.ts';
import { withPage } from '../e2e/support/open-browser.ts';

const patienceMs = 5_000;
/** Pictures and charts included. */
const pageMs = 15_000;
const aroundMs = 4_000;

let target: TourTarget;
const at = (...args: string[]): string[] => [...args, '--file', clusterFile];

/** What a client came to: what it did, what it had to do again on a new connection, and what it could not do. */
interface Told {
  done: number;
  again: number;
  lost: string[];
}

type Client = (signal: AbortSignal) => Promise<Told>;

/** As scripts use it: told to repeat what failed, a few times. */
const useCurl: Client = async (signal) => {
  const told: Told = { done: 0, again: 0, lost: [] };
  const words = ['--no-progress-meter', '--max-time', '5', '--retry', '5', '--retry-delay', '1'];
  const what = [
    '--retry-all-errors',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    `http://${target.address}/login`,
  ];
  while (!signal.aborted) {
    const child = spawn('curl', [...words, ...what], { stdio: ['ignore', 'pipe', 'pipe'] });
    let status = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      status += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    told.done += 1;
    told.again += said.match(/Will retry/g)?.length ?? 0;
    if (code !== 0 || !status.endsWith('200'))
      told.lost.push(`curl ended with ${code}, status ${status}: ${said}`);
    await sleep(300);
  }
  return told;
};

/** Inserts rows, each by itself, and after a broken connection goes on with the row that nobody had acknowledged. */
const useMysql: Client = async (signal) => {
  const { user, password, name } = target.database;
  const told: Told = { done: 0, again: 0, lost: [] };
  const connect = (): Promise<Connection> =>
    createConnection({ host: target.address, user, password, database: name, connectTimeout: patienceMs });
  /** Runs statements on one connection; a new one after each failure, for as long as a person would try. */
  let connection: Connection | undefined;
  const ask = async (sql: string, values: (string | number)[] = []): Promise<unknown> => {
    for (let tries = 1; ; tries++) {
      try {
        connection ??= await connect();
        return (await connection.query({ sql, values, timeout: patienceMs }))[0];
      } catch (error) {
        connection?.destroy();
        connection = undefined;
        if (tries === 10) throw error;
        told.again += 1;
        await sleep(500);
      }
    }
  };
  await ask('CREATE TABLE IF NOT EXISTS failover_clients (id INT PRIMARY KEY)');
  await ask('DELETE FROM failover_clients');
  while (!signal.aborted) {
    await ask('INSERT IGNORE INTO failover_clients VALUES (?)', [told.done]);
    told.done += 1;
    await sleep(200);
  }
  const rows = (await ask('SELECT id FROM failover_clients')) as { id: number }[];
  const there = new Set(rows.map(({ id }) => id));
  for (let id = 0; id < told.done; id++)
    if (!there.has(id)) told.lost.push(`row ${id} was acknowledged and isn't there`);
  await ask('DROP TABLE failover_clients');
  connection?.destroy();
  return told;
};

const inStore = ['exec', '--file', clusterFile, 'minio1', '--'];

/** MinIO's own client, in a task of the store, because it is there; it goes through the virtual address like any other. */
const useStore: Client = async (signal) => {
  const script = `client=$(command -v mc || command -v minio-client)
export MC_CONFIG_DIR=/dev/shm/failover-clients
export MC_HOST_vip="http://$(cat /run/secrets/minio_root_user):$(cat /run/secrets/minio_root_password)@${target.address}:9000"
$client mb --quiet --ignore-existing vip/failover-clients >/dev/null || exit 1
n=0
while [ ! -e /dev/shm/failover-clients.end ]; do
  echo "object $n" > /dev/shm/failover-object
  if $client cp --quiet /dev/shm/failover-object vip/failover-clients/$n >/dev/null 2>/dev/shm/failover-said
  then echo "put $n"; n=$((n + 1))
  else echo again; cat /dev/shm/failover-said >&2
  fi
  sleep 0.3
done
i=0
while [ $i -lt $n ]; do
  [ "$($client cat vip/failover-clients/$i)" = "object $i" ] || echo "lost $i"
  i=$((i + 1))
done
$client rb --quiet --force vip/failover-clients >/dev/null
rm -rf /dev/shm/failover-*
echo all`;
  const running = runKawanan([...inStore, 'sh', '-c', script]);
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await expectKawanan([...inStore, 'touch', '/dev/shm/failover-clients.end']);
  const { stdout, stderr } = await running;
  const lines = stdout.trim().split('\n');
  const lost = lines.filter((line) => line.startsWith('lost'));
  if (lines.at(-1) !== 'all') lost.push(`the client ended early: ${stdout}\n${stderr}`);
  return {
    done: lines.filter((line) => line.startsWith('put')).length,
    again: lines.filter((line) => line === 'again').length,
    lost,
  };
};

/** Logged in before; looks at the dashboard again and again, and is never asked to log in. */
const useBrowser: Client = (signal) =>
  withPage(async (page) => {
    const told: Told = { done: 0, again: 0, lost: [] };
    page.setDefaultTimeout(60_000);
    await page.goto(`http://${target.address}/`);
    await page.fill('#username', target.username);
    await page.fill('#password', target.password);
    await page.press('#password', 'Enter');
    await page.waitForSelector('#records');
    while (!signal.aborted) {
      try {
        await page.reload({ timeout: pageMs });
        await page.waitForSelector('#records, #password', { timeout: pageMs });
        if (await page.$('#password')) told.lost.push('the person was asked to log in again');
        told.done += 1;
      } catch {
        // a person reloads a page that doesn't come
        told.again += 1;
      }
      await sleep(300);
    }
    return told;
  });

const clients: Record<string, Client> = {
  curl: useCurl,
  MySQL: useMysql,
  S3: useStore,
  browser: useBrowser,
};

/** All clients at work before, during and after. */
async function withClients(name: string, work: () => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  const running = Object.entries(clients).map(async ([client, use]) => ({
    client,
    ...(await use(controller.signal)),
  }));
  const all = Promise.all(running);
  // one that fails at once is told of at the end, with the others
  all.catch(() => {});
  try {
    await sleep(aroundMs);
    await work();
    await sleep(aroundMs);
  } finally {
    controller.abort();
  }
  const told = await all;
  for (const { client, done, again, lost } of told)
    process.stdout.write(`${name}, ${client}: ${done} done, ${again} again, ${lost.length} lost\n`);
  expect(told.flatMap(({ client, lost }) => lost.map((what) => `${client}: ${what}`))).toEqual([]);
  for (const { client, done } of told) expect(done, client).toBeGreaterThan(5);
}

async function findHolder(): Promise<string> {
  const { stdout } = await runKawanan(at('status', '--json'));
  return (JSON.parse(stdout) as { vip: { holders: string[] } }).vip.holders[0]!;
}

beforeAll(async () => {
  await expectKawanan(['lab', 'up']);
  await expectKawanan(at('up', '--yes'));
  target = await readTourTarget(clusterFile);
  // a picture, so that the dashboard has something to show
  await eventually(20_000, () => tourSiripHiu(target), 1_000);
});

afterAll(() => runKawanan(['lab', 'down']));

describe('curl, MySQL, S3 and a browser that is logged in go on', () => {
  test('while the address is moved as planned', async () => {
    const before = await findHolder();
    await withClients('planned', () => expectKawanan(at('balancer', 'failover', '--yes', '--wait', '5')));
    expect(await findHolder()).not.toBe(before);
  });

  test('while the active balancer loses its power', async () => {
    const holder = await findHolder();
    await withClients('power', () => expectKawanan(['lab', 'kill', holder]));
    await expectKawanan(['lab', 'start', holder]);
  });
});
