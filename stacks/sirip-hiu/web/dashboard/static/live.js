// Keeps the dashboard fresh: fetches its middle again every ten seconds while someone looks at it.
'use strict';

const intervalMs = 10_000;
const overview = document.getElementById('overview');
const freshness = document.getElementById('freshness');

/** Whether replacing the page now would take something out of the user's hands. */
function isInUse() {
  const active = document.activeElement;
  return overview.contains(active) && active.matches('select, input, button, a');
}

/** Shows the new middle, but keeps pictures that are there: each answer signs their addresses anew. */
function show(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html').body;
  const shown = new Map([...overview.querySelectorAll('img')].map((img) => [img.src.split('?')[0], img]));
  for (const img of fresh.querySelectorAll('img')) {
    const same = shown.get(img.src.split('?')[0]);
    if (same) img.replaceWith(same);
  }
  overview.replaceChildren(...fresh.childNodes);
}

async function refresh() {
  if (document.hidden || isInUse()) return;
  try {
    const response = await fetch(overview.dataset.source + location.search, { redirect: 'manual' });
    // a redirect leads to the login page: the session is over
    if (response.type === 'opaqueredirect') return location.reload();
    if (!response.ok) throw new Error(String(response.status));
    const text = await response.text();
    if (!isInUse()) show(text);
    freshness.hidden = true;
  } catch {
    freshness.hidden = false;
  }
}

setInterval(refresh, intervalMs);
document.addEventListener('visibilitychange', refresh);
