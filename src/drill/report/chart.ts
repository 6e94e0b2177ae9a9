/** Draws a chart as SVG text whose colours are variables of the page around it, so that light and dark are one picture. */
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([
  BarChart,
  CustomChart,
  LineChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  SVGRenderer,
]);

/** Colours of a page's style sheet. */
export const ink = {
  text: 'var(--text)',
  faint: 'var(--faint)',
  grid: 'var(--grid)',
  good: 'var(--good)',
  bad: 'var(--bad)',
  mark: 'var(--mark)',
  series: ['var(--series-1)', 'var(--series-2)', 'var(--series-3)', 'var(--series-4)', 'var(--series-5)'],
} as const;

export interface ChartSize {
  width: number;
  height: number;
}

/** One chart, sharp at any size; `label` is what a reader who can't see it is told. */
export function drawChart(option: EChartsCoreOption, { width, height }: ChartSize, label: string): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      color: [...ink.series],
      textStyle: { color: ink.text, fontFamily: 'inherit' },
      ...option,
    });
    const svg = chart.renderToSVGString();
    return svg.replace('<svg ', `<svg role="img" aria-label="${escapeText(label)}" `);
  } finally {
    chart.dispose();
  }
}

/** An axis in the colours of the page. */
export function axis(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name,
    nameLocation: 'middle',
    nameGap: 28,
    nameTextStyle: { color: ink.faint },
    axisLabel: { color: ink.faint, hideOverlap: true },
    axisLine: { lineStyle: { color: ink.grid } },
    splitLine: { lineStyle: { color: ink.grid } },
    ...more,
  };
}

/** Text that can stand in HTML, in an attribute, too. */
export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
