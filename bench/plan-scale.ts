// What it costs to plan 200 services on 100 nodes, with all that a manager answers about them (3,000 tasks): no lab, no
// network. Each case in a process of its own, from the text of the compose file and the answers' JSON to the printed
// plan: the time of that work, the process's from start to end, and the most memory it ever held (resident, with
// Node.js itself, compiled modules kept as bin/kawanan does). Runs each case five times; prints medians and the worst
// memory.
// Run: node bench/plan-scale.ts
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderTable } from '../src/output/table.ts';
import type { StackObserved } from '../src/stack/observed.ts';

const cases = ['nothing there yet', 'nothing to do', 'all to update'] as const;
type Case = (typeof cases)[number];
const runs = 5;
const limits = { planMs: 1000, memoryMb: 200 };

interface Measure {
  planMs: number;
  /** Processor time of the same work, all threads: on a busy computer it says more than the clock. */
  processorMs: number;
  memoryMb: number;
  changes: number;
}

/** In the child: reads the files of `folder` and plans. */
async function plan(which: Case, folder: string): Promise<Measure> {
  const [{ loadStack }, { dropNulls }, { planStack }, { planRevision }, { renderPlan }, { default: colors }] =
    await Promise.all([
      import('../src/stack/compose/load-stack.ts'),
      import('../src/stack/observe.ts'),
      import('../src/stack/plan.ts'),
      import('../src/stack/revision.ts'),
      import('../src/output/render-plan.ts'),
      import('picocolors'),
    ]);
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const file = join(folder, which === 'all to update' ? '1.1.yml' : '1.0.yml');
  const definition = await loadStack([file], { name: 'large', variables: {} });
  const answers = JSON.parse(readFileSync(join(folder, `${which}.json`), 'utf8'));
  const observed = dropNulls<StackObserved>(answers);
  const stackPlan = planStack(definition, observed, new Map());
  const revision = planRevision(definition, observed, stackPlan.changes, 10);
  const text = renderPlan([stackPlan], colors.createColors(false));
  if (!revision || text === '') throw new Error('nothing was planned');
  const planMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(before);
  return {
    planMs,
    processorMs: (user + system) / 1000,
    memoryMb: process.resourceUsage().maxRSS / 1024,
    changes: stackPlan.changes.length,
  };
}

function measure(which: Case, folder: string): Measure & { processMs: number } {
  const startedAt = performance.now();
  const text = execFileSync(process.execPath, [import.meta.filename, which, folder], {
    encoding: 'utf8',
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') },
  });
  return { ...(JSON.parse(text) as Measure), processMs: performance.now() - startedAt };
}

async function compare(): Promise<void> {
  const { largeStackName, observeLargeStack, readLargeStack, writeLargeStack } = await import(
    '../test/stack/large-stack.ts'
  );
  const folder = mkdtempSync(join(tmpdir(), 'kawanan-bench-'));
  try {
    for (const version of ['1.0', '1.1'])
      writeFileSync(join(folder, `${version}.yml`), writeLargeStack(version));
    const running = observeLargeStack(readLargeStack(writeLargeStack('1.0')));
    const save = (which: Case, observed: object): void =>
      writeFileSync(join(folder, `${which}.json`), JSON.stringify(observed));
    save('nothing there yet', { ...running, networks: [], services: [], tasks: [] });
    save('nothing to do', running);
    save('all to update', running);
    process.stdout.write(
      `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores; ${new Date().toISOString()}; load ${loadavg()[0]!.toFixed(2)}\n` +
        `stack ${largeStackName}: ${running.services.length} services, ${running.nodes.length} nodes, ${running.tasks.length} tasks\n`,
    );
    measure('nothing to do', folder); // fills the cache of compiled modules
    const rows = cases.map((which) => {
      const measures = Array.from({ length: runs }, () => measure(which, folder));
      const median = (pick: (one: (typeof measures)[number]) => number): number =>
        measures.map(pick).sort((a, b) => a - b)[Math.floor(runs / 2)]!;
      const planMs = median((one) => one.planMs);
      const memoryMb = Math.max(...measures.map((one) => one.memoryMb));
      return [
        which,
        String(measures[0]!.changes),
        `${planMs.toFixed(0)} ms`,
        (planMs / limits.planMs).toFixed(2),
        `${median((one) => one.processorMs).toFixed(0)} ms`,
        `${median((one) => one.processMs).toFixed(0)} ms`,
        `${memoryMb.toFixed(0)} MB`,
        (memoryMb / limits.memoryMb).toFixed(2),
      ];
    });
    const header = ['', 'changes', 'plan', 'of 1 s', 'processor', 'whole process', 'memory', 'of 200 MB'];
    process.stdout.write(renderTable(header, rows));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [which, folder] = process.argv.slice(2);
if (which !== undefined && folder !== undefined)
  process.stdout.write(JSON.stringify(await plan(which as Case, folder)));
else await compare();
