/** A few requests a second from a client's side, for as long as the dashboard runs: its latencies are these. */
import type { HttpTarget } from '../drill/probe/options.ts';
import { createTransport } from '../drill/probe/transport.ts';

export interface Beat {
  /** Name of the target. */
  target: string;
  latencyMs: number;
  /** Null when it succeeded; else the kind: `timeout`, `status 502`, `ECONNREFUSED`. */
  failure: string | null;
}

const intervalMs = 200;
const timeoutMs = 2_000;

/**
 * Sends each target five requests a second, whatever became of those before, and tells of each what came of it.
 * Ends with the signal. Certificates aren't checked: when they expire is told elsewhere.
 */
export function startPulse(
  targets: HttpTarget[],
  { signal, onBeat }: { signal: AbortSignal; onBeat: (beat: Beat) => void },
): void {
  if (targets.length === 0 || signal.aborted) return;
  const transport = createTransport({
    targets,
    ratePerSecond: 1000 / intervalMs,
    durationMs: 0,
    warmUpMs: 0,
    timeoutMs,
    maxInFlight: (2 * targets.length * timeoutMs) / intervalMs,
    insecure: true,
  });
  const inFlight = new Set<() => void>();

  const send = (target: HttpTarget, index: number): void => {
    const startedMs = performance.now();
    let cancel: (() => void) | undefined;
    let over = false;
    const settle = (failure: string | null): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      if (cancel) inFlight.delete(cancel);
      if (!signal.aborted) onBeat({ target: target.name, latencyMs: performance.now() - startedMs, failure });
    };
    const timer = setTimeout(() => {
      settle('timeout');
      cancel?.();
    }, timeoutMs);
    cancel = transport.send(index, ({ failure }) => settle(failure));
    if (!over) inFlight.add(cancel);
  };

  const clock = setInterval(() => targets.forEach(send), intervalMs);
  const end = (): void => {
    clearInterval(clock);
    for (const cancel of inFlight) cancel();
    void transport.close();
  };
  signal.addEventListener('abort', end, { once: true });
}
