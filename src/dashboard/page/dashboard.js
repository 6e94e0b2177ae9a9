// Takes the states that kawanan sends and shows each; asks before a button does anything.
import { h, morph, sign } from './dom.js';
import { formatAge, formatTime } from './format.js';
import { drawEvents, drawResults, drawRevisions } from './history.js';
import { drawFrontends, drawServers, drawServices } from './tables.js';
import { drawLastHour, drawTiles } from './tiles.js';
import { drawLinks, drawTopology } from './topology.js';

const byId = (id) => document.getElementById(id);
const verdicts = {
  well: ['well', 'All is well'],
  degraded: ['trouble', 'Degraded'],
  down: ['silent', 'Clients get no answer'],
  unknown: ['unknown', 'Looking …'],
};
/** kawanan sends a state at least once a second. */
const lostAfterMs = 4_000;

let state;
let receivedAt = performance.now();
let announced = 0;
let isLost = false;
/** When the action began whose output was put away. */
let dismissed;

const stream = new EventSource('events');
stream.onmessage = ({ data }) => {
  state = JSON.parse(data);
  receivedAt = performance.now();
  show();
};
setInterval(showAge, 200);
new ResizeObserver(() => state && drawLinks(byId('map'), state)).observe(byId('map'));

function show() {
  document.title = `${state.problems.length > 0 ? `(${state.problems.length}) ` : ''}${state.cluster} · kawanan`;
  byId('cluster').textContent = state.cluster;
  const [health, words] = verdicts[state.verdict];
  byId('verdict').dataset.verdict = state.verdict;
  morph(byId('verdict'), [
    sign(health, ''),
    h(
      'span',
      {},
      state.verdict === 'degraded' && state.latency?.failed === 0 ? `${words}, clients are served` : words,
    ),
  ]);
  morph(byId('cluster-actions'), buttonsAt('cluster'));
  showProblems();
  showAction();
  drawTopology(byId('map'), state, buttonsAt);
  fill('tiles', drawTiles(state));
  fill('history', drawLastHour(state));
  fill('frontends', drawFrontends(state));
  fill('servers', drawServers(state, buttonsAt));
  fill('services', drawServices(state));
  fill('events', drawEvents(state));
  fill('revisions', drawRevisions(state));
  fill('results', drawResults(state));
  announce();
  showAge();
}

/** A section with nothing in it takes no room. */
function fill(id, nodes) {
  byId(id).hidden = nodes.length === 0;
  morph(byId(id), nodes);
}

function showProblems() {
  const { problems } = state;
  byId('problems').hidden = problems.length === 0;
  morph(byId('problems'), [
    h('ul', {}, ...problems.map((line) => h('li', { key: line }, sign('trouble', ''), h('span', {}, line)))),
  ]);
}

function showAction() {
  const { action } = state;
  const panel = byId('action');
  panel.hidden = action === null || action.startedAt === dismissed;
  if (panel.hidden) return;
  const [health, words] =
    action.succeeded === null
      ? ['unknown', 'runs']
      : action.succeeded
        ? ['well', 'done']
        : ['silent', 'failed'];
  const took = formatAge((action.endedAt ?? state.now) - action.startedAt);
  const printed = panel.querySelector('pre');
  const followsEnd = !printed || printed.scrollHeight - printed.scrollTop - printed.clientHeight < 40;
  panel.dataset.health = health;
  morph(panel, [
    h(
      'div',
      {},
      sign(health, words),
      h('code', {}, action.command),
      h('span', { class: 'faint' }, ` ${words}, ${took}, begun at ${formatTime(action.startedAt)}`),
      action.succeeded === null ? null : h('button', { type: 'button', id: 'dismiss' }, 'Close'),
    ),
    ...(action.lines.length > 0
      ? [h('pre', { tabindex: 0, 'aria-label': 'What it printed' }, action.lines.join('\n'))]
      : []),
  ]);
  if (followsEnd) panel.querySelector('pre')?.scrollTo(0, Number.MAX_SAFE_INTEGER);
}

/** A reader who can't see the page hears what happens, once each. */
function announce() {
  const fresh = state.events.filter(({ at }) => at > announced).reverse();
  if (announced > 0 && fresh.length > 0)
    byId('announce').textContent = fresh.map(({ text }) => text).join('. ');
  announced = Math.max(announced, state.events[0]?.at ?? 1);
}

function showAge() {
  const sinceMs = performance.now() - receivedAt;
  const lost = stream.readyState === EventSource.CLOSED || sinceMs > lostAfterMs;
  if (lost !== isLost) {
    isLost = lost;
    document.documentElement.classList.toggle('is-lost', lost);
  }
  byId('lost').hidden = !lost;
  if (lost) {
    const text =
      stream.readyState === EventSource.CLOSED
        ? 'The connection to kawanan is lost, and it no longer knows this page. Start kawanan dashboard again and open the URL that it prints.'
        : 'The connection to kawanan is lost; trying again. Is kawanan dashboard still running?';
    if (byId('lost').textContent !== text) byId('lost').textContent = text;
  }
  if (!state) return;
  const age = state.lookedAt === null ? null : state.now - state.lookedAt + sinceMs;
  byId('age').textContent = age === null ? 'looking for the first time' : `seen ${formatAge(age)} ago`;
  byId('age').classList.toggle('old', age !== null && age > 5_000);
}

/** @param {string} place */
function buttonsAt(place) {
  const isBusy = state.action !== null && state.action.succeeded === null;
  return state.actions
    .filter((action) => action.place === place)
    .map(({ id, label }) =>
      h('button', { type: 'button', key: id, 'data-action': id, disabled: isBusy }, label),
    );
}

let asked;
document.addEventListener('click', ({ target }) => {
  if (target instanceof Element && target.id === 'dismiss') {
    dismissed = state.action.startedAt;
    byId('action').hidden = true;
    return;
  }
  const id = target instanceof Element ? target.closest('[data-action]')?.getAttribute('data-action') : null;
  asked = id && state?.actions.find((action) => action.id === id);
  if (!asked) return;
  const where = asked.place === 'cluster' ? '' : `: ${asked.place}`;
  byId('confirm-title').textContent = `${asked.label}${where}?`;
  byId('confirm-text').textContent = asked.explains;
  byId('confirm-command').textContent = asked.command;
  byId('confirm').showModal();
});
byId('confirm-no').addEventListener('click', () => byId('confirm').close());
byId('confirm-yes').addEventListener('click', async () => {
  byId('confirm').close();
  const answer = await fetch('actions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ id: asked.id }),
  }).catch(() => null);
  if (answer?.ok) return;
  const reasons = {
    409: 'Something else is being done; try again when it is over.',
    404: 'That is no longer to be done.',
  };
  byId('announce').textContent = reasons[answer?.status] ?? 'kawanan did not take it.';
});
