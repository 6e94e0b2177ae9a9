// Small live charts, drawn by hand: the newest second is at the right.
import { h } from './dom.js';

const width = 300;
const height = 64;

/**
 * @param {{ values: (number | null)[], kind: 'area' | 'line' | 'bars', tone: string }[]} series
 * @param {{ label: string, points: number, least?: number }} options `least`: the scale's top is never below
 */
export function drawChart(series, { label, points, least = 1 }) {
  const top = Math.max(least, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))) * 1.1;
  return h(
    'svg',
    {
      class: 'chart',
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': label,
    },
    h('line', { class: 'base', x1: 0, x2: width, y1: height - 0.5, y2: height - 0.5 }),
    ...series.flatMap((one) => drawSeries(one, points, top)),
  );
}

function drawSeries({ values, kind, tone }, points, top) {
  const x = (index) => width - ((values.length - 1 - index) * width) / (points - 1);
  const y = (value) => height - 1 - (value / top) * (height - 4);
  if (kind === 'bars') {
    const d = values
      .map((value, index) => (value ? `M${x(index).toFixed(1)} ${height - 1}V${y(value).toFixed(1)}` : ''))
      .join('');
    return [h('path', { class: `bars ${tone}`, d })];
  }
  const runs = splitRuns(values);
  const line = runs.map(
    (run) => `M${run.map((at) => `${x(at).toFixed(1)} ${y(values[at]).toFixed(1)}`).join('L')}`,
  );
  const area = runs.map(
    (run, index) => `${line[index]}L${x(run.at(-1)).toFixed(1)} ${height}L${x(run[0]).toFixed(1)} ${height}Z`,
  );
  return [
    ...(kind === 'area' ? [h('path', { class: `area ${tone}`, d: area.join('') })] : []),
    h('path', { class: `line ${tone}`, d: line.join('') }),
  ];
}

/** Stretches of indices without a gap. */
function splitRuns(values) {
  const runs = [];
  values.forEach((value, index) => {
    if (value === null) return;
    if (index > 0 && values[index - 1] !== null && runs.length > 0) runs.at(-1).push(index);
    else runs.push([index]);
  });
  return runs;
}
