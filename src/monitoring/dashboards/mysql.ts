import { type Dashboard, drawLines, showNumber } from './dashboard.ts';

/** MySQL, where an exporter stands beside it. */
export const mysql: Dashboard = {
  name: 'mysql',
  title: 'MySQL',
  panels: [
    showNumber('Up', 'short', 'min(mysql_up)', { good: { from: 1 } }),
    showNumber('Connections', 'short', 'sum(mysql_global_status_threads_connected)'),
    drawLines('Queries', 'ops', { expr: 'rate(mysql_global_status_queries[30s])', legend: '{{instance}}' }),
    drawLines('Connections and their limit', 'short', [
      { expr: 'mysql_global_status_threads_connected', legend: 'connected, {{instance}}' },
      { expr: 'mysql_global_variables_max_connections', legend: 'limit, {{instance}}' },
    ]),
    drawLines('Slow queries', 'ops', {
      expr: 'rate(mysql_global_status_slow_queries[1m])',
      legend: '{{instance}}',
    }),
    drawLines('Waits for row locks', 'ops', {
      expr: 'rate(mysql_global_status_innodb_row_lock_waits[1m])',
      legend: '{{instance}}',
    }),
    drawLines('Read and sent', 'Bps', [
      { expr: 'rate(mysql_global_status_bytes_received[30s])', legend: 'received, {{instance}}' },
      { expr: 'rate(mysql_global_status_bytes_sent[30s])', legend: 'sent, {{instance}}' },
    ]),
  ],
};
