import { type Dashboard, drawLines } from './dashboard.ts';

/** The frontend `kawanan` is the balancers' own, for metrics. */
const ours = 'proxy!="kawanan"';

/** Who has a virtual address: 1 for each balancer and address. */
const holders =
  'label_replace(node_network_address_info{role="balancer"}, "vip", "$1", "address", "(.+)") and on (vip) group by (vip) (up{job="frontdoor"})';

/** Frontends, servers and virtual addresses, as the balancers and their clients see them. */
export const balancers: Dashboard = {
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
