/**
 * Rotation on the reference system under open-loop load of GET and POST through the virtual address: each secret that
 * applications use by itself, the store's root, then all that x-secrets lists while the tool is killed at each step. Who
 * was logged in before stays so, and links to pictures signed before stay good: the load itself uses that session and
 * those links. What the system can carry is measured first, in the same run: with nothing rotated, and with one
 * machine's applications taken out. Takes ten minutes on a computer that does nothing else.
 */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { startProbe } from '../../src/drill/probe/probe.ts';
import { renderReceipt } from '../../src/drill/probe/render-receipt.ts';
import type { Figures } from '../../src/drill/probe/summarise.ts';
import { makePicture } from '../../stacks/sirip-hiu/make-picture.ts';
import {
  logIn,
  openDashboard,
  storePicture,
  type TourTarget,
  tourSiripHiu,
} from '../../stacks/sirip-hiu/tour.ts';
import { readTourTarget } from '../../stacks/sirip-hiu/tour-target.ts';
import {
  expectKawanan,
  type Finished,
  clusterFile as labClusterFile,
  labDir,
  projectDir,
  runKawanan,
} from '../e2e/support/kawanan.ts';

const ratePerSecond = 100;
/** How long old keys are accepted; hours in the compose file. Longer than what comes after a rotation under one load. */
const lifetime = '1m';
/** How long swarm watches a task that came up before it goes on; 15 s in the compose file. */
const monitor = '5s';
/** Longer than the balancers hold a request while the store restarts. */
const timeoutMs = 40_000;
const clusterFile = join(labDir, 'reference-rotation.yml');
const kawanan = (args: string[]) => [...args, '--file', clusterFile];
const rotate = (...args: string[]) => kawanan(['secrets', 'rotate', ...args, '--yes', '--no-receipt']);

let target: TourTarget;
/** Made before a rotation, used all through it. */
let session: { token: string; cookie: string; pictureUrl: string };

async function logInAnew(): Promise<void> {
  target = await readTourTarget(clusterFile);
  const { value: token } = await logIn(target);
  const { value: record } = await storePicture(target, token, makePicture(64, 1));
  const { value: cookie } = await openDashboard(target);
  session = { token, cookie, pictureUrl: record.picture_url };
}

interface Compose {
  'x-secrets': Record<string, { lifetime?: string }>;
  services: Record<string, { deploy?: { update_config?: object } }>;
}

/** The lab's cluster file, over whose compose files one more is laid that waits less. */
async function writeClusterFile(): Promise<void> {
  const lab = parse(await readFile(labClusterFile, 'utf8')) as { stack: { file: string[] } };
  const compose = parse(await readFile(lab.stack.file[0]!, 'utf8'), { merge: true }) as Compose;
  const section = compose['x-secrets'];
  for (const entry of Object.values(section)) if (entry.lifetime !== undefined) entry.lifetime = lifetime;
  const watched = Object.entries(compose.services).filter(([, { deploy }]) => deploy?.update_config);
  const services = watched.map(([key]) => [key, { deploy: { update_config: { monitor } } }]);
  const overlay = join(labDir, 'waits-less.yml');
  lab.stack.file.push(overlay);
  await writeFile(
    overlay,
    stringify(
      { services: Object.fromEntries(services), 'x-secrets': section },
      { aliasDuplicateObjects: false },
    ),
  );
  await writeFile(clusterFile, stringify(lab));
}

beforeAll(async () => {
  await expectKawanan(['lab', 'up']);
  await writeClusterFile();
  await expectKawanan(kawanan(['up', '--yes']));
});
afterAll(() => runKawanan(['lab', 'down']));

/** One multipart body for all uploads: the store names objects by their content, rows are new ones each time. */
function renderUpload(): { body: Uint8Array; contentType: string } {
  const boundary = 'kawanan-rotation';
  const part = (name: string, text: string) =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
  const head = `${part('species', 'Sphyrna lewini')}--${boundary}\r\ncontent-disposition: form-data; name="image"; filename="fin.png"\r\ncontent-type: image/png\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), makePicture(16, 2), Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { body, contentType: `multipart/form-data; boundary=${boundary}` };
}

/** Does something while a session that was there before reads pages, rows and pictures, and uploads. */
async function underLoad(name: string, work: () => Promise<unknown>): Promise<Figures> {
  await logInAnew();
  const base = `http://${target.address}`;
  const bearer = { authorization: `Bearer ${session.token}` };
  const { body, contentType } = renderUpload();
  const common = { kind: 'http' as const, expectStatus: [200] };
  const probe = startProbe({
    targets: [
      {
        ...common,
        name: 'dashboard',
        url: `${base}/upload`,
        headers: { cookie: session.cookie },
        weight: 12,
      },
      { ...common, name: 'rows', url: `${base}/api/v1/sirip-hiu?per_page=1`, headers: bearer, weight: 4 },
      { ...common, name: 'picture', url: session.pictureUrl, weight: 3 },
      {
        ...common,
        name: 'upload',
        url: `${base}/api/v1/sirip-hiu`,
        method: 'POST',
        headers: { ...bearer, 'content-type': contentType },
        body,
        expectStatus: [201],
        // the stand-in for the store takes 60 ms of a core for one of these
        weight: 1,
      },
    ],
    ratePerSecond,
    durationMs: 900_000,
    timeoutMs,
  });
  await probe.started;
  await work().catch(async (error: unknown) => {
    await probe.stop();
    throw error;
  });
  const { figures, byTarget } = await probe.stop();
  const lines = Object.entries(byTarget).map(([kind, each]) => `  ${kind}: ${renderReceipt(each)}\n`);
  const load = loadavg()[0]!.toFixed(0);
  const receipt = `${name} (load ${load}): ${renderReceipt(figures)}\n${lines.join('')}`;
  process.stdout.write(receipt);
  await appendFile(join(projectDir, '.kawanan/rotation-receipts.txt'), receipt);
  return figures;
}

/** The number of MySQL's answer to a login; 0 for yes. */
async function tryDatabase(password: string): Promise<number> {
  const { user, name } = target.database;
  try {
    const connection = await createConnection({ host: target.address, user, password, database: name });
    connection.destroy();
    return 0;
  } catch (error) {
    return (error as { errno?: number }).errno ?? -1;
  }
}

const accessDenied = 1045;

interface Status {
  rotations: { secret: string; phase: string; state: string; due?: string }[];
}

async function readRotations(): Promise<Status['rotations']> {
  const { stdout } = await expectKawanan(kawanan(['secrets', 'status', '--json']));
  return (JSON.parse(stdout) as Status).rotations;
}

/** Until the last old key that waits for its day may go. */
async function waitUntilDue(): Promise<void> {
  const dues = (await readRotations()).map(({ due }) => (due === undefined ? 0 : Date.parse(due)));
  await sleep(Math.max(0, ...dues.map((due) => due - Date.now())) + 1_000);
}

describe('under load', () => {
  test.each([
    ['nothing is rotated', undefined],
    ["one worker's servers are out of the rotation", 'vm-dockerswarmworker1'],
  ])('while %s none fails: what the system can carry', async (name, node) => {
    if (node) await expectKawanan(kawanan(['balancer', 'drain', node, '--yes', '--no-receipt']));
    const figures = await underLoad(name, () => sleep(12_000));
    if (node) await expectKawanan(kawanan(['balancer', 'ready', node, '--no-receipt']));
    expect(figures.failed).toBe(0);
  });

  test.each([
    ['mysql_password'],
    ['minio_secret_key'],
    ['jwt_secret_key'],
    ['secret_key'],
    // no application's: the whole store restarts, and what is asked of it waits at the balancers
    ['minio_root_user', 'minio_root_password'],
  ])('%s is rotated: none failed, everybody still logged in', async (...secrets) => {
    const figures = await underLoad(secrets.join(', '), () => expectKawanan(rotate(...secrets)));
    expect(figures.failed).toBe(0);
    expect(figures.requests).toBeGreaterThan(1_000);
  });

  test('what is due is retired: none failed who logged in since', async () => {
    await waitUntilDue();
    const figures = await underLoad('retired', () => expectKawanan(rotate('--finish')));
    expect(figures.failed).toBe(0);
    expect(await readRotations()).toEqual([]);
  });

  test('all are rotated at once while the tool is killed at each step: none failed, everybody still logged in', {
    timeout: 900_000,
  }, async () => {
    target = await readTourTarget(clusterFile);
    const old = target.database.password;
    const before = new Set<string>();
    // each run goes on where the one before was killed, and is killed at the first step that none was killed at yet
    const step =
      /: (makes the new value valid|services are restarted until [^\n]*|proves that|retires the old)/g;
    const runs: Finished[] = [];
    const figures = await underLoad('all, killed at each step', async () => {
      for (let args = rotate('--all'); runs.length < 12; args = rotate('--finish')) {
        const killWhen = (printed: string): boolean => {
          const reached = [...printed.matchAll(step)]
            .map(([, words]) => words!)
            .find((one) => !before.has(one));
          if (reached === undefined) return false;
          before.add(reached);
          return true;
        };
        const run = await runKawanan(args, { killWhen });
        runs.push(run);
        if (run.signal === null) break;
      }
    });
    expect(runs.at(-1), runs.at(-1)?.stderr).toMatchObject({ exitCode: 0, signal: null });
    expect([...before].map((words) => words.split(' ')[0])).toEqual(
      expect.arrayContaining(['makes', 'services', 'proves', 'retires']),
    );
    expect(figures.failed).toBe(0);
    target = await readTourTarget(clusterFile);
    expect(target.database.password).not.toBe(old);
    expect([await tryDatabase(old), await tryDatabase(target.database.password)]).toEqual([accessDenied, 0]);
    // what signed things that live on is accepted for as long, and nothing else is under way
    expect((await readRotations()).map(({ secret }) => secret).sort()).toEqual([
      'jwt_secret_key',
      'minio_access_key',
      'minio_secret_key',
      'secret_key',
    ]);
  });
});

test('the system is whole afterwards: a login, a picture in and out, a plan that is empty', async () => {
  target = await readTourTarget(clusterFile);
  await tourSiripHiu(target);
  await expectKawanan(kawanan(['plan', '--detailed-exitcode']));
});
