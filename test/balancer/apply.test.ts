import { expect, test } from 'vitest';
import { applyEngine } from '../../src/balancer/apply-engine.ts';
import { planBackends } from '../../src/balancer/backends.ts';
import { backupPathOf, unitBackupPathOf } from '../../src/balancer/backup.ts';
import type { PartFile } from '../../src/balancer/engine-files.ts';
import { engines } from '../../src/balancer/engines.ts';
import { buildParts } from '../../src/balancer/parts.ts';
import { removePart } from '../../src/balancer/remove-part.ts';
import { UserError } from '../../src/errors.ts';
import { buildCluster, buildStack, fullSection } from './examples.ts';
import { FakeHost } from './fake-host.ts';

const haproxyConfigPath = engines.haproxy.configPath;
const packaged = 'global\n    daemon\n';
const progress = { report: () => {}, signal: new AbortController().signal };
const cluster = buildCluster();

function buildFiles(section = fullSection): PartFile[] {
  const model = planBackends(buildStack(section), cluster);
  const parts = buildParts(model, cluster, cluster.nodes[0]!, { interfaceName: 'eth0', hasNft: true });
  return parts.find((part) => part.name === 'haproxy')!.files;
}

const applyHaproxy = (host: FakeHost, files: PartFile[], to: typeof progress): Promise<void> =>
  applyEngine(host, { engine: 'haproxy', files, obsolete: [], findKey: () => undefined }, to);

function buildPackagedHost(): FakeHost {
  const host = new FakeHost();
  host.files.set(haproxyConfigPath, packaged);
  host.running = packaged;
  return host;
}

async function failureOf(work: Promise<void>): Promise<UserError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw error ?? new Error('it did not fail');
  return error;
}

test('HAProxy runs the new configuration, what the package brought is kept, and removal brings it back', async () => {
  const host = buildPackagedHost();
  const files = buildFiles();
  await applyHaproxy(host, files, progress);
  expect(host.running).toBe(files[1]!.content);
  expect(host.files.get(backupPathOf(haproxyConfigPath))).toBe(packaged);
  expect(host.files.get(unitBackupPathOf('haproxy'))).toBe('active enabled\n');

  await removePart(host, 'haproxy', cluster);
  expect(host.running).toBe(packaged);
  expect([...host.files]).toEqual([[haproxyConfigPath, packaged]]);
});

test('a second configuration leaves the backup of the first as it is', async () => {
  const host = buildPackagedHost();
  await applyHaproxy(host, buildFiles(), progress);
  await applyHaproxy(host, buildFiles('web: {listen: 80, service: flask}'), progress);
  expect(host.files.get(backupPathOf(haproxyConfigPath))).toBe(packaged);
});

test('a lost backup does not make our own file the previous one: removal leaves none', async () => {
  const host = buildPackagedHost();
  await applyHaproxy(host, buildFiles(), progress);
  host.files.delete(backupPathOf(haproxyConfigPath));
  await applyHaproxy(host, buildFiles(), progress);
  await removePart(host, 'haproxy', cluster);
  expect(host.files.get(haproxyConfigPath)).toBeUndefined();
});

test('a file that somebody put in place of ours stays when ours is removed', async () => {
  const host = new FakeHost();
  await applyHaproxy(host, buildFiles(), progress);
  host.files.set(haproxyConfigPath, 'global\n    maxconn 1\n');
  await removePart(host, 'haproxy', cluster);
  expect(host.files.get(haproxyConfigPath)).toBe('global\n    maxconn 1\n');
});

test('a configuration HAProxy refuses changes nothing, and its reason is told', async () => {
  const host = buildPackagedHost();
  host.refuse = (config) => (config.includes('frontend web') ? 'unknown keyword' : undefined);
  const error = await failureOf(applyHaproxy(host, buildFiles(), progress));
  expect([error.message, error.details]).toEqual([
    'HAProxy refuses the new configuration; the one that runs is untouched',
    ['unknown keyword'],
  ]);
  expect([host.files.get(haproxyConfigPath), host.running]).toEqual([packaged, packaged]);
});

test('a configuration that does not start is taken back, and the previous one loaded again', async () => {
  const host = buildPackagedHost();
  host.starts = (config) => config === packaged;
  const error = await failureOf(applyHaproxy(host, buildFiles(), progress));
  expect(error.message).toMatch(/^HAProxy doesn't run with the new configuration/);
  expect([host.files.get(haproxyConfigPath), host.running]).toEqual([packaged, packaged]);
});
