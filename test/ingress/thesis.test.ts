/**
 * The thesis' file as it is printed, through the ingress mesh, on five machines of which the swarm's have a kernel of their
 * own (this computer's may have no IPVS). A container takes half a minute to start there.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadCluster } from '../../src/cluster/load-cluster.ts';
import { startProbe } from '../../src/drill/probe/probe.ts';
import { onHost } from '../../src/drill/stage.ts';
import { findLab } from '../../src/lab/lab.ts';
import { isClean, listResidue } from '../../src/lab/residue.ts';
import type { ObservedService } from '../../src/stack/observed.ts';
import { startAnew } from '../../src/stack/rebalance.ts';
import { logIn, openDashboard, type TourTarget, tourSiripHiu } from '../../stacks/sirip-hiu/tour.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { expectKawanan, labDir, projectDir, runKawanan } from '../e2e/support/kawanan.ts';
import { compareSnapshots, snapshotHosts } from '../e2e/support/snapshot-host.ts';
import { clusterFile, openTourTarget, trialPorts, writeThesisCluster } from './thesis-cluster.ts';

const minutes = 60_000;
/** A machine with a kernel of its own may take ten minutes to start on a computer that has too much to do. */
const slow = { timeoutMs: 20 * minutes };
const told = (...args: string[]): string[] => [...args, '--file', clusterFile];
const startedAt = performance.now();
const notes: string[] = [];

let target: TourTarget;
let bare: Map<string, string[]>;

/** One line for docs/measurements.md. */
function note(text: string): void {
  const line = `${((performance.now() - startedAt) / 1000).toFixed(0)} s, load ${loadavg()[0]!.toFixed(1)}: ${text}`;
  notes.push(line);
  process.stderr.write(`${line}\n`);
}

const snapshotAll = async (): Promise<Map<string, string[]>> => snapshotHosts(await loadCluster(clusterFile));

/** What the file's users can do while half of the store is away: log in, list, look at the page. */
async function read(): Promise<void> {
  const { value: token } = await logIn(target);
  const answer = await fetch(`http://${target.address}/api/v1/sirip-hiu?per_page=1`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(15_000),
  });
  expect(answer.status).toBe(200);
  expect(((await answer.json()) as { total: number }).total).toBeGreaterThan(0);
  await openDashboard(target);
}

/** Once it answers, it goes on answering. */
async function readSteadily(timeoutMs: number): Promise<number> {
  const begunAt = performance.now();
  await eventually(timeoutMs, async () => {
    for (let turn = 0; turn < 5; turn++) await read();
  });
  return performance.now() - begunAt;
}

async function readStatus(): Promise<{ vip?: { holders: string[] }; degraded: string[] }> {
  return JSON.parse((await runKawanan(told('status', '--json'))).stdout);
}

/** Requests that each task of the API got, by the words in their path. */
async function countByTask(word: string): Promise<Record<string, number>> {
  const { stdout } = await expectKawanan(told('logs', 'fastapi', '--json', '--since', '10m'));
  const counts: Record<string, number> = {};
  for (const line of stdout.split('\n').filter((one) => one.includes(word))) {
    const { source } = JSON.parse(line) as { source: string };
    counts[source] = (counts[source] ?? 0) + 1;
  }
  return counts;
}

/** By the file's own rules of updating, of which it has none: one task after the other, each stopped first. */
async function startApiAnew(): Promise<void> {
  await onHost({ cluster: await loadCluster(clusterFile) }, 'vm-dockerswarmmanager', async (host) => {
    const engine = host.engine();
    const services = (await engine.listServices()) as unknown as ObservedService[];
    const { ID } = services.find(({ Spec }) => Spec.Name === 'thesis_fastapi')!;
    await startAnew(engine, ID);
    await eventually(5 * minutes, async () => {
      const { UpdateStatus } = (await engine.getService(ID).inspect()) as ObservedService;
      expect(UpdateStatus?.State).toBe('completed');
    });
  });
}

beforeAll(async () => {
  // What other tests keep beside the lab isn't the lab's to remove, and would look like residue in the end.
  await expectKawanan(['lab', 'down']);
  await rm(labDir, { recursive: true, force: true });
  const { stdout } = await expectKawanan(['lab', 'up', '--machines', 'auto'], 0, slow);
  expect(stdout).toMatch(
    /^machines: (nspawn|nspawn: .*; uml: .*) \(this computer's kernel has (no )?IPVS\)$/m,
  );
  note('five machines are up');
  await writeThesisCluster();
  bare = await snapshotAll();
});

afterAll(async () => {
  await runKawanan(['lab', 'down']);
  await mkdir(join(projectDir, '.kawanan/ingress'), { recursive: true });
  await writeFile(join(projectDir, '.kawanan/ingress/notes.txt'), `${notes.join('\n')}\n`);
});

describe('the file as it is printed', () => {
  test('is planned with a warning for each thing that is probably not meant, and refused nowhere', async () => {
    const { stdout } = await expectKawanan(told('plan'));
    const codes = [...stdout.matchAll(/\[([a-z-]+)\]$/gm)].map(([, code]) => code!);
    const counts: Record<string, number> = {};
    for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
    expect(counts).toEqual({
      'ingress-port': 6,
      'published-port-unheard': 3,
      'relative-bind-mount': 1,
      'restart-key': 1,
    });
    expect(stdout).toMatch(/flask.*published through the ingress mesh, where every swarm node is a server/);
    expect(stdout).not.toMatch(/has no IPVS, so/);
  });

  test('is deployed by `up`', async () => {
    const { elapsedMs, stdout } = await expectKawanan(told('up', '--yes'), 0, { timeoutMs: 25 * minutes });
    expect(stdout).toMatch(/verified: nothing left to do/);
    note(`up took ${(elapsedMs / 1000).toFixed(0)} s`);
  });

  test('and a second `up` finds nothing to do', async () => {
    const { stdout } = await expectKawanan(told('up', '--yes'));
    expect(stdout).toMatch(/^no changes · \d+ unchanged$/m);
  });

  test('stores a picture through the virtual address in MySQL and the store, and shows the dashboard', async () => {
    target = await eventually(3 * minutes, openTourTarget);
    await eventually(3 * minutes, () =>
      tourSiripHiu(target, ({ title, detail }) => note(`${title}: ${detail}`)),
    );
  });

  test('has nothing broken, as doctor sees it', async () => {
    await eventually(5 * minutes, async () => {
      const { stdout } = await runKawanan(told('doctor', '--json'));
      const findings = JSON.parse(stdout) as { verdict: string; about: string; message: string }[];
      expect(findings.filter(({ verdict }) => verdict === 'broken')).toEqual([]);
      expect(findings.map(({ message }) => message)).toContain(
        'IPVS has an entry for each task and no others',
      );
    });
  });

  test.each(Object.entries(trialPorts))('spreads requests over its tasks by %s', async (method, port) => {
    const path = `/api/v1/spread-${method}-${Date.now()}`;
    const all = 120;
    let sent = 0;
    const client = async (): Promise<void> => {
      while (sent++ < all)
        await eventually(minutes, async () => {
          const answer = await fetch(`http://${target.address}:${port}${path}`, {
            signal: AbortSignal.timeout(30_000),
          });
          await answer.arrayBuffer();
          expect(answer.status).toBe(404);
        });
    };
    await Promise.all(Array.from({ length: 4 }, client));
    const counts = await eventually(minutes, async () => {
      const found = await countByTask(path);
      // more where one had to be asked again
      expect(Object.values(found).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(all);
      return found;
    });
    note(`${method}: ${JSON.stringify(counts)}`);
    expect(Object.keys(counts)).toHaveLength(2);
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(all * 0.3);
  });

  test('starts its API anew as it says, one task after the other; what that loses is counted', async () => {
    const api = `http://${target.address}/api/v1`;
    const probe = startProbe({
      targets: [
        { kind: 'http', name: 'GET', url: `${api}/nothing`, expectStatus: [404], connection: 'new' },
        { kind: 'http', name: 'POST', url: `${api}/sirip-hiu`, method: 'POST', expectStatus: [401, 422] },
      ],
      ratePerSecond: 5,
      durationMs: 10 * minutes,
      timeoutMs: 20_000,
    });
    await probe.started;
    try {
      await startApiAnew();
      await readSteadily(3 * minutes);
    } finally {
      const { figures } = await probe.stop();
      const gapMs = Math.round(figures.longestGap?.ms ?? 0);
      note(
        `API started anew: ${figures.failed} of ${figures.requests} failed, longest gap ${gapMs} ms: ${JSON.stringify(figures.failures)}`,
      );
      expect(figures.succeeded).toBeGreaterThan(figures.failed);
    }
  });
});

describe('what fails', () => {
  test('the active balancer is killed, and the site answers', async () => {
    const holder = await eventually(minutes, async () => (await readStatus()).vip!.holders[0]!);
    await expectKawanan(['lab', 'kill', holder]);
    note(`balancer killed: five rounds answered after ${Math.round(await readSteadily(minutes))} ms`);
    await eventually(minutes, () => tourSiripHiu(target), 1_000);
    await expectKawanan(['lab', 'start', holder], 0, slow);
    await eventually(2 * minutes, async () => expect((await readStatus()).degraded).toEqual([]));
  });

  test('a worker is killed, and the site answers', async () => {
    await expectKawanan(['lab', 'kill', 'vm-dockerswarmworker1']);
    note(`worker killed: five rounds answered after ${Math.round(await readSteadily(5 * minutes))} ms`);
    await expectKawanan(['lab', 'start', 'vm-dockerswarmworker1'], 0, slow);
    await eventually(10 * minutes, async () => expect((await readStatus()).degraded).toEqual([]), 2_000);
    await eventually(3 * minutes, () => tourSiripHiu(target), 1_000);
  });
});

describe('taking it down', () => {
  test('leaves every machine as it was before', async () => {
    await expectKawanan(told('down', '--yes', '--volumes'), 0, { timeoutMs: 15 * minutes });
    const after = await snapshotAll();
    for (const [name, facts] of after) expect(compareSnapshots(bare.get(name)!, facts), name).toEqual([]);
  });

  test('and `lab down` leaves nothing on this computer', async () => {
    await expectKawanan(['lab', 'down']);
    const { id } = findLab({ cwd: projectDir, env: { KAWANAN_LAB: labDir } });
    const residue = await listResidue({ id, paths: [labDir] });
    expect(isClean(residue), JSON.stringify(residue, undefined, 2)).toBe(true);
    note('lab down, nothing left');
  });
});
