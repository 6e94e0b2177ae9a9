// What happened before now: events, deploys, drills and receipts.
import { h, sign } from './dom.js';
import { formatAge, formatTime } from './format.js';

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
