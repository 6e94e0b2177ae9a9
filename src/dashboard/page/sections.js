// Everything below the topology: figures, tables, lists.
import { drawChart } from './charts.js';
import { h, sign } from './dom.js';
import { formatAge, formatMs, formatRate, formatTime } from './format.js';

const fiveMinutes = 300;
const twoMinutes = 120;

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

/** @param {object} state */
export function drawFrontends({ frontends }) {
  if (frontends.length === 0) return [];
  return [
    h('h2', {}, 'Frontends'),
    drawTable(
      ['frontend', 'requests/s', 'errors/s', 'open', 'p50 / p99, ms', 'two minutes'],
      frontends.map((one) => [
        h('th', { scope: 'row' }, one.name),
        number(formatRate(one.requestsPerSecond)),
        number(formatRate(one.errorsPerSecond), one.errorsPerSecond > 0 ? 'bad' : ''),
        number(one.sessions),
        number(one.latency ? `${formatMs(one.latency.p50)} / ${formatMs(one.latency.p99)}` : '–'),
        h(
          'td',
          { class: 'spark' },
          drawChart([{ values: one.requests, kind: 'area', tone: 'one' }], {
            label: `Requests a second of ${one.name}`,
            points: twoMinutes,
            least: 5,
          }),
        ),
      ]),
      frontends.map(({ name }) => name),
    ),
  ];
}

const serverSigns = { up: 'well', down: 'silent', drain: 'drained', maint: 'drained', standby: 'unknown' };
const serverWords = { up: 'up', down: 'down', drain: 'drained', maint: 'maintenance', standby: 'standby' };

/** @param {object} state @param {(place: string) => Element[]} buttonsAt */
export function drawServers({ backends, balancers }, buttonsAt) {
  if (backends.length === 0) return [];
  const known = new Set(backends.flatMap(({ servers }) => servers.flatMap(({ on }) => Object.keys(on))));
  const names = balancers.map(({ name }) => name).filter((name) => known.has(name));
  return [
    h('h2', {}, 'Servers'),
    h(
      'div',
      { class: 'scroll' },
      h(
        'table',
        { class: 'servers' },
        h('thead', {}, drawHeads(['backend and server', ...names])),
        ...backends.map((backend) => drawBackend(backend, names, buttonsAt)),
      ),
    ),
  ];
}

function drawBackend({ name, servers }, balancers, buttonsAt) {
  const all = servers.flatMap(({ on }) => Object.values(on)).filter(({ state }) => state !== 'standby');
  const up = all.filter(({ state }) => state === 'up').length;
  const count = `${up} of ${all.length} up`;
  return h(
    'tbody',
    { key: name },
    h(
      'tr',
      { class: 'group' },
      h(
        'th',
        { scope: 'rowgroup', colspan: balancers.length + 1 },
        name,
        h('span', { class: up === all.length ? 'faint' : 'bad' }, count),
      ),
    ),
    ...servers.map((server) =>
      h(
        'tr',
        { key: server.name },
        h('th', { scope: 'row' }, server.name, ...buttonsAt(server.name)),
        ...balancers.map((balancer) => drawServer(server.on[balancer])),
      ),
    ),
  );
}

function drawServer(cell) {
  if (!cell) return h('td', { class: 'faint' }, 'not there');
  const rate = cell.requestsPerSecond ? ` · ${formatRate(cell.requestsPerSecond)}/s` : '';
  return h(
    'td',
    { class: `server ${cell.state}`, title: cell.says },
    sign(serverSigns[cell.state], ''),
    h(
      'span',
      {},
      cell.state === 'down'
        ? cell.says.replace(/^[A-Z]+/, (word) => word.toLowerCase())
        : `${serverWords[cell.state]}${rate}`,
    ),
  );
}

/** @param {object} state */
export function drawServices({ services }) {
  if (services.length === 0) return [];
  const heads = ['service', 'tasks', 'image', 'on'];
  return [
    h('h2', {}, 'Services'),
    h(
      'div',
      { class: 'scroll' },
      h(
        'table',
        { class: 'services' },
        h('thead', {}, drawHeads(heads)),
        ...services.map((service) => drawService(service, heads.length)),
      ),
    ),
  ];
}

function drawService({ name, running, wanted, completed, done, image, nodes, says }, columns) {
  const tasks = running === 0 && completed > 0 ? `${completed}/${wanted} completed` : `${running}/${wanted}`;
  return h(
    'tbody',
    { key: name },
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, name),
      h(
        'td',
        { class: `number ${done ? '' : 'bad'}` },
        sign(done ? 'well' : 'trouble', done ? 'all that is wanted' : 'fewer than wanted'),
        h('span', {}, tasks),
      ),
      h('td', { class: 'address' }, image),
      h('td', { class: 'faint' }, [...new Set(nodes)].join(', ')),
    ),
    says && h('tr', { class: 'more' }, h('td', { colspan: columns, class: 'says' }, says)),
  );
}

const tones = { good: 'well', bad: 'silent', neutral: 'unknown' };
const toneWords = { good: 'good', bad: 'bad', neutral: 'note' };

/** @param {object} state */
export function drawEvents({ events }) {
  return [
    h('h2', {}, 'What happened'),
    events.length === 0
      ? h('p', { class: 'faint' }, 'Nothing since the dashboard was started.')
      : h(
          'ol',
          { class: 'events', tabindex: 0, 'aria-label': 'Events, newest first' },
          ...events.map(({ at, tone, text }) =>
            h(
              'li',
              { key: `${at} ${text}`, class: tone },
              h('time', {}, formatTime(at)),
              sign(tones[tone], toneWords[tone]),
              h('span', {}, text),
            ),
          ),
        ),
  ];
}

/** @param {object} state */
export function drawRevisions({ revisions, now }) {
  if (revisions.length === 0) return [];
  return [
    h('h2', {}, 'Last deploys'),
    h(
      'ol',
      { class: 'entries' },
      ...revisions.map(({ stack, number: count, at, by, why, changed }) =>
        h(
          'li',
          { key: `${stack} ${count}` },
          h(
            'div',
            {},
            h('strong', {}, `${stack} #${count}`),
            ' ',
            why,
            h('span', { class: 'faint' }, ` by ${by}, ${formatAge(now - Date.parse(at))} ago`),
          ),
          h('div', { class: 'says' }, changed),
        ),
      ),
    ),
  ];
}

const verdictSigns = { met: 'well', missed: 'silent', 'not run': 'unknown' };

/** @param {object} state */
export function drawResults({ results, now }) {
  if (results.length === 0) return [];
  return [
    h('h2', {}, 'Last drills and receipts'),
    h(
      'ol',
      { class: 'entries', tabindex: 0, 'aria-label': 'Drills and receipts, newest first' },
      ...results.map(({ kind, what, at, verdict, says }) =>
        h(
          'li',
          { key: `${kind} ${at} ${what}` },
          h(
            'div',
            {},
            sign(verdictSigns[verdict], verdict),
            h('strong', {}, what),
            h(
              'span',
              { class: verdict === 'missed' ? 'bad' : 'faint' },
              ` ${kind === 'receipt' && verdict === 'met' ? 'within its budget' : verdict}, ${formatAge(now - Date.parse(at))} ago`,
            ),
          ),
          h('div', { class: 'says' }, says),
        ),
      ),
    ),
  ];
}

function drawTable(heads, rows, keys) {
  return h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      {},
      h('thead', {}, drawHeads(heads)),
      h('tbody', {}, ...rows.map((cells, index) => h('tr', { key: keys[index] }, ...cells))),
    ),
  );
}

function number(text, tone = '') {
  return h('td', { class: `number ${tone}` }, text);
}

function drawHeads(heads) {
  return h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)));
}
