import { type Dashboard, drawLines, showNumber } from './dashboard.ts';
import { memoryByNode, missingTasks, none, noTraffic, processorsByNode } from './shared-queries.ts';

/** The whole cluster on one page. */
export const cluster: Dashboard = {
  name: 'cluster',
  title: 'Cluster',
  panels: [
    showNumber('Machines that answer', 'short', 'sum(up{job="node"})'),
    showNumber('Targets down', 'short', 'count(up == 0) or vector(0)', { good: none }),
    showNumber('Holders of the virtual address', 'short', 'kawanan:vip_holders', {
      // a number for each: of several, the one that is lost must not hide behind the others
      queries: [{ expr: 'kawanan:vip_holders', legend: '{{vip}}' }],
      about: 'One, always: none is an outage, two is a split.',
      good: { from: 1, below: 2 },
    }),
    showNumber('Tasks missing', 'short', `sum(${missingTasks})`, { good: none }),
    showNumber('Requests a second', 'reqps', 'sum(kawanan:frontend_requests:rate30s)'),
    showNumber('Alerts', 'short', 'count(ALERTS{alertstate="firing"}) or vector(0)', { good: none }),
    drawLines('Requests by frontend', 'reqps', {
      expr: 'kawanan:frontend_requests:rate30s',
      legend: '{{proxy}}',
    }),
    drawLines(
      'Errors by frontend',
      'percentunit',
      { expr: 'kawanan:frontend_errors:ratio1m', legend: '{{proxy}}' },
      { emptyWhen: noTraffic },
    ),
    drawLines('Processors in use', 'percentunit', { expr: processorsByNode, legend: '{{node}}' }),
    drawLines('Memory in use', 'percentunit', { expr: memoryByNode, legend: '{{node}}' }),
    {
      title: 'Machines',
      kind: 'states',
      unit: 'short',
      queries: [{ expr: 'up{job="node"}', legend: '{{node}}' }],
    },
    drawLines('Tasks by service', 'short', {
      expr: 'swarm_service_tasks_running',
      legend: '{{stack}} {{service}}',
    }),
  ],
};
