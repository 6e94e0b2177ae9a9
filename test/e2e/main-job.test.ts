/**
 * The main job on a lab of its own, in the order a user lives it: five bare machines become the reference system
 * (while the tool is killed again and again), nothing is done twice, machines and services fail, all is taken away.
 */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { loadCluster } from '../../src/cluster/load-cluster.ts';
import { onHost, withHosts } from '../../src/drill/stage.ts';
import { findLab } from '../../src/lab/lab.ts';
import { isClean, listResidue } from '../../src/lab/residue.ts';
import { makePicture } from '../../stacks/sirip-hiu/make-picture.ts';
import {
  logIn,
  openDashboard,
  storePicture,
  type TourTarget,
  tourSiripHiu,
} from '../../stacks/sirip-hiu/tour.ts';
import { readTourTarget } from '../../stacks/sirip-hiu/tour-target.ts';
import { type BadInput, badInputs, layOver, withBadInput } from './support/bad-input.ts';
import { eventually } from './support/eventually.ts';
import { runImageTests } from './support/image-tests.ts';
import { clusterFile, expectKawanan, labDir, projectDir, runKawanan } from './support/kawanan.ts';
import { withPage } from './support/open-browser.ts';
import { compareSnapshots, snapshotHosts } from './support/snapshot-host.ts';

let cluster: Cluster;
let target: TourTarget;
let bare: Map<string, string[]>;
const cleanUps: (() => Promise<unknown>)[] = [];

const up = ['up', '--yes', '--file', clusterFile];

async function setReplicas(service: string, replicas: number): Promise<void> {
  await onHost({ cluster }, 'vm-dockerswarmmanager', async (host) => {
    const handle = host.engine().getService(service);
    const { Version, Spec } = await handle.inspect();
    await handle.update({ version: Version.Index, ...Spec, Mode: { Replicated: { Replicas: replicas } } });
  });
}

async function fetchStatus(path: string): Promise<number> {
  const response = await fetch(`http://${target.address}${path}`, {
    // longer than the stack lets requests wait for a server (`hold`)
    signal: AbortSignal.timeout(20_000),
    redirect: 'manual',
  });
  await response.arrayBuffer();
  return response.status;
}

/** Logs in on the dashboard's page, as a person does. */
async function openRecords(page: Page): Promise<void> {
  await page.goto(`http://${target.address}/`);
  await page.fill('#username', target.username);
  await page.fill('#password', target.password);
  await page.press('#password', 'Enter');
  await page.waitForSelector('#records');
}

/** What curl gets with a session's cookie, which no list of processes shows. */
async function curl(path: string, cookie: string): Promise<string> {
  const child = execFile('curl', ['--silent', '--show-error', '--fail', '--max-time', '10', '--config', '-']);
  child.stdin!.end(`url = "http://${target.address}${path}"\nheader = "cookie: ${cookie}"\n`);
  return text(child.stdout!);
}

/** A stored picture, the given one if any: its digest and name, as MinIO's own client reads it through the virtual address. */
async function readWithMc(object = ''): Promise<string> {
  const script = `set -e -o pipefail
folder=$(mktemp -d /dev/shm/XXXXXX)
trap 'rm -rf $folder' EXIT
store() { mc --config-dir $folder "$@"; }
{ cat "$MINIO_ROOT_USER_FILE"; echo; cat "$MINIO_ROOT_PASSWORD_FILE"; echo; } |
  store -q alias set store http://${target.address}:9000 >/dev/null
store find store > $folder/found
object=\${1:-$(grep -m1 png $folder/found)}
store cat "$object" | sha256sum
echo "$object"`;
  const { stdout } = await expectKawanan([
    'exec',
    'minio1',
    '--file',
    clusterFile,
    '--',
    'bash',
    '-c',
    script,
    'bash',
    object,
  ]);
  return stdout;
}

async function readClusterStatus(): Promise<{ vip?: { holders: string[] }; degraded: string[] }> {
  const { stdout } = await runKawanan(['status', '--json', '--file', clusterFile]);
  return JSON.parse(stdout);
}

/** Every step of the tour, tried again while a fault is being noticed. */
const tourWithin = (timeoutMs: number): Promise<void> =>
  eventually(timeoutMs, () => tourSiripHiu(target), 500);

beforeAll(async () => {
  // What other tests keep beside the lab isn't the lab's to remove, and would look like residue in the end.
  await expectKawanan(['lab', 'down']);
  await rm(labDir, { recursive: true, force: true });
  await expectKawanan(['lab', 'up']);
  cleanUps.push(() => runKawanan(['lab', 'down']));
  cluster = await loadCluster(clusterFile);
  bare = await snapshotHosts(cluster);
});

afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

describe('bringing the reference system up', () => {
  // Each run goes on where the one before was killed and is killed further on, so every moment below is a real
  // half-made cluster that the next run has to recognise.
  const moments: [string, (printed: string, elapsedMs: number) => boolean][] = [
    ['before anything was decided', (_, elapsedMs) => elapsedMs > 400],
    ['when the first host was touched', (printed) => /^hosts /m.test(printed)],
    ['in the middle of installing packages', (_, elapsedMs) => elapsedMs > 6_000],
    ['when the first host was ready', (printed) => /^hosts .*done in/m.test(printed)],
    ['when the swarm was made', (printed) => /^swarm .*…/m.test(printed)],
    ['when the first node had joined', (printed) => /^swarm .*done in/m.test(printed)],
    ['while images were built or loaded', (printed) => /^images .*…/m.test(printed)],
    ['when the first secret was made', (printed) => /^secrets .*done in/m.test(printed)],
    ['when the first service was made', (printed) => /^stack .*service.*…/m.test(printed)],
    ['while the balancers were configured', (printed) => /^balancer .*…/m.test(printed)],
  ];

  test.each(moments)('is killed %s', async (_, killWhen) => {
    const { signal, exitCode, stdout, stderr } = await runKawanan(up, { killWhen });
    // A run that ended by itself never reached the moment, and the kill would have proved nothing.
    expect({ signal, exitCode, printed: signal ? '' : stdout + stderr }).toEqual({
      signal: 'SIGKILL',
      exitCode: null,
      printed: '',
    });
  });

  test('converges all the same on the run after', async () => {
    const { stdout } = await expectKawanan(up);
    expect(stdout).toMatch(/verified: nothing left to do/);
    // only now: the first run wrote fresh values into the secrets file
    target = await readTourTarget(clusterFile);
  });

  test('answers through the virtual address: login, picture in, row and picture out, dashboard', () =>
    tourWithin(30_000));

  test('prints no secret while it does so', async () => {
    const secrets = await readFile(cluster.secretsFile!, 'utf8');
    const { stdout, stderr } = await expectKawanan(['plan', '--json', '--file', clusterFile]);
    const values = [
      ...secrets.matchAll(/^(\w*(?:password|secret_key|access_key)\w*):\s*["']?([^\s"']{12,})/gm),
    ];
    expect(values.length).toBeGreaterThan(3);
    for (const [, name, value] of values) expect(stdout + stderr, name).not.toContain(value);
  });
});

describe('a second run', () => {
  test('changes nothing and says so', async () => {
    const { stdout } = await expectKawanan(up);
    expect(stdout).toMatch(/^no changes · \d+ unchanged$/m);
  });

  test('has an empty plan', async () => {
    await expectKawanan(['plan', '--detailed-exitcode', '--file', clusterFile], 0);
  });
});

describe('status', () => {
  test('says who holds the virtual address and that nothing is degraded', async () => {
    const status = await readClusterStatus();
    expect(status.vip?.holders).toHaveLength(1);
    expect(status.degraded).toEqual([]);
  });
});

describe('the running cluster', () => {
  test('serves a dashboard that a person can log in to, with pictures that load', async () => {
    await withPage(async (page) => {
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      await openRecords(page);
      expect(await page.textContent('main')).toContain('Sphyrna lewini');
      await eventually(15_000, async () => {
        const widths = await page.$$eval('main img', (images) =>
          images.map((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
        );
        expect(widths.length).toBeGreaterThan(0);
        expect(Math.min(...widths)).toBeGreaterThan(0);
      });
      await page.screenshot({ path: join(projectDir, '.kawanan/dashboard.png') });
      expect(errors).toEqual([]);
    });
  });

  test.each(['fastapi', 'flask', 'minio'])('runs on images whose own tests pass: %s', async (name) => {
    const { exitCode, log } = await onHost({ cluster }, 'vm-dockerswarmworker1', (worker) =>
      runImageTests(worker, `sirip-hiu/${name}`),
    );
    expect(exitCode, log).toBe(0);
    expect(log).toMatch(/Ran [1-9]\d* tests/);
  });

  // what each began before goes on: the session of the browser and of curl, the database's pool, the store's object
  test('serves its clients on when the active balancer is killed: curl, a browser, MySQL, S3', async () => {
    const { value: cookie } = await openDashboard(target);
    const { createPool } = await import('mysql2/promise');
    const pool = createPool({
      ...{ host: target.address, port: 3306, connectTimeout: 2_000 },
      ...{ user: target.database.user, password: target.database.password, database: target.database.name },
    });
    cleanUps.push(() => pool.end());
    const countRows = async (): Promise<number> => {
      const [rows] = await pool.query({
        sql: 'SELECT COUNT(*) AS rows_there FROM sirip_hiu',
        timeout: 2_000,
      });
      return (rows as { rows_there: number }[])[0]!.rows_there;
    };
    await withPage(async (page) => {
      await openRecords(page);
      expect(await curl('/', cookie)).toContain('Sphyrna lewini');
      const rows = await countRows();
      const picture = await readWithMc();
      expect(picture).toMatch(/^[0-9a-f]{64} .*\nstore\/.+\n$/);

      const holder = (await readClusterStatus()).vip!.holders[0]!;
      await expectKawanan(['lab', 'kill', holder]);
      try {
        await tourWithin(10_000);
        await eventually(20_000, async () => {
          await page.reload({ timeout: 10_000 });
          await page.waitForSelector('#records', { timeout: 10_000 });
        });
        expect(await curl('/', cookie)).toContain('Sphyrna lewini');
        // a pool finds out with the next statement that a connection has gone
        await eventually(20_000, async () => expect(await countRows()).toBeGreaterThan(rows), 100);
        expect(await readWithMc(picture.split('\n')[1])).toBe(picture);
        const status = await readClusterStatus();
        expect(status.vip?.holders).toHaveLength(1);
        expect(status.vip?.holders).not.toContain(holder);
        expect(status.degraded.join('\n')).toContain(holder);
      } finally {
        await expectKawanan(['lab', 'start', holder]);
      }
    });
    await eventually(60_000, async () => expect((await readClusterStatus()).degraded).toEqual([]));
  });

  test('reads and writes on when a worker is killed, and status says what is degraded', async () => {
    await expectKawanan(['lab', 'kill', 'vm-dockerswarmworker1']);
    // A minute's grace would hide an outage: the checks take the worker's servers out within seconds.
    await tourWithin(15_000);
    expect((await readClusterStatus()).degraded.join('\n')).toContain('vm-dockerswarmworker1');
    await expectKawanan(['lab', 'start', 'vm-dockerswarmworker1']);
    await eventually(120_000, async () => expect((await readClusterStatus()).degraded).toEqual([]));
    await tourWithin(15_000);
  });

  test('answers 200 with one API task, 503 with none, and recovers by itself when they return', async () => {
    const service = 'sirip-hiu_fastapi';
    await setReplicas(service, 1);
    await eventually(60_000, async () => expect(await fetchStatus('/api/v1/healthz-of-nothing')).toBe(404));
    const { value: token } = await logIn(target);
    await storePicture(target, token, makePicture(100, 1));
    await setReplicas(service, 0);
    await eventually(90_000, async () => expect(await fetchStatus('/api/v1/login')).toBe(503));
    await setReplicas(service, 2);
    await eventually(90_000, () => tourSiripHiu(target));
  });

  test('takes a worker that lost its state back, and its dead twin out', async () => {
    await withHosts({ cluster }, async (hosts) => {
      const worker = (await hosts.connect('vm-dockerswarmworker2')).engine();
      await worker.swarmLeave({ force: true });
      const { stdout } = await expectKawanan(up);
      expect(stdout).toMatch(/^swarm: \d+ done in/m);
      const manager = (await hosts.connect('vm-dockerswarmmanager')).engine();
      const names = (await manager.listNodes()).map((node) => node.Description.Hostname).sort();
      expect(names).toEqual(['vm-dockerswarmmanager', 'vm-dockerswarmworker1', 'vm-dockerswarmworker2']);
    });
    await tourWithin(15_000);
  });

  test('refuses a version that breaks: exit code 1, its last words, and the former one serves on', async () => {
    const broken: BadInput = {
      name: 'a broken version',
      bend: (document, dir) =>
        layOver(document, dir, {
          services: { flask: { command: ['sh', '-c', 'echo broken on purpose; exit 3'] } },
        }),
      says: [],
    };
    const { stderr } = await withBadInput(broken, (file) =>
      expectKawanan(['deploy', '--yes', '--file', file], 1),
    );
    expect(stderr).toMatch(/sirip-hiu_flask/);
    expect(stderr).toMatch(/broken on purpose/);
    expect(stderr).toMatch(/rolled? ?back/i);
    expect(stderr).toMatch(/the stack is back to what it was before/);
    await tourWithin(30_000);
    await expectKawanan(up);
  });

  test('is as the files say after all this', async () => {
    await eventually(
      60_000,
      async () => {
        await expectKawanan(['plan', '--detailed-exitcode', '--file', clusterFile], 0);
      },
      1_000,
    );
  });
});

describe('bad input', () => {
  test.each(badInputs)('$name is a clear error, exit code 2', async (input) => {
    const { stderr, stdout } = await withBadInput(input, (file) =>
      expectKawanan(['up', '--yes', '--file', file], 2),
    );
    for (const pattern of input.says) expect(stderr).toMatch(pattern);
    expect(stderr).toMatch(/^\s+next /m);
    expect(stdout).toBe('');
  });

  test('an unsupported operating system is refused by name, exit code 2', async () => {
    await onHost({ cluster }, 'vm-loadbalancer2', async (host) => {
      const path = '/etc/os-release';
      const release = (await host.readFile(path))!;
      await host.writeFile('/run/os-release.right', release);
      await host.run({ program: 'cp', args: ['--remove-destination', '/run/os-release.right', path] });
      try {
        await host.writeFile(path, 'ID=fedora\nVERSION_ID=42\nPRETTY_NAME="Fedora Linux 42"\n');
        const { stderr } = await expectKawanan(up, 2);
        expect(stderr).toMatch(/vm-loadbalancer2.*Fedora Linux 42/);
      } finally {
        await host.run({ program: 'ln', args: ['-sf', '../usr/lib/os-release', path] });
      }
      expect(await host.readFile(path)).toBe(release);
    });
  });

  test('changed nothing', async () => {
    await expectKawanan(['plan', '--detailed-exitcode', '--file', clusterFile], 0);
  });
});

describe('taking it down', () => {
  test('asks first, and changes nothing where nobody can answer', async () => {
    const { stderr } = await expectKawanan(['down', '--file', clusterFile], 1);
    expect(stderr).toContain('nothing was changed');
    await tourWithin(5_000);
  });

  test('leaves every host as it was before', async () => {
    await expectKawanan(['down', '--yes', '--volumes', '--file', clusterFile]);
    const after = await snapshotHosts(cluster);
    for (const [name, facts] of after) expect(compareSnapshots(bare.get(name)!, facts), name).toEqual([]);
  });

  test('does nothing the second time', async () => {
    const { stdout } = await expectKawanan(['down', '--yes', '--volumes', '--file', clusterFile]);
    expect(stdout).toContain('nothing to remove');
  });

  test('and `lab down` leaves no process, mount, interface, route, rule or file', async () => {
    await expectKawanan(['lab', 'down']);
    const { id } = findLab({ cwd: projectDir, env: { KAWANAN_LAB: labDir } });
    const residue = await listResidue({ id, paths: [labDir] });
    expect(isClean(residue), JSON.stringify(residue, undefined, 2)).toBe(true);
  });
});
