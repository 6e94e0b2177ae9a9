/** The report's style sheet: light or dark as the reader has it, black on white on paper. */
export const reportStyle = `
:root { color-scheme: light dark;
  --page: #fff; --text: #1b1f24; --faint: #57606a; --grid: #d8dee4; --card: #f6f8fa; --good: #1a7f37; --bad: #cf222e; --mark: #9a6700;
  --series-1: #0969da; --series-2: #bf5700; --series-3: #1a7f37; --series-4: #8250df; --series-5: #57606a; }
@media (prefers-color-scheme: dark) { :root {
  --page: #0d1117; --text: #e6edf3; --faint: #9198a1; --grid: #30363d; --card: #161b22; --good: #3fb950; --bad: #f85149; --mark: #d29922;
  --series-1: #58a6ff; --series-2: #f0883e; --series-3: #3fb950; --series-4: #bc8cff; --series-5: #9198a1; } }
@media print { :root { --page: #fff; --text: #000; --faint: #444; --grid: #ccc; --card: #fff; --good: #1a7f37; --bad: #cf222e; --mark: #9a6700;
  --series-1: #0969da; --series-2: #bf5700; --series-3: #1a7f37; --series-4: #8250df; --series-5: #57606a; }
  section { break-inside: avoid; } details > summary { display: none; } details::details-content { content-visibility: visible; block-size: auto; } }
* { box-sizing: border-box; }
body { margin: 2rem auto; max-width: 58rem; padding: 0 1rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.7rem; } h2 { font-size: 1.15rem; margin: 0 0 .4rem; }
header p { margin: .3rem 0; color: var(--faint); }
section { margin: 2rem 0; padding: 1rem 1.2rem; background: var(--card); border: 1px solid var(--grid); border-radius: 8px; }
svg { max-width: 100%; height: auto; display: block; } svg text { font-size: 11px; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
table { border-collapse: collapse; width: 100%; font-size: 13px; } th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--grid); vertical-align: top; }
th { color: var(--faint); font-weight: 600; } .verdicts td:nth-child(3), .reference td:first-child { white-space: nowrap; } .reference td:nth-child(2) { width: 32%; }
.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } th.figure { white-space: normal; }
a { color: inherit; } .met { color: var(--good); } .missed { color: var(--bad); } .not-run { color: var(--mark); }
.tally span { font-weight: 600; margin-right: 1rem; } .objectives { list-style: none; padding: 0; margin: .3rem 0; }
.causes { margin: .3rem 0; padding-left: 1.2rem; font-size: 13px; } .reason { color: var(--mark); } details { margin-top: .6rem; } summary { cursor: pointer; color: var(--faint); }
.timeline .drill td { font-weight: 600; } .timeline .probe td { color: var(--bad); } .timeline .vrrp td { color: var(--mark); }
.scroll { overflow-x: auto; }
@media (max-width: 640px) { body { margin: 1rem auto; padding: 0 .5rem; } section { padding: .8rem; } .pair { grid-template-columns: 1fr; }
  .wide svg, .verdicts, .reference, .timeline { min-width: 560px; } }
@media print { .scroll { overflow: visible; } .wide svg, .verdicts, .reference, .timeline { min-width: 0; } }
`;
