// The virtual address, the balancers and the nodes, with lines for what flows: cards laid out by CSS, lines drawn under them.
import { h, morph, sign } from './dom.js';
import { formatRate } from './format.js';

const healthWords = {
  well: 'well',
  trouble: 'in trouble',
  silent: 'does not answer',
  drained: 'out of service',
  unknown: 'not known',
};

const taskWords = { well: 'runs', trouble: 'failed', silent: 'out of sight', unknown: 'not running' };

/** Hues of services, in the order of their names. */
const hues = 6;

/**
 * @param {Element} map
 * @param {object} state
 * @param {(place: string) => Element[]} buttonsAt
 */
export function drawTopology(map, state, buttonsAt) {
  const services = [
    ...new Set(state.nodes.flatMap(({ tasks }) => tasks.map(({ service }) => service))),
  ].sort();
  morph(
    map,
    [
      h('svg', { class: 'links', 'aria-hidden': 'true', key: 'links' }),
      state.vips.length > 0 || state.balancers.length > 0
        ? h(
            'ul',
            { class: 'column vips', key: 'vips', 'aria-label': 'Virtual addresses' },
            ...state.vips.map(drawVip),
          )
        : null,
      h(
        'ul',
        { class: 'column balancers', key: 'balancers', 'aria-label': 'Balancers' },
        ...state.balancers.map((balancer) => drawBalancer(balancer, buttonsAt(balancer.name))),
      ),
      h(
        'ul',
        { class: 'column nodes', key: 'nodes', 'aria-label': 'Nodes of the swarm' },
        ...state.nodes.map((node) => drawNode(node, services, buttonsAt(node.name))),
      ),
    ].filter(Boolean),
  );
  drawLinks(map, state);
}

function drawVip({ address, holders, problem }) {
  return h(
    'li',
    { class: 'card vip', key: address, 'data-vip': address, 'data-holder': holders.join(' ') },
    h('span', { class: 'kind' }, 'virtual address'),
    h('strong', { class: 'address' }, address),
    h(
      'span',
      { class: problem ? 'note bad' : 'note' },
      problem ?? (holders.length === 1 ? `held by ${holders[0]}` : 'held by nobody'),
    ),
  );
}

function drawBalancer(balancer, buttons) {
  const { holds, requestsPerSecond, sessions } = balancer;
  const isCounted = requestsPerSecond !== null || sessions !== null;
  return drawMachine(balancer, holds.length > 0 && h('span', { class: 'badge accent' }, 'VIP'), [
    isCounted &&
      h(
        'div',
        { class: 'facts' },
        h('span', {}, `${formatRate(requestsPerSecond ?? 0)} requests/s`),
        h('span', {}, `${sessions ?? 0} open`),
      ),
    ...buttons,
  ]);
}

function drawNode(node, services, buttons) {
  const { name, role, leader, tasks } = node;
  return drawMachine(node, h('span', { class: 'badge' }, leader ? 'leader' : role), [
    tasks.length > 0 &&
      h(
        'ul',
        { class: 'tasks', 'aria-label': `Tasks on ${name}` },
        ...tasks.map((task) => drawTask(task, services)),
      ),
    ...buttons,
  ]);
}

function drawMachine({ name, address, health, says }, badge, more) {
  return h(
    'li',
    { class: `card machine ${health}`, key: name, 'data-node': name, 'data-health': health },
    h('div', { class: 'head' }, sign(health, healthWords[health]), h('strong', {}, name), badge),
    h(
      'div',
      { class: 'facts' },
      h('span', { class: 'address' }, address),
      h('span', { class: health === 'silent' || health === 'trouble' ? 'bad' : '' }, says),
    ),
    ...more,
  );
}

function drawTask({ id, name, service, state, health, error }, services) {
  return h(
    'li',
    {
      key: id,
      class: `task ${health} hue-${services.indexOf(service) % hues}`,
      title: `${name}: ${state}${error ? ` (${error})` : ''}`,
    },
    health === 'well' ? h('i', {}) : sign(health, taskWords[health] ?? ''),
    h('span', {}, service),
    health === 'well' && state === 'running'
      ? null
      : h('em', {}, health === 'silent' ? 'out of sight' : state),
  );
}

/** Lines between cards, measured after these are laid out; again when the page changes its width. */
export function drawLinks(map, state) {
  const canvas = map.querySelector('svg.links');
  if (!canvas) return;
  const frame = map.getBoundingClientRect();
  const boxOf = (selector) => {
    const box = map.querySelector(selector)?.getBoundingClientRect();
    return (
      box && {
        left: box.left - frame.left,
        right: box.right - frame.left,
        top: box.top - frame.top,
        bottom: box.bottom - frame.top,
      }
    );
  };
  const isWide = getComputedStyle(map).getPropertyValue('--flow').trim() === 'across';
  canvas.setAttribute('viewBox', `0 0 ${frame.width} ${frame.height}`);
  const lines = [];
  for (const { address, holders } of state.vips) {
    const from = boxOf(`[data-vip="${CSS.escape(address)}"]`);
    for (const { name, health } of state.balancers) {
      const to = boxOf(`[data-node="${CSS.escape(name)}"]`);
      const holds = holders.includes(name) && health !== 'silent';
      if (from && to)
        lines.push(drawLine(`${address} ${name}`, from, to, isWide, holds ? 'holds' : 'spare', 0));
    }
  }
  for (const { balancer, node, servers, up, requestsPerSecond } of state.links) {
    const [from, to] = [
      boxOf(`[data-node="${CSS.escape(balancer)}"]`),
      boxOf(`[data-node="${CSS.escape(node)}"]`),
    ];
    const isGone = [...state.nodes, ...state.balancers].some(
      (one) => one.health === 'silent' && (one.name === node || one.name === balancer),
    );
    const kind =
      up === 0 || isGone ? 'cut' : up < servers ? 'partly' : requestsPerSecond > 0 ? 'flows' : 'idle';
    if (from && to) lines.push(drawLine(`${balancer} ${node}`, from, to, isWide, kind, requestsPerSecond));
  }
  morph(canvas, lines);
}

function drawLine(key, from, to, isWide, kind, rate) {
  const d = isWide ? across(from, to) : down(from, to);
  const speed = rate <= 0 ? 0 : rate < 5 ? 1 : rate < 50 ? 2 : 3;
  return h('path', { key, d, class: `link ${kind} speed-${speed}` });
}

function across(from, to) {
  const [x1, y1, x2, y2] = [from.right, (from.top + from.bottom) / 2, to.left, (to.top + to.bottom) / 2];
  const bend = (x2 - x1) / 2;
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

/** On a narrow page cards lie one below the other, and lines run along their left side. */
function down(from, to) {
  const [x1, y1, x2, y2] = [from.left, (from.top + from.bottom) / 2, to.left, (to.top + to.bottom) / 2];
  const out = Math.max(0, Math.min(x1, x2) - 6 - Math.min(12, (y2 - y1) / 40));
  return `M${x1} ${y1}C${out} ${y1} ${out} ${y1} ${out} ${y1 + 12}L${out} ${y2 - 12}C${out} ${y2} ${out} ${y2} ${x2} ${y2}`;
}
