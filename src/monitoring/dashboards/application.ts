import { type Dashboard, drawLines } from './dashboard.ts';
import { noTraffic } from './shared-queries.ts';

/** Throughput, loss, delay and jitter: seen from the balancers, for any application; seen from inside, for one that counts itself. */
export const application: Dashboard = {
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
        expr: 'max by (proxy, server, instance) (stddev_over_time(haproxy_server_response_time_average_seconds[1m]))',
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
