/** How much a balancer does per second, from two looks at what it has counted. Pure. */
import type { BalancerCounters, Counters, ServerCounters } from '../balancer/counters.ts';

export interface Sample {
  /** On a clock that doesn't jump. */
  atMs: number;
  counters: BalancerCounters;
}

export interface Rates {
  sessions: number;
  requestsPerSecond: number;
  /** Absent where the engine doesn't tell. */
  errorsPerSecond?: number;
}

export interface BalancerRates {
  total: Rates;
  frontends: (Rates & { name: string })[];
  servers: (Rates & Pick<ServerCounters, 'backend' | 'name' | 'address' | 'state' | 'says' | 'responseMs'>)[];
}

/** `undefined` without an earlier look, or when no time has passed. */
export function measureRates(before: Sample | undefined, now: Sample): BalancerRates | undefined {
  const seconds = (now.atMs - (before?.atMs ?? now.atMs)) / 1000;
  if (!before || seconds <= 0) return undefined;
  const rate = (is: Counters, was: Counters | undefined): Rates => ({
    sessions: is.sessions,
    requestsPerSecond: difference(is.requests, was?.requests) / seconds,
    ...(is.errors !== undefined && { errorsPerSecond: difference(is.errors, was?.errors) / seconds }),
  });
  return {
    total: rate(now.counters.total, before.counters.total),
    frontends: now.counters.frontends.map((one) => ({
      name: one.name,
      ...rate(
        one,
        before.counters.frontends.find(({ name }) => name === one.name),
      ),
    })),
    servers: now.counters.servers.map((one) => ({
      backend: one.backend,
      name: one.name,
      address: one.address,
      state: one.state,
      says: one.says,
      responseMs: one.responseMs,
      ...rate(
        one,
        before.counters.servers.find(({ name, backend }) => name === one.name && backend === one.backend),
      ),
    })),
  };
}

/** A reload begins to count at 0 again. */
function difference(is: number, was = is): number {
  return is < was ? is : is - was;
}
