// The figures at the top, each with its last five minutes.
import { drawChart } from './charts.js';
import { h } from './dom.js';
import { formatMs, formatRate } from './format.js';

const fiveMinutes = 300;

/** @param {object} state */
export function drawTiles({ series, latency, backends, noProbe }) {
  const cells = backends.flatMap(({ servers }) => servers.flatMap(({ on }) => Object.values(on)));
  const counted = cells.filter(({ state }) => state !== 'standby');
  const up = counted.filter(({ state }) => state === 'up').length;
  const failed = latency?.failed ?? 0;
  return [
    drawTile(
      'Requests',
      formatRate(series.requests.at(-1) ?? null),
      'a second, all balancers',
      drawChart([{ values: series.requests, kind: 'area', tone: 'one' }], {
        label: 'Requests a second over the last five minutes',
        points: fiveMinutes,
        least: 5,
      }),
    ),
    drawTile(
      'Errors',
      formatRate(series.errors.at(-1) ?? null),
      'answers 5xx and failed connections a second',
      drawChart([{ values: series.errors, kind: 'bars', tone: 'bad' }], {
        label: 'Errors a second over the last five minutes',
        points: fiveMinutes,
      }),
      (series.errors.at(-1) ?? 0) > 0 ? 'bad' : '',
    ),
    drawTile(
      'Latency',
      noProbe === null ? formatMs(latency?.p50 ?? null) : '–',
      noProbe === null
        ? `ms at the median · 99 % below ${formatMs(latency?.p99 ?? null)} ms`
        : `not measured: ${noProbe}`,
      drawChart(
        [
          { values: series.worst, kind: 'line', tone: 'faint' },
          { values: series.median, kind: 'area', tone: 'two' },
        ],
        {
          label: 'Latency over the last five minutes: median, and the worst of each second',
          points: fiveMinutes,
          least: 5,
        },
      ),
    ),
    drawTile(
      'Unanswered',
      latency ? formatRate(failed) : '–',
      latency
        ? `of ${formatRate(latency.sent)} requests of ours in the last minute`
        : 'no requests of ours are sent',
      drawChart([{ values: series.failed, kind: 'bars', tone: 'bad' }], {
        label: 'Requests of the dashboard that failed, over the last five minutes',
        points: fiveMinutes,
        least: 3,
      }),
      failed > 0 ? 'bad' : '',
    ),
    drawTile(
      'Servers',
      counted.length === 0 ? '–' : `${up}/${counted.length}`,
      counted.length === 0 ? 'not known' : `up, in ${backends.length} backends, as each balancer sees them`,
      drawShare(counted.length === 0 ? null : up / counted.length),
      up < counted.length ? 'bad' : '',
    ),
  ];
}

const units = {
  count: formatRate,
  share: (value) => (value === null ? '–' : `${Math.round(value * 100)} %`),
  seconds: (value) => formatMs(value === null ? null : value * 1000),
};
/** The least top of a scale, so that nothing looks like a mountain. */
const leastOf = { count: 5, share: 0.05, seconds: 0.005 };

/** @param {object} state */
export function drawLastHour({ history }) {
  return history.map(({ title, says, unit, points }) =>
    drawTile(
      `${title}, last hour`,
      units[unit](points.findLast((value) => value !== null) ?? null),
      says,
      drawChart([{ values: points, kind: 'area', tone: title === 'Errors' ? 'bad' : 'two' }], {
        label: `${title} over the last hour, as Prometheus keeps it: ${says}`,
        points: points.length,
        least: leastOf[unit],
      }),
    ),
  );
}

function drawTile(title, figure, unit, chart, tone = '') {
  return h(
    'div',
    { class: `tile ${tone}`, key: title },
    h('h2', { class: 'caption' }, title),
    h('p', { class: 'figure' }, figure),
    h('p', { class: 'unit' }, unit),
    chart,
  );
}

function drawShare(share) {
  return h(
    'svg',
    {
      class: 'chart share',
      viewBox: '0 0 300 64',
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': share === null ? 'not known' : `${Math.round(share * 100)} % are up`,
    },
    h('rect', { class: share === null ? 'none' : 'rest', x: 0, y: 46, width: 300, height: 8, rx: 4 }),
    share === null
      ? null
      : h('rect', { class: 'part', x: 0, y: 46, width: Math.round(300 * share), height: 8, rx: 4 }),
  );
}
