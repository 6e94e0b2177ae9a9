import { type Dashboard, drawLines } from './dashboard.ts';
import { memoryByNode, processorsByNode } from './shared-queries.ts';

const disks = 'fstype!~"tmpfs|ramfs|squashfs|overlay"';

/** Processors, memory, disks and networks of the machines. */
export const resources: Dashboard = {
  name: 'resources',
  title: 'Resources of the machines',
  panels: [
    drawLines('Processors in use', 'percentunit', { expr: processorsByNode, legend: '{{node}}' }),
    drawLines('Load', 'short', { expr: 'node_load1', legend: '{{node}}' }),
    drawLines('Memory in use', 'percentunit', { expr: memoryByNode, legend: '{{node}}' }),
    drawLines('Disks in use', 'percentunit', {
      expr: `1 - node_filesystem_avail_bytes{${disks}} / node_filesystem_size_bytes{${disks}}`,
      legend: '{{mountpoint}} of {{node}}',
    }),
    drawLines('Received', 'Bps', {
      expr: 'sum by (node) (rate(node_network_receive_bytes_total{device!="lo"}[30s]))',
      legend: '{{node}}',
    }),
    drawLines('Sent', 'Bps', {
      expr: 'sum by (node) (rate(node_network_transmit_bytes_total{device!="lo"}[30s]))',
      legend: '{{node}}',
    }),
    drawLines('Packets lost by network devices', 'pps', {
      expr: 'sum by (node) (rate(node_network_receive_drop_total[1m]) + rate(node_network_transmit_drop_total[1m]))',
      legend: '{{node}}',
    }),
    drawLines('Days up', 'd', {
      expr: '(node_time_seconds - node_boot_time_seconds) / 86400',
      legend: '{{node}}',
    }),
  ],
};
