/** The report as one HTML file that needs nothing else. */

import { renderReceipt } from '../probe/render-receipt.ts';
import type { DrillResult } from '../run-drill.ts';
import { escapeText } from './chart.ts';
import {
  drawDistribution,
  drawHistogram,
  drawLatencyOverTime,
  drawMemory,
  drawProcessors,
} from './drill-charts.ts';
import { compareWithEarlier, type ReportData } from './report-data.ts';
import { reportStyle } from './report-style.ts';

const marks = { met: '✓ met', missed: '✗ missed', 'not run': '– not run' } as const;

/** Everything that was measured, verdicts first. */
export function renderHtml(data: ReportData): string {
  const count = (verdict: DrillResult['verdict']): number =>
    data.results.filter((result) => result.verdict === verdict).length;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drills of ${escapeText(data.cluster)}</title>
<style>${reportStyle}</style>
</head>
<body>
<header>
<h1>Drills of ${escapeText(data.cluster)}</h1>
<p>${escapeText(data.startedAt)} · ${escapeText(data.machine)} · ${data.ratePerSecond} requests a second, sent when they are due, whatever became of those before</p>
<p class="tally"><span class="met">${count('met')} met</span> <span class="missed">${count('missed')} missed</span> <span class="not-run">${count('not run')} not run</span></p>
</header>
${renderOverview(data)}
${renderReference(data)}
${data.results.map(renderDrill).join('\n')}
</body>
</html>
`;
}

function renderOverview({ results, earlier }: ReportData): string {
  const rows = results.map((result) => {
    const figures = result.probe?.figures;
    const change = compareWithEarlier(result, earlier);
    return `<tr>
<td>${result.number}</td>
<td><a href="#${escapeText(result.name)}">${escapeText(result.title)}</a></td>
<td class="${result.verdict.replace(' ', '-')}">${marks[result.verdict]}</td>
<td class="figure">${figures ? figures.requests.toLocaleString('en-US') : ''}</td>
<td class="figure">${figures ? figures.failed.toLocaleString('en-US') : ''}</td>
<td class="figure">${figures?.longestGap ? Math.round(figures.longestGap.ms).toLocaleString('en-US') : ''}</td>
<td class="figure">${figures?.latencyMs ? `${figures.latencyMs.p50.toFixed(1)} / ${Math.round(figures.latencyMs.p99)}` : ''}</td>
${earlier ? `<td>${escapeText(change)}</td>` : ''}
</tr>`;
  });
  return `<section>
<h2>Verdicts</h2>${earlier ? `\n<p>Compared with the run of ${escapeText(earlier.startedAt)} on ${escapeText(earlier.machine)}.</p>` : ''}
<div class="scroll"><table class="verdicts">
<thead><tr><th></th><th>what was done</th><th>verdict</th><th class="figure">requests</th><th class="figure">failed</th><th class="figure">longest gap, ms</th><th class="figure">p50 / p99, ms</th>${earlier ? '<th>before</th>' : ''}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table></div>
</section>`;
}

function renderReference({ reference = [] }: ReportData): string {
  if (reference.length === 0) return '';
  const rows = reference.map(
    ({ what, published, measured }) =>
      `<tr><td>${escapeText(what)}</td><td>${escapeText(published)}</td><td>${escapeText(measured)}</td></tr>`,
  );
  return `<section>
<h2>Beside the reference</h2>
<p>The thesis of 2025 that this system follows, and the same tests here. Its times come from other machines: compare their order of magnitude.</p>
<div class="scroll"><table class="reference">
<thead><tr><th>test</th><th>published</th><th>here</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table></div>
</section>`;
}

function renderDrill(result: DrillResult): string {
  const { number, name, title, verdict, reason, target, probe, objectives, causes, uncounted, timeline } =
    result;
  const charts = [
    `<div class="scroll wide">${drawLatencyOverTime(result)}</div>`,
    `<div class="pair">${drawHistogram(result)}${drawDistribution(result)}</div>`,
    `<div class="pair">${drawProcessors(result)}${drawMemory(result)}</div>`,
  ];
  return `<section id="${escapeText(name)}">
<h2>${number}. ${escapeText(title)}</h2>
<p><strong class="${verdict.replace(' ', '-')}">${marks[verdict]}</strong>${target === undefined ? '' : ` · ${escapeText(target)}`}${probe ? ` · ${escapeText(renderReceipt(probe.figures))}` : ''} · load average ${result.load.toFixed(1)}</p>
${reason === undefined ? '' : `<p class="reason">${escapeText(reason)}</p>`}
${
  objectives.length === 0
    ? ''
    : `<ul class="objectives">${objectives
        .map(
          ({ text, measured, met }) =>
            `<li class="${met ? 'met' : 'missed'}">${met ? '✓' : '✗'} ${escapeText(text)}: <b>${escapeText(measured)}</b></li>`,
        )
        .join('')}</ul>`
}
${causes === undefined ? '' : `<ul class="causes">${causes.map((line) => `<li>${escapeText(line)}</li>`).join('')}</ul>`}
${uncounted === undefined ? '' : `<p class="reason">Not counted, for no other machine serves it, or what it depends on: ${escapeText(uncounted.join(', '))}</p>`}
${probe ? charts.join('\n') : ''}
${timeline.length === 0 ? '' : renderTimeline(result)}
</section>`;
}

function renderTimeline({ timeline }: DrillResult): string {
  const rows = timeline.map(
    ({ atMs, host, kind, text }) =>
      `<tr class="${kind}"><td class="figure">${(atMs / 1000).toFixed(3)}</td><td>${escapeText(host ?? 'here')}</td><td>${escapeText(text)}</td></tr>`,
  );
  return `<details><summary>Timeline: ${timeline.length} events</summary>
<div class="scroll"><table class="timeline"><thead><tr><th>second</th><th>seen by</th><th>event</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div></details>`;
}
