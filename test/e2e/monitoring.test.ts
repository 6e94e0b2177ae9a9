/**
 * Monitoring on a lab of its own: every target up, every query sees something, the load is counted as the probe counts
 * it, a lost worker shows and its alerts end when it is back, and nothing is left after `monitor down`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProbe } from '../../src/drill/probe/probe.ts';
import { withHosts } from '../../src/drill/stage.ts';
import type { AlertState, Series, TargetState } from '../../src/monitoring/answers.ts';
import type { QueryVerdict } from '../../src/monitoring/judge-query.ts';
import { createMonitoringRunner } from '../../src/pipeline/monitoring-runner.ts';
import { runInTask } from '../../src/pipeline/run-in-task.ts';
import type { Host } from '../../src/remote/host.ts';
import { connectManager } from '../../src/swarm/connect-manager.ts';
import { writeAnsweringStack } from './support/answering-stack.ts';
import { eventually } from './support/eventually.ts';
import { runImageTests } from './support/image-tests.ts';
import { expectKawanan, projectDir, runKawanan } from './support/kawanan.ts';
import { openDashboard } from './support/open-dashboard.ts';
import { openSmallCluster, type SmallCluster } from './support/small-cluster.ts';

const section = `
  web:
    listen: 80
    service: [one, two]
    port: 8000
    check: GET /healthz`;
const patienceMs = 240_000;
const worker = 'vm-dockerswarmworker2';

let small: SmallCluster;
const at = (...args: string[]): string[] => [...args, '--file', small.file];

/** Each look is a command, and a computer with two processors has other things to do. */
const patiently = (attempt: () => Promise<void>): Promise<void> => eventually(patienceMs, attempt, 2_000);

async function readStatus(): Promise<{ targets: TargetState[]; alerts: AlertState[] }> {
  const { stdout, stderr } = await runKawanan(at('monitor', 'status', '--json'));
  const answer = JSON.parse(stdout) as { targets?: TargetState[]; alerts?: AlertState[] };
  if (!answer.targets || !answer.alerts) throw new Error(stdout + stderr);
  return { targets: answer.targets, alerts: answer.alerts };
}

async function query(expr: string): Promise<number> {
  const { stdout } = await expectKawanan(at('monitor', 'query', expr, '--json'));
  return (JSON.parse(stdout) as { series: Series[] }).series[0]?.value ?? Number.NaN;
}

/** Requests so far, and when that was asked: the present is known a scrape or two from now. */
async function countRequests(): Promise<{ requests: number; atSeconds: number }> {
  const since = Date.now() / 1000;
  const counter = 'haproxy_frontend_http_requests_total{proxy="web"}';
  await patiently(async () => {
    expect(await query(`min(timestamp(${counter}))`)).toBeGreaterThan(since);
  });
  return { requests: await query(`sum(${counter})`), atSeconds: Date.now() / 1000 };
}

// The container's root is read-only.
const testRules = `cd /dev/shm && cat >rules.test.yml && ln -sf /etc/prometheus/rules.yml . &&
TMPDIR=/dev/shm promtool test rules rules.test.yml`;
const rulesTests = readFileSync(join(projectDir, 'stacks/monitoring/rules.test.yml'), 'utf8');

/** Package and files of a machine. */
const leftovers = `dpkg-query -W -f='\${db:Status-Abbrev}' prometheus-node-exporter 2>/dev/null
find /etc /var/lib -path '*prometheus*' -not -path '/var/lib/dpkg/*' -not -path '/var/lib/docker/*' 2>/dev/null
getent passwd prometheus; exit 0`;

/** Volumes, networks and images of an engine that are of the monitoring. */
async function listLeftObjects(host: Host): Promise<string[]> {
  const engine = host.engine();
  const [{ Volumes }, networks, images] = await Promise.all([
    engine.listVolumes(),
    engine.listNetworks(),
    engine.listImages(),
  ]);
  const names = [
    ...(Volumes ?? []).map(({ Name }) => Name),
    ...networks.map(({ Name }) => Name),
    ...images.flatMap(({ RepoTags }) => RepoTags ?? []),
  ];
  return names.filter((name) => /^monitoring[_/]/.test(name));
}

beforeAll(async () => {
  small = await openSmallCluster('watched', writeAnsweringStack(section));
  await expectKawanan(at('up', '--yes'));
  await expectKawanan(at('monitor', 'up', '--yes'));
});
afterAll(async () => small?.[Symbol.asyncDispose](), 120_000);

describe('monitoring', () => {
  test('has every target up, each machine and balancer among them', async () => {
    await patiently(async () => {
      const { targets } = await readStatus();
      expect(targets.filter(({ state }) => state !== 'up')).toEqual([]);
      const jobs = Object.entries(Object.groupBy(targets, ({ job }) => job)).map(([job, all]) => [
        job,
        all!.length,
      ]);
      expect(Object.fromEntries(jobs)).toEqual({
        alertmanager: 1,
        balancer: 2,
        frontdoor: 1,
        node: 5,
        prometheus: 1,
        // containers on three nodes, the swarm, the front door's own
        task: 5,
      });
    });
  });

  test('sees something with every query, or says why not', async () => {
    await patiently(async () => {
      const { exitCode, stdout } = await runKawanan(at('monitor', 'panels', '--json'));
      const { queries } = JSON.parse(stdout) as { queries: QueryVerdict[] };
      const wrong = queries.filter(({ verdict }) => verdict === 'missing' || verdict === 'refused');
      expect({ exitCode, wrong }).toEqual({ exitCode: 0, wrong: [] });
    });
  });

  test('tells of both sections of a backend under one name', async () => {
    await patiently(async () => {
      expect(await query('count(haproxy_server_status{section="reads"})')).toBeGreaterThan(0);
      expect(await query('count(haproxy_server_status{proxy=~".*:reads"}) or vector(0)')).toBe(0);
    });
  });

  test.each([
    [
      'its configuration',
      'prometheus',
      ['promtool', 'check', 'config', '/etc/prometheus/prometheus.yml'],
      '',
    ],
    ["Alertmanager's", 'alertmanager', ['amtool', 'check-config', '/etc/prometheus/alertmanager.yml'], ''],
    ['what its alerts do', 'prometheus', ['sh', '-c', testRules], rulesTests],
  ])('finds nothing wrong with %s', async (_, service, command, stdin) => {
    await withHosts(small, async (hosts) => {
      const { engine } = await connectManager(small.cluster, hosts);
      const runner = createMonitoringRunner(engine, hosts, new AbortController().signal);
      const { exitCode, stdout, stderr } = await runInTask(runner, {
        service,
        command,
        stdin,
        timeoutMs: patienceMs,
      });
      expect({ exitCode, said: stdout + stderr }).toMatchObject({
        exitCode: 0,
        said: expect.stringContaining('SUCCESS'),
      });
    });
  });

  test('runs on an image whose own tests pass', async () => {
    const { exitCode, log } = await small.on(worker, (host) => runImageTests(host, 'monitoring/exporters'));
    expect(exitCode, log).toBe(0);
    expect(log).toMatch(/Ran [1-9]\d* tests/);
  });

  test('is on the page of the dashboard as the last hour', async () => {
    await openDashboard(small.file, async ({ page }) => {
      const tiles = page.locator('#history > *');
      await expect.poll(() => tiles.count(), { timeout: patienceMs, interval: 500 }).toBe(5);
      expect(await tiles.allTextContents()).toEqual(
        ['Requests', 'Errors', 'Front door', 'Processors', 'Memory'].map((title) =>
          expect.stringContaining(`${title}, last hour`),
        ),
      );
      await page.screenshot({ path: join(projectDir, '.kawanan/last-hour.png'), fullPage: true });
    });
  });

  test('counts the load as the probe does', async () => {
    const before = await countRequests();
    const { figures, warmUp } = await startProbe({
      targets: [{ kind: 'http', name: 'web', url: `http://${small.vip}/`, connection: 'keep' }],
      ratePerSecond: 50,
      durationMs: 8_000,
      timeoutMs: 10_000,
    }).finished;
    const after = await countRequests();
    // the front door asks, too
    const span = Math.round(after.atSeconds - before.atSeconds);
    const own = await query(`count_over_time(probe_success{frontend="web"}[${span}s])`);
    const counted = after.requests - before.requests - own;
    const sent = figures.requests + warmUp.requests;
    expect(Math.abs(counted - sent) / sent).toBeLessThan(0.05);
  });

  test('has nothing left to do', async () => {
    const { stdout } = await expectKawanan(at('monitor', 'up', '--yes', '--json'));
    expect(JSON.parse(stdout)).toMatchObject({ changed: false });
  });

  test('shows a lost worker, and its alerts end when it is back', async () => {
    await expectKawanan(['lab', 'kill', worker]);
    const expected = ['BackendThin', 'NodeDown'];
    await patiently(async () => {
      const { targets, alerts } = await readStatus();
      expect(targets.filter(({ job, state }) => job === 'node' && state === 'down')).toMatchObject([
        { instance: worker },
      ]);
      const firing = alerts.filter(({ state }) => state === 'firing').map(({ name }) => name);
      expect(firing).toEqual(expect.arrayContaining(expected));
    });
    await expectKawanan(['lab', 'start', worker]);
    await patiently(async () => {
      const { targets, alerts } = await readStatus();
      expect(targets.filter(({ state }) => state !== 'up')).toEqual([]);
      expect(alerts.map(({ name }) => name).filter((name) => expected.includes(name))).toEqual([]);
    });
  }, 600_000);

  test('leaves nothing behind', async () => {
    await expectKawanan(at('monitor', 'down', '--yes'));
    const { stdout } = await expectKawanan(at('monitor', 'down', '--yes', '--json'));
    expect(JSON.parse(stdout)).toEqual({ changed: false });
    for (const { name, role } of small.cluster.nodes) {
      const found = await small.on(name, async (host) => [
        (await host.run({ program: 'sh', args: ['-c', leftovers] })).stdout,
        ...(role === 'balancer' ? [] : await listLeftObjects(host)),
      ]);
      expect([name, ...found]).toEqual([name, '']);
    }
    expect(JSON.parse((await runKawanan(at('monitor', 'status', '--json'))).stdout)).toMatchObject({
      error: { message: 'the cluster is not monitored' },
    });
  });
});
