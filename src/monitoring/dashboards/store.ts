import { type Dashboard, drawLines, showNumber } from './dashboard.ts';
import { none } from './shared-queries.ts';

/** The object store, where it tells of itself. */
export const store: Dashboard = {
  name: 'store',
  title: 'Object store',
  panels: [
    showNumber('Nodes online', 'short', 'max(minio_cluster_nodes_online_total)'),
    showNumber('Nodes offline', 'short', 'max(minio_cluster_nodes_offline_total)', { good: none }),
    showNumber('Drives offline', 'short', 'max(minio_cluster_drive_offline_total)', { good: none }),
    // each node tells of all of them, under the name of the server that counted
    drawLines('Requests', 'reqps', {
      expr: 'sum by (api) (max by (api, server) (rate(minio_s3_requests_total[30s])))',
      legend: '{{api}}',
    }),
    drawLines('Errors', 'reqps', {
      expr: 'sum by (api) (max by (api, server) (rate(minio_s3_requests_errors_total[1m])))',
      legend: '{{api}}',
    }),
    drawLines('Space', 'bytes', [
      { expr: 'max(minio_cluster_capacity_usable_total_bytes)', legend: 'usable' },
      { expr: 'max(minio_cluster_capacity_usable_free_bytes)', legend: 'free' },
    ]),
  ],
};
