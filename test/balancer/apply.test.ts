import { expect, test } from 'vitest';
import { applyEngine } from '../../src/balancer/apply-engine.ts';
import { planBackends } from '../../src/balancer/backends.ts';
import { backupPathOf, unitBackupPathOf } from '../../src/balancer/backup.ts';
import { displaceEngine } from '../../src/balancer/displace-engine.ts';
import type { PartFile } from '../../src/balancer/engine-files.ts';
import { engines } from '../../src/balancer/engines.ts';
import { serverStatePath } from '../../src/balancer/haproxy/render-haproxy.ts';
import { emptyServerState } from '../../src/balancer/haproxy/server-state.ts';
import { buildParts } from '../../src/balancer/parts.ts';
import { removePart } from '../../src/balancer/remove-part.ts';
import { UserError } from '../../src/errors.ts';
import {
  buildCluster,
  buildNginxCluster,
  buildStack,
  fullSection,
  readPem,
  richMaterials,
  richSection,
} from './examples.ts';
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

/** Nothing but servers need differ, and these are the frontends to ask. */
const rest = { serversOnly: false, model: planBackends(buildStack(fullSection), cluster) };

const applyHaproxy = (host: FakeHost, files: PartFile[], to: typeof progress): Promise<void> =>
  applyEngine(host, { ...rest, engine: 'haproxy', files, obsolete: [], findKey: () => undefined }, to);

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
  expect(host.running).toBe(files.at(-1)!.content);
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

test.each<[string, number, (host: FakeHost, before: string) => void]>([
  ['refused', 0, (host) => (host.refuse = () => 'unknown keyword')],
  ['taken back', 2, (host, before) => (host.starts = (config) => config === before)],
])(
  'a configuration that is %s leaves no word of drained servers for a later start',
  async (_, starts, spoil) => {
    const host = buildPackagedHost();
    await applyHaproxy(host, buildFiles('web: {listen: 80, service: flask}'), progress);
    const before = host.running!;
    const [, backend, server, address, port] = /backend (\S+)\n[\s\S]*?\n +server (\S+) (\S+):(\d+)/.exec(
      before,
    )!;
    host.serverStates = `1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_port\n3 ${backend} 1 ${server} ${address} 2 8 ${port}\n`;
    spoil(host, before);
    const told: unknown[] = [];
    const runs = host.starts;
    host.starts = (config) => {
      told.push(host.files.get(serverStatePath));
      return runs(config);
    };
    await failureOf(applyHaproxy(host, buildFiles(), progress));
    expect(told).toEqual(Array.from({ length: starts }, () => host.serverStates));
    expect([host.running, host.files.get(serverStatePath)]).toEqual([before, emptyServerState]);
  },
);

test('NGINX runs the new configuration beside HAProxy, which then ends; removal brings both back as they were', async () => {
  const host = buildPackagedHost();
  host.files.set(engines.nginx.configPath, 'user www-data;\n');
  await applyHaproxy(host, buildFiles(), progress);
  const nginxCluster = buildNginxCluster();
  const model = planBackends(buildStack(richSection), nginxCluster, richMaterials);
  const place = { interfaceName: 'eth0', hasNft: true, version: '1.26.3' };
  const { files } = buildParts(model, nginxCluster, nginxCluster.nodes[0]!, place).find(
    ({ name }) => name === 'nginx',
  )!;
  const key = readPem('www.key');
  await applyEngine(host, { ...rest, engine: 'nginx', files, obsolete: [], findKey: () => key }, progress);
  expect(host.nginx).toBe(files.at(-1)!.content);
  const keyPaths = [...host.files.keys()].filter((path) => path.endsWith('.key'));
  expect(keyPaths.map((path) => host.files.get(path))).toEqual(keyPaths.map(() => key.reveal().toString()));
  expect(host.running).toBeDefined();

  await displaceEngine(host, 'haproxy');
  expect(host.running).toBeUndefined();
  expect([...host.files.keys()].filter((path) => path.includes('leave'))).toEqual([]);
  expect(host.files.get(haproxyConfigPath)).toBe(packaged);

  for (const part of ['nginx', 'haproxy'] as const) await removePart(host, part, nginxCluster);
  expect([...host.files]).toEqual([
    [haproxyConfigPath, packaged],
    [engines.nginx.configPath, 'user www-data;\n'],
  ]);
  expect([host.running, host.nginx]).toEqual([packaged, 'user www-data;\n']);
});

test('files of an earlier configuration go once the new one runs', async () => {
  const host = buildPackagedHost();
  const obsolete = `${engines.haproxy.folder}/old.pem`;
  host.files.set(obsolete, 'old');
  host.starts = (config) => config === packaged;
  const apply = (): Promise<void> =>
    applyEngine(
      host,
      { ...rest, engine: 'haproxy', files: buildFiles(), obsolete: [obsolete], findKey: () => undefined },
      progress,
    );
  await failureOf(apply());
  expect(host.files.has(obsolete)).toBe(true);
  host.starts = () => true;
  await apply();
  expect(host.files.has(obsolete)).toBe(false);
});

test('a configuration with which a frontend answers worse than before is taken back', async () => {
  const host = buildPackagedHost();
  await applyHaproxy(host, buildFiles('web: {listen: 80, service: flask}'), progress);
  const before = host.running;
  host.answers = () => (host.running === before ? 'kawanan 200\nweb 200\n' : 'kawanan 200\nweb 503\n');
  const error = await failureOf(
    applyEngine(
      host,
      {
        ...rest,
        engine: 'haproxy',
        files: buildFiles(),
        obsolete: [],
        findKey: () => undefined,
        answerWithinMs: 0,
      },
      progress,
    ),
  );
  expect(error.message).toBe(
    "HAProxy doesn't run with the new configuration: web answered 200 before and answers 503 now",
  );
  expect([host.files.get(haproxyConfigPath), host.running]).toEqual([before, before]);
});
