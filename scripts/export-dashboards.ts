// Writes the dashboards as Grafana's JSON to stacks/monitoring/dashboards/. Run by `npm run dashboards`.
import { mkdir, writeFile } from 'node:fs/promises';
import { dashboards } from '../src/monitoring/dashboards/all.ts';
import { renderDashboard } from '../src/monitoring/dashboards/render-dashboard.ts';

const folder = new URL('../stacks/monitoring/dashboards/', import.meta.url);
await mkdir(folder, { recursive: true });
for (const dashboard of dashboards)
  await writeFile(new URL(`${dashboard.name}.json`, folder), renderDashboard(dashboard));
