/** Figures of the requests that the dashboard sends, and of what the balancers do, second by second. Pure. */
import type { Beat } from './pulse.ts';
import type { BalancerRates } from './rates.ts';
import { createRing } from './ring.ts';
import type { FrontendRow, LatencyFigures, Series } from './state.ts';

/** Five minutes of seconds. */
const points = 300;
/** Of a frontend: two minutes. */
const rowPoints = 120;
/** A minute of beats. */
const beatsKept = 300;

export interface Figures {
  series: Series;
  latency: LatencyFigures | null;
  frontends: FrontendRow[];
  /** Whether clients are answered: nothing failed, something did, all did; null where nothing was sent lately. */
  answers: boolean | null;
}

export interface FigureKeeper {
  count(beat: Beat): void;
  /** Closes a second: what was counted in it and how the balancers do becomes a point of every series. */
  closeSecond(rates: BalancerRates[]): void;
  read(): Figures;
}

/** Remembers a fixed number of points, however long it runs. */
export function createFigureKeeper(): FigureKeeper {
  const series = {
    requests: createRing<number | null>(points),
    errors: createRing<number | null>(points),
    median: createRing<number | null>(points),
    worst: createRing<number | null>(points),
    failed: createRing<number | null>(points),
  };
  const rows = new Map<string, ReturnType<typeof createRow>>();
  let second: Beat[] = [];
  let latest: BalancerRates[] = [];
  let answers: boolean | null = null;
  const rowOf = (name: string): ReturnType<typeof createRow> => {
    const row = rows.get(name) ?? createRow();
    rows.set(name, row);
    return row;
  };
  return {
    count: (beat) => {
      second.push(beat);
      rowOf(beat.target).beats.push(beat);
    },
    closeSecond: (rates) => {
      const total = rates.map(({ total }) => total);
      const errors = total.flatMap(({ errorsPerSecond = null }) => errorsPerSecond ?? []);
      series.requests.push(total.length === 0 ? null : round(sum(total.map((one) => one.requestsPerSecond))));
      series.errors.push(errors.length === 0 ? null : round(sum(errors)));
      const spread = measureSpread(second);
      series.median.push(spread?.p50 ?? null);
      series.worst.push(spread?.worst ?? null);
      series.failed.push(spread ? spread.failed : null);
      if (spread) answers = spread.failed < spread.sent;
      for (const name of new Set(rates.flatMap(({ frontends }) => frontends.map((one) => one.name))))
        rowOf(name);
      for (const [name, row] of rows) {
        const served = findFrontend(rates, name);
        row.requests.push(
          served.length === 0 ? null : round(sum(served.map((one) => one.requestsPerSecond))),
        );
        row.median.push(measureSpread(second.filter(({ target }) => target === name))?.p50 ?? null);
      }
      second = [];
      latest = rates;
    },
    read: () => ({
      series: {
        requests: series.requests.list(),
        errors: series.errors.list(),
        median: series.median.list(),
        worst: series.worst.list(),
        failed: series.failed.list(),
      },
      latency: measureSpread([...rows.values()].flatMap(({ beats }) => beats.list())),
      frontends: [...rows].map(([name, row]) => {
        const served = findFrontend(latest, name);
        return {
          name,
          requestsPerSecond: round(sum(served.map((one) => one.requestsPerSecond))),
          errorsPerSecond: round(sum(served.map((one) => one.errorsPerSecond ?? 0))),
          sessions: sum(served.map((one) => one.sessions)),
          latency: measureSpread(row.beats.list()),
          requests: row.requests.list(),
          median: row.median.list(),
        };
      }),
      answers,
    }),
  };
}

function createRow() {
  return {
    beats: createRing<Beat>(beatsKept),
    requests: createRing<number | null>(rowPoints),
    median: createRing<number | null>(rowPoints),
  };
}

function findFrontend(rates: BalancerRates[], name: string): BalancerRates['frontends'] {
  return rates.flatMap(({ frontends }) => frontends.filter((one) => one.name === name));
}

/** Latencies are those of successes. `undefined` in place of figures where nothing was sent. */
function measureSpread(beats: Beat[]): LatencyFigures | null {
  if (beats.length === 0) return null;
  const latencies = beats
    .filter(({ failure }) => failure === null)
    .map(({ latencyMs }) => latencyMs)
    .sort((a, b) => a - b);
  const at = (share: number): number | null => {
    const value = latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
    return value === undefined ? null : round(value);
  };
  return {
    sent: beats.length,
    failed: beats.length - latencies.length,
    p50: at(0.5),
    p99: at(0.99),
    worst: at(1),
  };
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** A tenth is as sharp as anyone reads, and a short text. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
