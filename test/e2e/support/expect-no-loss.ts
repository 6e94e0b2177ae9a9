/** Work during which requests come in all the time, of which none may fail. */
import { expect } from 'vitest';
import type { HttpTarget } from '../../../src/drill/probe/options.ts';
import { startProbe } from '../../../src/drill/probe/probe.ts';
import { explainLosses } from './explain-losses.ts';
import type { SmallCluster } from './small-cluster.ts';

type Connection = 'keep' | 'new';

/** GET and POST of one address, on kept connections and on new ones; `name` tells several addresses apart. */
export function readAndWrite(
  address: string,
  { connections = ['keep', 'new'], name }: { connections?: Connection[]; name?: string } = {},
): HttpTarget[] {
  const base = { kind: 'http' as const, url: `http://${address}/` };
  const suffix = name === undefined ? '' : ` ${name}`;
  return connections.flatMap((connection): HttpTarget[] => [
    { ...base, connection, name: `GET ${connection}${suffix}` },
    { ...base, connection, name: `POST ${connection}${suffix}`, method: 'POST', body: 'x'.repeat(2_000) },
  ]);
}

const ratePerSecond = 40;
const longestMs = 240_000;

/** Throws, with which requests failed and why, unless all were answered while `work` was done. */
export async function expectNoLoss(
  small: SmallCluster,
  targets: HttpTarget[],
  work: () => Promise<unknown>,
  timeoutMs = 10_000,
): Promise<void> {
  const probe = startProbe({ targets, ratePerSecond, durationMs: longestMs, timeoutMs });
  await probe.started;
  try {
    await work();
  } finally {
    const result = await probe.stop();
    expect(result.figures.failed, await explainLosses(small, result)).toBe(0);
    expect(result.figures.requests).toBeGreaterThan(50);
  }
}
