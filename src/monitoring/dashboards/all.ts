/** Every dashboard, one source for Grafana's JSON and for `kawanan monitor panels`. No I/O here. */
import { application } from './application.ts';
import { balancers } from './balancers.ts';
import { cluster } from './cluster.ts';
import type { Dashboard, Panel } from './dashboard.ts';
import { mysql } from './mysql.ts';
import { resources } from './resources.ts';
import { stacks } from './stacks.ts';
import { store } from './store.ts';

/** In the order in which they are listed. */
export const dashboards: readonly Dashboard[] = [
  cluster,
  balancers,
  stacks,
  application,
  mysql,
  store,
  resources,
];

/** Every query of every panel, under the names of both. */
export function listQueries(): { dashboard: string; panel: Panel; expr: string }[] {
  return dashboards.flatMap(({ title, panels }) =>
    panels.flatMap((panel) => panel.queries.map(({ expr }) => ({ dashboard: title, panel, expr }))),
  );
}
