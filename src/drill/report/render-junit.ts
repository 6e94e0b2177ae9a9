import { escapeText } from './chart.ts';
import type { ReportData } from './report-data.ts';

/** The verdicts as JUnit XML: a missed drill is a failure, one that wasn't run is skipped. Source: the format that Jenkins reads. */
export function renderJunit({ cluster, startedAt, results }: ReportData): string {
  const failures = results.filter(({ verdict }) => verdict === 'missed').length;
  const skipped = results.filter(({ verdict }) => verdict === 'not run').length;
  const cases = results.map(({ name, title, verdict, reason = '', objectives, timeline, probe }) => {
    const last = probe?.records.at(-1)?.endedMs ?? timeline.at(-1)?.atMs ?? 0;
    const head = `  <testcase classname="${escapeText(cluster)}" name="${escapeText(`${name}: ${title}`)}" time="${(last / 1000).toFixed(3)}"`;
    if (verdict === 'met') return `${head}/>`;
    if (verdict === 'not run') return `${head}><skipped message="${escapeText(reason)}"/></testcase>`;
    const missed = objectives.filter(({ met }) => !met).map(({ text, measured }) => `${text}: ${measured}`);
    return `${head}><failure message="${escapeText(missed.join('; '))}"/></testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="drills of ${escapeText(cluster)}" timestamp="${escapeText(startedAt)}" tests="${results.length}" failures="${failures}" skipped="${skipped}">
${cases.join('\n')}
</testsuite>
`;
}
