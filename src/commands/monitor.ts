import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import type { OpenOptions } from './monitor/open.ts';
import {
  type ApplyOptions,
  addApplyOptions,
  addClusterOptions,
  addUpdateOptions,
  type ClusterOptions,
} from './session.ts';

export interface MonitorUpOptions extends ApplyOptions {
  /** As it is, unless told. */
  grafana?: boolean;
}

export interface MonitorDownOptions extends ApplyOptions {
  keepHistory?: boolean;
}

/** `kawanan monitor`: Prometheus and what it asks. What each does is loaded only when it is asked for. */
export function buildCommand(context: CommandContext): Command {
  const command = new Command('monitor');
  addUpdateOptions(command.command('up'))
    .description('deploy Prometheus, Alertmanager and exporters, or bring them to what the files say now')
    .option('--grafana', 'with Grafana, whose image comes from Docker Hub; it stays from then on')
    .option('--no-grafana', 'without the Grafana that is there')
    .action(async (options: MonitorUpOptions) =>
      (await import('./monitor/up.ts')).startMonitoring(options, context),
    );
  addClusterOptions(command.command('status'))
    .description(
      'what Prometheus asks, whether it answers, and the alerts that fire; exit code 1 where something is down',
    )
    .action(async (options: ClusterOptions) =>
      (await import('./monitor/status.ts')).showMonitoring(options, context),
    );
  addClusterOptions(command.command('panels'))
    .description('ask Prometheus the query of every panel and alert, and tell how many samples each has')
    .action(async (options: ClusterOptions) =>
      (await import('./monitor/panels.ts')).checkPanels(options, context),
    );
  addClusterOptions(command.command('query'))
    .description('put one query to Prometheus')
    .argument('<promql>', "such as: up, or 'sum(rate(haproxy_frontend_http_requests_total[30s]))'")
    .action(async (expr: string, options: ClusterOptions) =>
      (await import('./monitor/query.ts')).queryMonitoring(expr, options, context),
    );
  command
    .command('open')
    .description('lead a port of this computer to a page of it; nothing is published on the machines')
    .argument('[page]', 'prometheus, alertmanager or grafana', 'prometheus')
    .option('-f, --file <cluster.yml>', 'the cluster file', 'cluster.yml')
    .option('--port <port>', 'port of this computer; that of the page unless told, 0 for any')
    .action(async (page: string, options: OpenOptions) =>
      (await import('./monitor/open.ts')).openPage(page, options, context),
    );
  command
    .command('password')
    .description('print the password that the pages ask for')
    .option('-f, --file <cluster.yml>', 'the cluster file', 'cluster.yml')
    .action(async (options: ClusterOptions) =>
      (await import('./monitor/password.ts')).showPassword(options, context),
    );
  addApplyOptions(command.command('down'))
    .description('remove all of it from the swarm and from the machines')
    .option('--keep-history', 'leave the volumes with the history, for the next monitor up')
    .action(async (options: MonitorDownOptions) =>
      (await import('./monitor/down.ts')).stopMonitoring(options, context),
    );
  return command;
}
