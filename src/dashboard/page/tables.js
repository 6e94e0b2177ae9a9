// Frontends, servers and services, a row each.
import { drawChart } from './charts.js';
import { h, sign } from './dom.js';
import { formatMs, formatRate } from './format.js';

const twoMinutes = 120;

/** @param {object} state */
export function drawFrontends({ frontends }) {
  if (frontends.length === 0) return [];
  return [
    h('h2', {}, 'Frontends'),
    drawTable(
      ['frontend', 'requests/s', 'errors/s', 'open', 'p50 / p99, ms', 'two minutes'],
      [h('tbody', {}, ...frontends.map(drawFrontend))],
    ),
  ];
}

function drawFrontend({ name, requestsPerSecond, errorsPerSecond, sessions, latency, requests }) {
  return h(
    'tr',
    { key: name },
    h('th', { scope: 'row' }, name),
    number(formatRate(requestsPerSecond)),
    number(formatRate(errorsPerSecond), errorsPerSecond > 0 ? 'bad' : ''),
    number(sessions),
    number(latency ? `${formatMs(latency.p50)} / ${formatMs(latency.p99)}` : '–'),
    h(
      'td',
      { class: 'spark' },
      drawChart([{ values: requests, kind: 'area', tone: 'one' }], {
        label: `Requests a second of ${name}`,
        points: twoMinutes,
        least: 5,
      }),
    ),
  );
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
    drawTable(
      ['backend and server', ...names],
      backends.map((backend) => drawBackend(backend, names, buttonsAt)),
      'servers',
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
    drawTable(
      heads,
      services.map((service) => drawService(service, heads.length)),
      'services',
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

/** Each body is a `tbody`: a group of rows that go together. */
function drawTable(heads, bodies, kind) {
  const head = h('tr', {}, ...heads.map((text) => h('th', { scope: 'col' }, text)));
  return h(
    'div',
    { class: 'scroll' },
    h('table', kind === undefined ? {} : { class: kind }, h('thead', {}, head), ...bodies),
  );
}

function number(text, tone = '') {
  return h('td', { class: `number ${tone}` }, text);
}
