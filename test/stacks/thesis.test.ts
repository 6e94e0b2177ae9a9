import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { planBackends } from '../../src/balancer/backends.ts';
import { parseCluster } from '../../src/cluster/parse-cluster.ts';
import { readStackDraft } from '../../src/pipeline/stack-draft.ts';
import { parseSecretsFile } from '../../src/secrets/secrets-file.ts';
import { checkStack } from '../../src/stack/check-stack.ts';
import { checkStacks } from '../../src/stack/check-stacks.ts';
import { loadStack } from '../../src/stack/compose/load-stack.ts';
import { lintPlacement } from '../../src/stack/lint/lint-placement.ts';

const folder = path.resolve(import.meta.dirname, '../../stacks/thesis');
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
const inFolder = (...names: string[]): string[] => names.map((name) => path.join(folder, name));
const variables = { KAWANAN_VIP: '192.168.1.20' };
const clusterFile = path.join(folder, 'cluster.example.yml');
const cluster = parseCluster(read('cluster.example.yml'), clusterFile, { home: '/home/user' });

const printed = await loadStack(inFolder('compose.yml'), { name: 'thesis', variables });
const balanced = await loadStack(inFolder('compose.yml', 'balancer.yml'), { name: 'thesis', variables });
const database = await loadStack(inFolder('mysql.yml'), { name: 'database', variables });

test('the file is the one of the thesis, to the letter', () => {
  expect(createHash('sha256').update(read('compose.yml')).digest('hex')).toBe(
    '662c9cdd96504e1f320796c8daa2385573946ece8e27ff296735c4ea164341c8',
  );
});

test('it is warned about, lint by lint, and refused nowhere', () => {
  const { lints = [] } = lintPlacement(printed, cluster);
  expect(lints.map(({ code, path: at, line }) => `${line} ${at} ${code}`)).toEqual([
    '169 services.minio-init.restart restart-key',
    '171 services.minio-init.volumes.0 relative-bind-mount',
    '35 services.fastapi.image image-not-pinned',
    '36 services.fastapi.ports ingress-port',
    '14 services.flask.image image-not-pinned',
    '15 services.flask.ports ingress-port',
    '166 services.minio-init.image image-not-pinned',
    '78 services.minio1.image image-not-pinned',
    '81 services.minio1.ports ingress-port',
    '102 services.minio2.image image-not-pinned',
    '105 services.minio2.ports ingress-port',
    '105 services.minio2.ports published-port-unheard',
    '126 services.minio3.image image-not-pinned',
    '129 services.minio3.ports ingress-port',
    '129 services.minio3.ports published-port-unheard',
    '146 services.minio4.image image-not-pinned',
    '149 services.minio4.ports ingress-port',
    '149 services.minio4.ports published-port-unheard',
  ]);
  expect(checkStack(printed, cluster)).toEqual([]);
  expect(checkStacks([database, balanced], [], cluster)).toEqual([]);
  expect(database.warnings).toEqual([]);
});

test('the script that it mounts reaches every node as a config', () => {
  const [config] = printed.configs;
  expect(config?.key).toBe('minio-init-minio.sh');
  expect(Buffer.from(config!.spec.Data!, 'base64').toString()).toBe(read('minio/init-minio.sh'));
  const init = printed.services.find(({ key }) => key === 'minio-init')!.spec.TaskTemplate.ContainerSpec;
  expect(init.Mounts ?? []).toEqual([]);
  expect(init.Configs?.map(({ File, ConfigName }) => [File?.Name, ConfigName])).toEqual([
    ['/init-minio.sh', 'thesis_minio-init-minio.sh'],
  ]);
});

test('each published port is balanced under its number, by every swarm node, also without a file of ours', () => {
  const { frontends, backends } = planBackends(printed, cluster);
  expect(frontends.map(({ listen }) => listen).sort((a, b) => a - b)).toEqual([
    5000, 8000, 9000, 9001, 9002, 9003, 9004, 9005, 9006, 9007,
  ]);
  expect(new Set(backends.map(({ servers }) => servers.map(({ node }) => node).join(' ')))).toEqual(
    new Set(['vm-dockerswarmmanager vm-dockerswarmworker1 vm-dockerswarmworker2']),
  );
});

test('the file over it gives the site and the store one port each', () => {
  const { frontends, backends } = planBackends(balanced, cluster);
  expect(frontends.map(({ name, listen, mode }) => `${name} ${listen} ${mode}`)).toEqual([
    'web 80 http',
    's3 9000 http',
  ]);
  expect(backends.map(({ name, servers }) => `${name} ${servers.length}`)).toEqual([
    'web.fastapi 3',
    'web.flask 3',
    's3.servers 12',
  ]);
});

test('the images that it names are built, and not found unpinned, where the cluster file says from what', async () => {
  const drafts = await Promise.all(cluster.stacks.map((stack) => readStackDraft(stack, cluster, {})));
  expect(drafts.flatMap(({ problems }) => problems)).toEqual([]);
  const built = drafts.flatMap(({ images }) => [...images!.builds]);
  const short = (text: string): string => text.replace(/-[0-9a-f]{12}$/, '');
  expect(Object.fromEntries(built.map(([key, { reference }]) => [key, short(reference)]))).toEqual({
    mysql: 'mysql:8.4',
    fastapi: 'zocc/api-sirip-hiu:latest',
    flask: 'zocc/fe-sirip-hiu:latest',
    'minio-init': 'minio/mc:latest',
    minio1: 'minio/minio:latest',
    minio2: 'minio/minio:latest',
    minio3: 'minio/minio:latest',
    minio4: 'minio/minio:latest',
  });
  const codes = drafts.flatMap(({ definition }) => (definition.lints ?? []).map(({ code }) => code));
  expect(codes).not.toContain('image-not-pinned');
});

test('every secret of both stacks has a value in the example', () => {
  const names = parseSecretsFile(read('secrets.example'), 'secrets.example').map(({ name }) => name);
  const wanted = [...balanced.external.secrets, ...database.external.secrets];
  expect([...new Set(wanted)].sort()).toEqual([...names].sort());
  expect(balanced.external.secrets).toHaveLength(17);
});
