import type { Clock, Transport } from '../../../src/drill/probe/run-open-loop.ts';

/**
 * What most load generators do, for comparison: the next request waits for the answer to the last, and is timed from
 * when it was sent. Latencies in milliseconds.
 */
export async function runClosedLoop(
  count: number,
  clock: Pick<Clock, 'now'>,
  transport: Transport,
): Promise<number[]> {
  const latencies: number[] = [];
  for (let sent = 0; sent < count; sent++) {
    const startedMs = clock.now();
    await new Promise<void>((resolve) => transport.send(0, () => resolve()));
    latencies.push(clock.now() - startedMs);
  }
  return latencies;
}
