/** Every dashboard, one source for Grafana's JSON and for `kawanan monitor panels`. No I/O here. */
import { type Dashboard, drawLines, type Panel, showNumber } from './dashboard.ts';

const noTraffic = 'nobody sends requests';
/** Good as long as there is none. */
const none = { below: 1 };
/** The frontend `kawanan` is the balancers' own, for metrics. */
const ours = 'proxy!="kawanan"';

const cpuByNode = '1 - avg by (node) (rate(node_cpu_seconds_total{mode="idle"}[1m]))';
const memoryByNode = '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes';
const disks = 'fstype!~"tmpfs|ramfs|squashfs|overlay"';

/** Who has a virtual address: 1 for each balancer and address. */
const holders =
  'label_replace(node_network_address_info{role="balancer"}, "vip", "$1", "address", "(.+)") and on (vip) group by (vip) (up{job="frontdoor"})';

/** What containers use, under the names of their services. */
function ofServices(expr: string): string {
  return `sum by (stack, service) (${expr} * on (id, node) group_left (stack, service) swarm_task_info)`;
}

const cluster: Dashboard = {
  name: 'cluster',
  title: 'Cluster',
  panels: [
    showNumber('Machines that answer', 'short', 'sum(up{job="node"})'),
    showNumber('Targets down', 'short', 'count(up == 0) or vector(0)', { good: none }),
    showNumber('Holders of the virtual address', 'short', 'max(kawanan:vip_holders)', {
      about: 'One, always: none is an outage, two is a split.',
      good: { from: 1, below: 2 },
    }),
    showNumber('Tasks missing', 'short', 'sum(swarm_service_tasks_wanted - swarm_service_tasks_running)', {
      good: none,
    }),
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
    drawLines('Processors in use', 'percentunit', { expr: cpuByNode, legend: '{{node}}' }),
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

const balancers: Dashboard = {
  name: 'balancers',
  title: 'Balancers',
  panels: [
    {
      title: 'Who has the virtual address',
      kind: 'states',
      unit: 'short',
      queries: [{ expr: holders, legend: '{{vip}} on {{node}}' }],
    },
    {
      title: 'Servers that are up',
      kind: 'states',
      unit: 'short',
      queries: [
        {
          expr: 'min by (proxy, server) (haproxy_server_status{state="UP"})',
          legend: '{{proxy}} {{server}}',
        },
      ],
    },
    drawLines('Requests by frontend and balancer', 'reqps', {
      expr: `sum by (proxy, instance) (rate(haproxy_frontend_http_requests_total{${ours}}[30s]))`,
      legend: '{{proxy}} on {{instance}}',
    }),
    drawLines('Answers by status', 'reqps', {
      expr: `sum by (code) (rate(haproxy_frontend_http_responses_total{${ours}}[30s]))`,
      legend: '{{code}}',
    }),
    drawLines('Requests by server', 'reqps', {
      expr: 'sum by (proxy, server) (rate(haproxy_server_http_responses_total[30s]))',
      legend: '{{proxy}} {{server}}',
    }),
    drawLines('Time to an answer by server', 's', {
      expr: 'max by (proxy, server) (haproxy_server_total_time_average_seconds)',
      legend: '{{proxy}} {{server}}',
    }),
    drawLines('Sessions by frontend', 'short', {
      expr: `sum by (proxy) (haproxy_frontend_current_sessions{${ours}})`,
      legend: '{{proxy}}',
    }),
    drawLines('Requests in queues', 'short', {
      expr: 'sum by (proxy) (haproxy_backend_current_queue)',
      legend: '{{proxy}}',
    }),
    drawLines('Connections that failed, and requests sent again', 'short', [
      {
        expr: 'sum by (proxy) (increase(haproxy_server_connection_errors_total[1m]))',
        legend: 'failed, {{proxy}}',
      },
      {
        expr: 'sum by (proxy) (increase(haproxy_backend_retry_warnings_total[1m]))',
        legend: 'again, {{proxy}}',
      },
    ]),
    drawLines('The front door, as clients see it', 's', {
      expr: 'probe_duration_seconds{job="frontdoor"}',
      legend: '{{frontend}} at {{vip}}',
    }),
    {
      title: 'Services on the balancers',
      kind: 'states',
      unit: 'short',
      queries: [
        {
          expr: 'node_systemd_unit_state{role="balancer",state="active",name=~"(haproxy|nginx|keepalived).service"}',
          legend: '{{name}} on {{node}}',
        },
      ],
    },
    drawLines('NGINX: requests', 'reqps', {
      expr: 'rate(nginx_http_requests_total[30s])',
      legend: '{{instance}}',
    }),
    drawLines('NGINX: connections', 'short', {
      expr: 'nginx_connections',
      legend: '{{state}} on {{instance}}',
    }),
    drawLines('Days until certificates end', 'd', {
      expr: '(probe_ssl_earliest_cert_expiry - time()) / 86400',
      legend: '{{frontend}}',
    }),
  ],
};

const stacks: Dashboard = {
  name: 'stacks',
  title: 'Stacks',
  panels: [
    drawLines('Tasks running', 'short', {
      expr: 'swarm_service_tasks_running',
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Tasks missing', 'short', {
      expr: 'swarm_service_tasks_wanted - swarm_service_tasks_running',
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Tasks that failed within five minutes', 'short', {
      expr: 'increase(swarm_service_task_failures_total[5m])',
      legend: '{{stack}} {{service}}',
    }),
    {
      title: 'Updates',
      kind: 'states',
      unit: 'short',
      queries: [{ expr: 'swarm_service_update_state', legend: '{{stack}} {{service}}: {{state}}' }],
    },
    drawLines('Hours since the last change', 'h', {
      expr: '(time() - swarm_service_updated_timestamp_seconds) / 3600',
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Processors', 'short', {
      expr: ofServices('rate(container_cpu_seconds_total[1m])'),
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Memory', 'bytes', {
      expr: ofServices('container_memory_working_set_bytes'),
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Written to disks', 'Bps', {
      expr: ofServices('rate(container_written_bytes_total[1m])'),
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Processes', 'short', {
      expr: ofServices('container_processes'),
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Days since secrets were made', 'd', {
      expr: '(time() - swarm_secret_created_timestamp_seconds) / 86400',
      legend: '{{secret}}',
    }),
  ],
};

/** Seen from the balancers, for any application; seen from inside, for one that counts itself. */
const application: Dashboard = {
  name: 'application',
  title: 'Application: throughput, loss, delay, jitter',
  panels: [
    drawLines('Throughput by server', 'Bps', {
      expr: 'sum by (proxy, server) (rate(haproxy_server_bytes_in_total[30s]) + rate(haproxy_server_bytes_out_total[30s]))',
      legend: '{{proxy}} {{server}}',
    }),
    drawLines(
      'Loss by server',
      'percentunit',
      {
        expr: '(sum by (proxy, server) (rate(haproxy_server_http_responses_total{code="5xx"}[1m])) + sum by (proxy, server) (rate(haproxy_server_connection_errors_total[1m]))) / (sum by (proxy, server) (rate(haproxy_server_http_responses_total[1m])) > 0)',
        legend: '{{proxy}} {{server}}',
      },
      { about: 'Answers 5xx and connections that failed, of all answers.', emptyWhen: noTraffic },
    ),
    drawLines(
      'Delay by server',
      's',
      {
        expr: 'max by (proxy, server) (haproxy_server_response_time_average_seconds)',
        legend: '{{proxy}} {{server}}',
      },
      { about: 'Mean of the last 1024 requests, until the first byte of the answer.' },
    ),
    drawLines(
      'Jitter by server',
      's',
      {
        expr: 'stddev_over_time(haproxy_server_response_time_average_seconds[1m])',
        legend: '{{proxy}} {{server}} on {{instance}}',
      },
      { about: 'How much the delay that balancers see varies within a minute.' },
    ),
    drawLines('Requests by route', 'reqps', {
      expr: 'sum by (service, route) (rate(http_requests_total[30s]))',
      legend: '{{service}} {{route}}',
    }),
    drawLines('Answers by status, as the application counts', 'reqps', {
      expr: 'sum by (service, status) (rate(http_requests_total[30s]))',
      legend: '{{service}} {{status}}',
    }),
    drawLines(
      'Delay within the application',
      's',
      [0.5, 0.99].map((quantile) => ({
        expr: `histogram_quantile(${quantile}, sum by (service, le) (rate(http_request_duration_seconds_bucket[1m])))`,
        legend: `${quantile * 100} % of {{service}}`,
      })),
      { emptyWhen: noTraffic },
    ),
    drawLines(
      'Jitter within the application',
      's',
      {
        expr: 'sum by (service, instance) (rate(http_request_delay_variation_seconds_total[1m])) / (sum by (service, instance) (rate(http_request_duration_seconds_count[1m])) > 0)',
        legend: '{{instance}}',
      },
      {
        about: 'Mean difference between the delays of one request and the next.',
        emptyWhen: noTraffic,
      },
    ),
  ],
};

const mysql: Dashboard = {
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

const store: Dashboard = {
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

const resources: Dashboard = {
  name: 'resources',
  title: 'Resources of the machines',
  panels: [
    drawLines('Processors in use', 'percentunit', { expr: cpuByNode, legend: '{{node}}' }),
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
