/** What a dashboard is before it is Grafana's JSON: titles, queries, units. No I/O here. */

export interface Query {
  /** PromQL. */
  expr: string;
  /** Name of a series, with `{{label}}`. */
  legend: string;
}

export interface Panel {
  title: string;
  /** How it is drawn: lines over time, one number, or states over time. */
  kind: 'lines' | 'number' | 'states';
  /** Grafana's name of the unit: `reqps`, `s`, `bytes`, `percentunit`, `short`. */
  unit: string;
  queries: Query[];
  /** Green from here up and below there, red else; without it a number has no colour, and states are green from 1. */
  good?: { from?: number; below?: number };
  /** What it says and where from, for whoever reads it. */
  about?: string;
  /** Why it may have no samples although what it rests on is there. */
  emptyWhen?: string;
}

export interface Dashboard {
  /** Name of its file, and its address in Grafana after `kawanan-`. */
  name: string;
  title: string;
  panels: Panel[];
}

/** One panel of lines over time. */
export function drawLines(
  title: string,
  unit: string,
  queries: Query[] | Query,
  more: Partial<Panel> = {},
): Panel {
  return { title, kind: 'lines', unit, queries: [queries].flat(), ...more };
}

/** One number, green or red where it says what is good. */
export function showNumber(title: string, unit: string, expr: string, more: Partial<Panel> = {}): Panel {
  return { title, kind: 'number', unit, queries: [{ expr, legend: title }], ...more };
}
