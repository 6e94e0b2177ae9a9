import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { nameReads } from '../../src/balancer/haproxy/reads.ts';
import { dashboards, listQueries } from '../../src/monitoring/dashboards/all.ts';
import { renderDashboard } from '../../src/monitoring/dashboards/render-dashboard.ts';
import { listMetrics } from '../../src/monitoring/metrics-of.ts';
import { listTargets } from '../../src/monitoring/targets.ts';
import { fillTargets } from '../../src/pipeline/monitoring-inputs.ts';
import { loadStack } from '../../src/stack/compose/load-stack.ts';
import { buildCluster } from '../balancer/examples.ts';
import { grafanaDashboard } from './grafana-model.ts';

const folder = resolve(import.meta.dirname, '../../stacks/monitoring');
const read = (path: string): string => readFileSync(resolve(folder, path), 'utf8');

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}
const { groups } = parse(read('rules.yml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert !== undefined);

describe('the monitoring stack', () => {
  const load = (...files: string[]) =>
    loadStack(
      files.map((file) => resolve(folder, file)),
      { name: 'monitoring', variables: { MONITORING_PLACE: 'node.hostname == m1' } },
    );

  test('publishes no port, and only one service sees the engine', async () => {
    const { services, warnings } = await load('compose.yml', 'compose.grafana.yml');
    expect(warnings).toEqual([]);
    expect(services.flatMap(({ spec }) => spec.EndpointSpec?.Ports ?? [])).toEqual([]);
    const withSocket = services.filter(({ spec }) =>
      spec.TaskTemplate.ContainerSpec.Mounts?.some(({ Source }) => Source?.includes('docker.sock')),
    );
    expect(withSocket.map(({ key }) => key)).toEqual(['swarm']);
  });

  test('gets the targets of the cluster in its configs', async () => {
    const cluster = buildCluster();
    const targets = listTargets(cluster, { engine: 'haproxy', frontends: [], backends: [], warnings: [] });
    const { configs } = fillTargets(await load('compose.yml'), targets);
    const nodes = configs.find(({ key }) => key === 'nodes')!.spec.Data!;
    expect(JSON.parse(Buffer.from(nodes, 'base64').toString())).toEqual(targets.nodes);
  });

  test('mounts every dashboard', async () => {
    const { configs } = await load('compose.yml', 'compose.grafana.yml');
    const mounted = configs.flatMap(({ key }) => (key.startsWith('dashboard_') ? [key.slice(10)] : []));
    expect(mounted.sort()).toEqual(dashboards.map(({ name }) => name).sort());
  });
});

interface Relabel {
  source_labels: string[];
  regex: string;
  target_label: string;
  replacement: string;
}

/** As Prometheus does it: each rule in turn, where the whole value fits. */
function relabel(labels: Record<string, string>, steps: Relabel[]): Record<string, string> {
  const now = { ...labels };
  for (const { source_labels, regex, target_label, replacement } of steps) {
    const match = new RegExp(`^(?:${regex})$`).exec(source_labels.map((one) => now[one] ?? '').join(';'));
    if (match) now[target_label] = replacement.replace('$1', match[1]!);
  }
  return now;
}

describe('the two sections of a backend', () => {
  const { scrape_configs } = parse(read('prometheus.yml')) as {
    scrape_configs: { job_name: string; metric_relabel_configs?: Relabel[] }[];
  };
  const steps = scrape_configs.find(({ job_name }) => job_name === 'balancer')!.metric_relabel_configs!;

  test.each([
    [
      { proxy: nameReads('web.api'), server: 'w1-api' },
      { proxy: 'web.api', server: 'w1-api', section: 'reads' },
    ],
    [
      { proxy: 'web.api', server: 'w1-api' },
      { proxy: 'web.api', server: 'w1-api' },
    ],
    [{ version: '2.6' }, { version: '2.6' }],
  ])('are one proxy: %j', (labels, expected) => {
    expect(relabel(labels, steps)).toEqual(expected);
  });

  test('are one series of every query', () => {
    const queries = [...listQueries(), ...rules].map(({ expr }) => expr);
    const ofBackends = queries.filter((expr) => /haproxy_(server|backend)_/.test(expr));
    expect(ofBackends.length).toBeGreaterThan(5);
    expect(ofBackends.filter((expr) => !/(sum|min|max) by \(proxy\b/.test(expr))).toEqual([]);
  });
});

describe('dashboards', () => {
  test('in the folder are those of the source (npm run dashboards)', () => {
    const files = Object.fromEntries(
      readdirSync(resolve(folder, 'dashboards')).map((file) => [file, read(`dashboards/${file}`)]),
    );
    expect(files).toEqual(
      Object.fromEntries(dashboards.map((one) => [`${one.name}.json`, renderDashboard(one)])),
    );
  });

  test.each(dashboards.map((dashboard) => [dashboard.name, dashboard] as const))(
    '%s is a model that Grafana takes',
    (_, dashboard) => {
      const model = grafanaDashboard.parse(JSON.parse(renderDashboard(dashboard)));
      expect(new Set(model.panels.map(({ id }) => id)).size).toBe(model.panels.length);
      expect(new Set(model.panels.map(({ title }) => title)).size).toBe(model.panels.length);
      for (const { gridPos, targets } of model.panels) {
        expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
        expect(targets.map(({ refId }) => refId)).toEqual(['A', 'B'].slice(0, targets.length));
      }
      const cells = model.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_cell, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
    },
  );

  test('show what is bad in red: a number that has a bound, a state that is 0', () => {
    const model = grafanaDashboard.parse(JSON.parse(renderDashboard(dashboards[0]!)));
    const colours = model.panels.flatMap(({ title, fieldConfig: { defaults } }) =>
      defaults.thresholds
        ? [[title, ...defaults.thresholds.steps.map((step) => [step.value, step.color])]]
        : [],
    );
    expect(colours).toEqual([
      ['Machines that answer', [null, 'text']],
      ['Targets down', [null, 'green'], [1, 'red']],
      ['Holders of the virtual address', [null, 'red'], [1, 'green'], [2, 'red']],
      ['Tasks missing', [null, 'green'], [1, 'red']],
      ['Requests a second', [null, 'text']],
      ['Alerts', [null, 'green'], [1, 'red']],
      ['Machines', [null, 'red'], [1, 'green']],
    ]);
  });

  test('rest on metrics, each query on one at least', () => {
    expect(listQueries().filter(({ expr }) => listMetrics(expr).length === 0)).toEqual([]);
  });
});

describe('alerts', () => {
  const manual = readFileSync(resolve(folder, '../../docs/monitoring.md'), 'utf8');

  test.each(alerts.map((rule) => [rule.alert!, rule] as const))(
    '%s says what and has a runbook',
    (name, rule) => {
      expect(['critical', 'warning', 'info']).toContain(rule.labels?.['severity']);
      expect(rule.annotations?.['summary']).toBeTruthy();
      expect(rule.annotations?.['runbook']).toBe(`docs/monitoring.md#${name.toLowerCase()}`);
      expect(manual).toContain(`### ${name}\n`);
    },
  );

  test('of the manual are those of the rules', () => {
    const described = [...manual.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(described.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
  });
});
