import { describe, expect, test } from 'vitest';
import type { ExporterState, ExportersObserved, PasswordVersion } from '../../src/monitoring/exporters.ts';
import { parseExporter } from '../../src/monitoring/observe.ts';
import { planExporterRemoval, planExporters } from '../../src/monitoring/plan.ts';
import { renderExporterDropIn, renderWebConfig, secretLine } from '../../src/monitoring/render-exporter.ts';
import type { LayerPlan } from '../../src/plan/change.ts';
import { buildCluster, buildNode } from '../balancer/examples.ts';

const cluster = buildCluster({ nodes: [buildNode('worker1', '192.0.2.14', 'worker')] });
const dropIn = renderExporterDropIn('192.0.2.14');
const version: PasswordVersion = { name: 'monitoring_password', id: 'q1' };
const asWanted: ExporterState = {
  kind: 'reached',
  installed: true,
  brought: true,
  active: true,
  dropIn,
  webConfig: secretLine(version),
};
const bare: ExporterState = { kind: 'reached', installed: false, brought: false, active: false };

function see(state: ExportersObserved['nodes'][string], password?: PasswordVersion): ExportersObserved {
  return { nodes: { worker1: state }, ...(password && { password }) };
}

function planOf(state: ExporterState) {
  const { changes, unchanged } = planExporters(cluster, see(state, version), new Map());
  return { unchanged, changes: changes.map(({ kind, fields }) => [kind, fields.map(({ path }) => path)]) };
}

const dropInPath = '/etc/systemd/system/prometheus-node-exporter.service.d/kawanan.conf';
const webPath = '/etc/prometheus/kawanan-web.yml';

describe('a node exporter', () => {
  test.each<[string, Partial<ExporterState>, unknown]>([
    ['that is as wanted is left alone', {}, undefined],
    ['that has stopped is started', { active: false }, ['update', ['prometheus-node-exporter.service']]],
    ['with another command line is set right', { dropIn: 'other' }, ['update', [dropInPath]]],
    ['with the hash of an older password gets the new one', { webConfig: '# old' }, ['update', [webPath]]],
    [
      'that was away while the password was made anew under its old name gets the new one',
      { webConfig: secretLine({ ...version, id: 'q0' }) },
      ['update', [webPath]],
    ],
    ['that is gone is installed again', { installed: false }, ['update', ['prometheus-node-exporter']]],
  ])('%s', (_, part, change) => {
    expect(planOf({ ...asWanted, ...part })).toEqual(
      change ? { unchanged: 0, changes: [change] } : { unchanged: 1, changes: [] },
    );
  });

  test('is installed and set up on a bare machine', () => {
    expect(planOf(bare)).toEqual({
      unchanged: 0,
      changes: [['create', ['prometheus-node-exporter', dropInPath, webPath]]],
    });
  });

  test('gets the password that the same run makes, be the old one still known', () => {
    const secrets = {
      layer: 'secrets',
      changes: [{ action: { do: 'create', secret: 'monitoring_password', objectName: version.name } }],
    } as unknown as LayerPlan;
    const { changes } = planExporters(cluster, see(asWanted, version), new Map([['secrets', secrets]]));
    expect(changes.map(({ action, fields }) => [action, fields.map(({ path }) => path)])).toEqual([
      [{ do: 'set-up', host: 'worker1', address: '192.0.2.14', dropIn, install: false }, [webPath]],
    ]);
  });

  test('of a machine that cannot be reached stays as it is', () => {
    const plan = planExporters(cluster, see({ kind: 'unreachable', reason: 'no route' }, version), new Map());
    expect(plan).toMatchObject({
      changes: [],
      warnings: ["worker1 can't be reached; its node exporter stays as it is"],
    });
  });
});

describe('removal', () => {
  test.each<[string, ExporterState, unknown]>([
    ['purges what we brought', asWanted, { do: 'remove', host: 'worker1', purge: true }],
    [
      'leaves an exporter that was there before',
      { ...asWanted, brought: false },
      { do: 'remove', host: 'worker1', purge: false },
    ],
    ['finishes one that was cut short', { ...bare, dropIn }, { do: 'remove', host: 'worker1', purge: false }],
    [
      'finishes one that was cut short behind the package',
      { ...bare, brought: true, dropIn },
      { do: 'remove', host: 'worker1', purge: true },
    ],
    ['has nothing to do on a bare machine', bare, undefined],
    ['has nothing to do where only the record is left', { ...bare, brought: true }, undefined],
  ])('%s', (_, state, action) => {
    expect(planExporterRemoval(cluster, see(state)).changes.map((change) => change.action)).toEqual(
      action ? [action] : [],
    );
  });
});

describe('what a machine answers', () => {
  test.each<[string, string, ExporterState]>([
    ['nothing is there', '\n0\ninactive\n\n', bare],
    [
      'all is there',
      `installed\n1\nactive\n${renderWebConfig(version, 'hash').split('\n')[0]}\n${dropIn}`,
      asWanted,
    ],
    ['a package of somebody else', 'installed\n0\nactive\n\n', { ...bare, installed: true, active: true }],
  ])('%s', (_, output, state) => {
    expect(parseExporter(output)).toEqual(state);
  });
});

test('the files of an exporter', () => {
  expect(dropIn).toBe(`# Written by kawanan monitor up; gone after kawanan monitor down.
[Unit]
ConditionPathExists=/etc/prometheus/kawanan-web.yml
[Service]
ExecStart=
ExecStart=/usr/bin/prometheus-node-exporter \\
    --web.listen-address=192.0.2.14:9100 \\
    --web.config.file=/etc/prometheus/kawanan-web.yml \\
    --collector.netdev.address-info \\
    --collector.systemd \\
    --collector.systemd.unit-include=(docker|haproxy|nginx|keepalived|ssh)[.]service
`);
  expect(renderWebConfig(version, '$2b$08$x')).toBe(
    '# of the secret monitoring_password, q1\nbasic_auth_users:\n  monitoring: $2b$08$x\n',
  );
});
