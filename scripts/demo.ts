/** The main job on the lab, step by step, with the very commands a user would type; then the tour of what it made. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { statisticsPort } from '../src/balancer/definition.ts';
import { balancers } from '../src/cluster/cluster.ts';
import { loadCluster } from '../src/cluster/load-cluster.ts';
import { statePaths } from '../src/lab/cluster-file.ts';
import { findLab } from '../src/lab/lab.ts';
import { formatDuration } from '../src/output/format.ts';
import { printError } from '../src/output/print-error.ts';
import { createTerminal } from '../src/output/terminal.ts';
import { type TourTarget, tourSiripHiu } from '../stacks/sirip-hiu/tour.ts';
import { readTourTarget } from '../stacks/sirip-hiu/tour-target.ts';

const root = join(import.meta.dirname, '..');
const terminal = createTerminal();
const phases: { name: string; elapsedMs: number }[] = [];

const say = (text: string): void => terminal.out(`${text}\n`);

/** Runs one phase, says how it is called and remembers how long it took. */
async function runPhase(name: string, work: () => void | Promise<void>): Promise<void> {
  const startedAt = performance.now();
  await work();
  phases.push({ name, elapsedMs: performance.now() - startedAt });
}

/** Runs kawanan as its user does; its output is the demo's own. */
function kawanan(...args: string[]): void {
  say(`\n${terminal.colors.bold(`$ kawanan ${args.join(' ')}`)}`);
  const { status } = spawnSync(join(root, 'bin/kawanan'), args, { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
}

/** The service is up when `up` ends; a balancer may need a moment more to see the last server rise. */
async function tourPatiently(target: TourTarget): Promise<void> {
  say(`\n${terminal.colors.bold(`the tour, through ${target.address}`)}`);
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      await tourSiripHiu(target, ({ title, detail, elapsedMs }) =>
        say(`  ${title}: ${detail} (${formatDuration(elapsedMs)})`),
      );
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(1000);
    }
  }
}

async function main(): Promise<void> {
  const lab = findLab({ cwd: root, env: process.env });
  const paths = statePaths(lab);
  const startedAt = performance.now();

  await runPhase('lab up', () => kawanan('lab', 'up'));
  await runPhase('up', () => kawanan('up', '--yes', '--file', paths.cluster));
  const target = await readTourTarget(paths.cluster);
  await runPhase('tour', () => tourPatiently(target));
  await runPhase('status', () => kawanan('status', '--file', paths.cluster));

  const cluster = await loadCluster(paths.cluster);
  const statistics = balancers(cluster)
    .map(({ address }) => `http://${address}:${statisticsPort}/`)
    .join(' and ');
  say(`\n${terminal.colors.bold('how long it took')}`);
  for (const { name, elapsedMs } of phases) say(`  ${name.padEnd(8)} ${formatDuration(elapsedMs)}`);
  say(`  ${'in all'.padEnd(8)} ${formatDuration(performance.now() - startedAt)}`);
  say(`
Open http://${target.address}/ on this computer and log in as admin; the password is admin_password in
${paths.secrets}
Statistics of the balancers: ${statistics}
Break something:  ./bin/kawanan lab kill vm-loadbalancer1     and look: ./bin/kawanan status -f ${paths.cluster}
Take it away:     ./bin/kawanan down --yes --volumes -f ${paths.cluster} && ./bin/kawanan lab down`);
}

main().catch((error: unknown) => {
  printError(error, terminal);
  process.exitCode = 1;
});
