/** Dashboards as Grafana's JSON model. No I/O here. */
import type { Dashboard, Panel } from './dashboard.ts';

/** Of Grafana 10 and newer. */
const schemaVersion = 39;
const dataSource = { type: 'prometheus', uid: 'prometheus' };
const columns = 24;

const shapes: Record<Panel['kind'], { type: string; width: number; height: number }> = {
  number: { type: 'stat', width: 4, height: 4 },
  lines: { type: 'timeseries', width: 12, height: 8 },
  states: { type: 'state-timeline', width: 12, height: 8 },
};

/** The JSON of a dashboard, the same bytes each time. */
export function renderDashboard(dashboard: Dashboard): string {
  const model = {
    uid: `kawanan-${dashboard.name}`,
    title: dashboard.title,
    tags: ['kawanan'],
    schemaVersion,
    version: 1,
    editable: false,
    refresh: '10s',
    time: { from: 'now-30m', to: 'now' },
    timezone: 'browser',
    templating: { list: [] },
    annotations: {
      list: [
        {
          name: 'alerts',
          enable: true,
          datasource: dataSource,
          expr: 'ALERTS{alertstate="firing"}',
          titleFormat: '{{alertname}}',
          iconColor: 'red',
        },
      ],
    },
    panels: placePanels(dashboard.panels),
  };
  return `${JSON.stringify(model, null, 2)}\n`;
}

/** Side by side while there is room, then below the highest of the row. */
function placePanels(panels: Panel[]): object[] {
  let [x, y, rowHeight] = [0, 0, 0];
  return panels.map((panel, index) => {
    const { width, height } = shapes[panel.kind];
    if (x + width > columns) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const gridPos = { x, y, w: width, h: height };
    x += width;
    rowHeight = Math.max(rowHeight, height);
    return renderPanel(panel, index + 1, gridPos);
  });
}

function renderPanel(panel: Panel, id: number, gridPos: object): object {
  return {
    id,
    type: shapes[panel.kind].type,
    title: panel.title,
    ...(panel.about !== undefined && { description: panel.about }),
    datasource: dataSource,
    gridPos,
    fieldConfig: {
      defaults: {
        unit: panel.unit,
        ...(panel.kind === 'lines'
          ? { min: 0 }
          : { color: { mode: 'thresholds' }, thresholds: { mode: 'absolute', steps: renderSteps(panel) } }),
      },
      overrides: [],
    },
    options:
      panel.kind === 'number'
        ? { reduceOptions: { calcs: ['lastNotNull'], values: false }, colorMode: 'value' }
        : panel.kind === 'lines'
          ? {
              legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
              tooltip: { mode: 'multi', sort: 'desc' },
            }
          : { mergeValues: true, showValue: 'never' },
    targets: panel.queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: dataSource,
      expr,
      legendFormat: legend,
      ...(panel.kind === 'number' ? { instant: true } : { range: true }),
    })),
  };
}

/** Colours by value; the first one holds from the least number on. Without any, Grafana has everything below 80 green. */
function renderSteps({ kind, good = kind === 'states' ? { from: 1 } : undefined }: Panel): object[] {
  if (!good) return [{ value: null, color: 'text' }];
  const { from, below } = good;
  return [
    { value: null, color: from === undefined ? 'green' : 'red' },
    ...(from === undefined ? [] : [{ value: from, color: 'green' }]),
    ...(below === undefined ? [] : [{ value: below, color: 'red' }]),
  ];
}
