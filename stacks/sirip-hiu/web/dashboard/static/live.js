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

async function refresh() {
  if (document.hidden || isInUse()) return;
  try {
    const response = await fetch(overview.dataset.source + location.search, { redirect: 'manual' });
    // a redirect leads to the login page: the session is over
    if (response.type === 'opaqueredirect') return location.reload();
    if (!response.ok) throw new Error(String(response.status));
    const text = await response.text();
    if (!isInUse()) overview.innerHTML = text;
    freshness.hidden = true;
  } catch {
    freshness.hidden = false;
  }
}

setInterval(refresh, intervalMs);
document.addEventListener('visibilitychange', refresh);
