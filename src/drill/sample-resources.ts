/** What the tasks of each node use of processors and memory, as their engines say, while something runs. */
import { swarmNodes } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Host } from '../remote/host.ts';
import { createHosts } from '../remote/hosts.ts';
import type { Stage } from './stage.ts';

export interface ResourceSample {
  /** In the time of the probe's records. */
  atMs: number;
  node: string;
  /** 100 is one core. */
  processorPercent: number;
  memoryBytes: number;
}

export interface ResourceSampler {
  /** Ends the streams and gives all samples, in the order of time. */
  stop(): Promise<ResourceSample[]>;
}

const intervalMs = 1_000;

/** Starts to sample every swarm node that answers, once a second; `originMs` is the wall clock when the records' time began. */
export function startSampling(stage: Pick<Stage, 'cluster' | 'services'>, originMs: number): ResourceSampler {
  const hosts = createHosts(stage.cluster);
  const samples: ResourceSample[] = [];
  const ended = new AbortController();
  const names = new Set(stage.services.map(({ name }) => name));
  const work = swarmNodes(stage.cluster).map(async ({ name }) => {
    try {
      await sampleNode(await hosts.connect(name), names, ended.signal, (sample) =>
        samples.push({ ...sample, atMs: Date.now() - originMs, node: name }),
      );
    } catch (error) {
      // A node that is broken by the drill has nothing more to say.
      if (!(error instanceof UserError) && !ended.signal.aborted) throw error;
    }
  });
  const all = Promise.allSettled(work);
  return {
    stop: async () => {
      ended.abort();
      await hosts.close();
      await all;
      return samples.toSorted((a, b) => a.atMs - b.atMs);
    },
  };
}

interface Usage {
  processorNs: number;
  memoryBytes: number;
}

async function sampleNode(
  host: Host,
  services: Set<string>,
  signal: AbortSignal,
  report: (sample: Pick<ResourceSample, 'processorPercent' | 'memoryBytes'>) => void,
): Promise<void> {
  const engine = host.engine();
  let before: Map<string, Usage> = new Map();
  let beforeAt = performance.now();
  while (!signal.aborted) {
    const listed = await engine.listContainers({ filters: { label: ['com.docker.swarm.service.name'] } });
    const own = listed.filter(({ Labels }) => services.has(Labels['com.docker.swarm.service.name'] ?? ''));
    const now = performance.now();
    const usages = await Promise.all(own.map(async ({ Id }) => [Id, await readUsage(engine, Id)] as const));
    const after = new Map(usages.filter((entry): entry is [string, Usage] => entry[1] !== undefined));
    let spentNs = 0;
    let memoryBytes = 0;
    for (const [id, usage] of after) {
      // A container that is new has used all that it has in this time.
      spentNs +=
        usage.processorNs - (before.get(id)?.processorNs ?? (before.size === 0 ? usage.processorNs : 0));
      memoryBytes += usage.memoryBytes;
    }
    if (before.size > 0) report({ processorPercent: (spentNs / 1e6 / (now - beforeAt)) * 100, memoryBytes });
    before = after;
    beforeAt = now;
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

interface Stats {
  cpu_stats: { cpu_usage: { total_usage: number } };
  memory_stats: { usage?: number; stats?: { inactive_file?: number; total_inactive_file?: number } };
}

/** Source: Engine API, ContainerStats with one-shot. Memory is counted as `docker stats` does: without the file cache. */
async function readUsage(engine: ReturnType<Host['engine']>, id: string): Promise<Usage | undefined> {
  try {
    const { cpu_stats, memory_stats } = (await engine
      .getContainer(id)
      .stats({ stream: false, 'one-shot': true } as { stream: false })) as unknown as Stats;
    const { usage = 0, stats = {} } = memory_stats;
    return {
      processorNs: cpu_stats.cpu_usage.total_usage,
      memoryBytes: usage - (stats.total_inactive_file ?? stats.inactive_file ?? 0),
    };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
