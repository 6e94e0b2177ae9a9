/** The monitoring of a cluster, for the commands that look into it. */
import type Docker from 'dockerode';
import type { CommandContext } from '../../cli.ts';
import { monitoringStack } from '../../cluster/cluster.ts';
import { loadCluster } from '../../cluster/load-cluster.ts';
import { UserError } from '../../errors.ts';
import { passwordSecret } from '../../monitoring/exporters.ts';
import { selectOurs } from '../../monitoring/our-services.ts';
import { askPrometheus } from '../../pipeline/ask-prometheus.ts';
import { createMonitoringRunner } from '../../pipeline/monitoring-runner.ts';
import { readSecretInTask } from '../../pipeline/run-in-task.ts';
import { findNewestVersion } from '../../secrets/plan.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { createSwarmSecrets } from '../../secrets/swarm-secrets.ts';
import { chooseTask } from '../../stack/choose-task.ts';
import { connectManager } from '../../swarm/connect-manager.ts';
import { type ClusterOptions, openHosts } from '../session.ts';

export interface OpenMonitoring extends AsyncDisposable {
  /** Keys of its services. */
  services: string[];
  /** The data of an answer of Prometheus' HTTP API. */
  ask(path: string, form?: string): Promise<unknown>;
  /** Where Prometheus runs now. */
  findPrometheus(): Promise<{ engine: Docker; containerId: string }>;
  /** The password that all of it asks for; `undefined` where no task runs that has it. */
  readPassword(): Promise<SecretValue | undefined>;
}

/** @throws UserError where there is no monitoring, or no manager answers. */
export async function openMonitoring(
  options: ClusterOptions,
  context: CommandContext,
): Promise<OpenMonitoring> {
  const cluster = await loadCluster(options.file, context.cwd);
  const hosts = openHosts(cluster, context);
  try {
    const { engine } = await connectManager(cluster, hosts);
    const runner = createMonitoringRunner(engine, hosts, context.signal);
    const services = selectOurs((await runner.read()).services);
    if (services.length === 0)
      throw new UserError('the cluster is not monitored', { next: '`kawanan monitor up` sets it up' });
    return {
      services: services.map(({ Spec }) => Spec.Name.slice(monitoringStack.length + 1)),
      ask: (path, form) => askPrometheus(runner, path, form),
      findPrometheus: async () => {
        const { node, containerId } = chooseTask(monitoringStack, 'prometheus', await runner.read());
        return { engine: (await hosts.connect(node)).engine(), containerId };
      },
      readPassword: async () => {
        const version = findNewestVersion(passwordSecret, await createSwarmSecrets(engine).list());
        return version && readSecretInTask(runner, version.secret.name);
      },
      [Symbol.asyncDispose]: () => hosts.close(),
    };
  } catch (error) {
    await hosts.close();
    throw error;
  }
}
