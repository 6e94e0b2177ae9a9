// `kawanan deploy` against the real `docker stack deploy --detach=false --resolve-image never`: on one lab, in one run,
// in turns, the reference stack with its images and secrets in place. Three measures: a cold deploy (no stack, the data
// volumes are kept), a deploy that changes nothing (15 s later; of ours the median of five), and one that changes a
// variable of flask. What is timed is the whole command; ours also looks at images, secrets and balancers, and proves at
// the end that nothing is left to do; theirs has a forwarded socket for free, ours makes its SSH connections. "tasks up"
// is when the last task that the command started ran (was healthy), by the swarm's own time stamps. The one-shot
// minio-init is left out: the real command waits for ever for a task that ends.
// Needs root for the lab and a docker client on the PATH. A lab that is up is used (KAWANAN_LAB); otherwise one is made
// and taken down again.
// Run: node bench/deploy.ts [rounds, 3]
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { parseDocument, stringify } from 'yaml';
import { swarmNodes } from '../src/cluster/cluster.ts';
import { renderTable } from '../src/output/table.ts';
import { loadInputs } from '../src/pipeline/inputs.ts';
import { createHosts } from '../src/remote/hosts.ts';
import { type Finished, kawanan, openLab, root, run } from './run-program.ts';

const rounds = Number(process.argv[2] ?? 3);
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const leftOut = 'minio-init';

const lab = await openLab();
const labCluster = lab.file;
print(
  `the cluster: ${(await kawanan('up', '--yes', '--file', labCluster)).output.trim().split('\n').at(-1)}`,
);

const inputs = await loadInputs({ file: labCluster, cwd: root, env: process.env, writeSecrets: false });
const { cluster, stacks } = inputs;
const { definition } = stacks[0]!;
const hosts = createHosts(cluster);
const manager = cluster.nodes.find(({ role }) => role === 'manager')!;
const managerHost = await hosts.connect(manager.name);
const engine = managerHost.engine();

// The real client reaches the manager's engine through a socket here, on the bench's own SSH connection.
const folder = await mkdtemp(join(tmpdir(), 'kawanan-bench-'));
const socketPath = join(folder, 'docker.sock');
const server = createServer((local) => {
  managerHost.openSocket('/run/docker.sock').then(
    (far) => {
      local.pipe(far).pipe(local);
      local.on('error', () => far.destroy());
      far.on('error', () => local.destroy());
    },
    () => local.destroy(),
  );
});
await new Promise<void>((resolve) => server.listen(socketPath, resolve));
const docker = (...args: string[]): Promise<Finished> =>
  run('docker', args, { DOCKER_HOST: `unix://${socketPath}`, DOCKER_CONFIG: folder, ...cluster.variables });

interface ComposeService {
  image: string;
  build?: unknown;
  environment?: Record<string, string>;
}
interface ComposeFile {
  services: Record<string, ComposeService>;
  secrets: Record<string, object>;
  'x-balancer'?: unknown;
}

/** `docker stack config` prints text with single dollars, which would be variables again. */
function escapeDollars<Value>(value: Value): Value {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$') as Value;
  if (Array.isArray(value)) return value.map(escapeDollars) as Value;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, escapeDollars(inner)]),
  ) as Value;
}

const files = cluster.stacks[0]!.files.flatMap((file) => ['-c', file]);
const config = (await docker('stack', 'config', ...files)).output;
const base = escapeDollars(parseDocument(config).toJS() as ComposeFile);
delete base.services[leftOut];

/** One compose file a side, alike but for where images come from: theirs have the tags that ours are built under. */
async function writeFiles(name: string, mark: string | undefined): Promise<{ ours: string; theirs: string }> {
  const write = async (
    side: string,
    bend: (key: string, service: ComposeService) => object,
  ): Promise<string> => {
    const services = Object.entries(base.services).map(([key, { build: _build, ...service }]) => {
      const environment = { ...service.environment, ...(mark && key === 'flask' && { BENCH: mark }) };
      return [key, { ...service, environment, ...bend(key, service) }];
    });
    const file = join(folder, `${name}.${side}.yml`);
    const content = {
      ...base,
      services: Object.fromEntries(services),
      'x-balancer': definition.xBalancer?.value,
    };
    await writeFile(file, stringify(content, { aliasDuplicateObjects: false }));
    return file;
  };
  const find = (key: string) => definition.services.find((service) => service.key === key)!;
  const theirs = await write('theirs', (key) => ({
    image: find(key).spec.TaskTemplate.ContainerSpec.Image,
  }));
  const compose = await write('ours', (key) => {
    const { build } = find(key);
    return build ? { build } : {};
  });
  const document = parseDocument(await readFile(labCluster, 'utf8'));
  document.setIn(['stack', 'file'], compose);
  const ours = join(folder, `${name}.cluster.yml`);
  await writeFile(ours, document.toString());
  return { ours, theirs };
}

const stackLabel = { label: [`com.docker.stack.namespace=${definition.name}`] };
const filters = JSON.stringify(stackLabel);

/** Takes the stack away and waits until nothing of it is left on any node; its volumes stay. */
async function removeStack(): Promise<void> {
  await docker('stack', 'rm', definition.name);
  const engines = await Promise.all(
    swarmNodes(cluster).map(async ({ name }) => (await hosts.connect(name)).engine()),
  );
  const count = async (node: Docker): Promise<number> =>
    (await node.listContainers({ all: true, filters: JSON.stringify(stackLabel) })).length;
  for (let tries = 0; tries < 600; tries++) {
    const left = await Promise.all([
      ...engines.map(count),
      listTasks().then(({ length }) => length),
      engine.listNetworks({ filters }).then(({ length }) => length),
    ]);
    if (left.every((number) => number === 0)) return;
    await sleep(200);
  }
  throw new Error('the stack was not gone within 2 minutes');
}

interface RawTask {
  CreatedAt: string;
  DesiredState: string;
  Status: { State: string; Timestamp: string };
}

const listTasks = async (): Promise<RawTask[]> =>
  (await engine.listTasks({ filters } as never)) as unknown as RawTask[];

/** From `startedAt` (the computer's clock, which the lab's machines share) until the last task made since then ran. */
async function readTasksUpMs(startedAt: number): Promise<number | undefined> {
  const tasks = (await listTasks()).filter(
    ({ CreatedAt, DesiredState, Status }) =>
      Date.parse(CreatedAt) >= startedAt && DesiredState === 'running' && Status.State === 'running',
  );
  if (tasks.length === 0) return undefined;
  return Math.max(...tasks.map(({ Status }) => Date.parse(Status.Timestamp))) - startedAt;
}

interface Measure {
  elapsedMs: number;
  tasksUpMs?: number | undefined;
}
const steps = { cold: 0.6, 'no change': 0.1, 'one service': 1 } as const;
type Step = keyof typeof steps;
type Side = 'theirs' | 'ours';
const measures: Record<Step, Record<Side, Measure[]>> = {
  cold: { theirs: [], ours: [] },
  'no change': { theirs: [], ours: [] },
  'one service': { theirs: [], ours: [] },
};

const plain = await writeFiles('plain', undefined);

async function measure(step: Step, side: Side, paths: { ours: string; theirs: string }): Promise<void> {
  const startedAt = Date.now();
  const deploy = (): Promise<Finished> =>
    side === 'ours'
      ? kawanan('deploy', '--yes', '--file', paths.ours)
      : docker(
          ...['stack', 'deploy', '--detach=false', '--resolve-image', 'never', '-c', paths.theirs],
          definition.name,
        );
  const runs = [await deploy()];
  // A second is too short to be measured once; theirs takes two minutes.
  while (side === 'ours' && step === 'no change' && runs.length < 5) runs.push(await deploy());
  const elapsedMs = median(runs.map((run) => run.elapsedMs));
  const tasksUpMs = await readTasksUpMs(startedAt);
  measures[step][side].push({ elapsedMs, tasksUpMs });
  const all = runs.length === 1 ? '' : ` (${runs.map((run) => formatSeconds(run.elapsedMs)).join(', ')})`;
  const up = tasksUpMs === undefined ? '' : `, tasks up after ${formatSeconds(tasksUpMs)}`;
  print(`${step}, ${side}: ${formatSeconds(elapsedMs)}${all}${up} (load ${loadavg()[0]!.toFixed(1)})`);
}

const formatSeconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const median = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
};

print(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores; ${new Date().toISOString()}`,
);
print(
  `load average before: ${loadavg()
    .map((load) => load.toFixed(2))
    .join(' ')}`,
);
print(`engine ${(await engine.version()).Version}; ${(await docker('--version')).output.trim()}`);
try {
  for (let round = 1; round <= rounds; round++) {
    print(`round ${round} of ${rounds}`);
    const changed = await writeFiles('changed', String(round));
    for (const side of round % 2 === 1 ? (['theirs', 'ours'] as const) : (['ours', 'theirs'] as const)) {
      await removeStack();
      await measure('cold', side, plain);
      // what has only just started still uses the processors that all machines share
      await sleep(15_000);
      await measure('no change', side, plain);
      await measure('one service', side, changed);
    }
  }
} finally {
  server.close();
  await hosts.close();
  await rm(folder, { recursive: true, force: true });
  if (lab.wasUp) await kawanan('up', '--yes', '--file', labCluster);
  await lab[Symbol.asyncDispose]();
}

const rows = Object.entries(steps).map(([step, target]) => {
  const { theirs, ours } = measures[step as Step];
  const ratio = median(ours.map(({ elapsedMs }, index) => elapsedMs / theirs[index]!.elapsedMs));
  const show = (values: (number | undefined)[]): string => {
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? '' : formatSeconds(median(known));
  };
  return [
    step,
    show(theirs.map(({ elapsedMs }) => elapsedMs)),
    show(ours.map(({ elapsedMs }) => elapsedMs)),
    ratio.toFixed(3),
    `≤ ${target}`,
    show(theirs.map(({ tasksUpMs }) => tasksUpMs)),
    show(ours.map(({ tasksUpMs }) => tasksUpMs)),
  ];
});
print(
  `load average after: ${loadavg()
    .map((load) => load.toFixed(2))
    .join(' ')}`,
);
print(`medians of ${rounds} rounds; ratio: median of ours/theirs in the same round`);
print(
  renderTable(
    ['', 'docker stack deploy', 'kawanan deploy', 'ratio', 'target', 'tasks up: docker', 'kawanan'],
    rows,
  ),
);
process.exit(0);
