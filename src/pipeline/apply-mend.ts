/** Carries out what doctor offers. */
import type { Cluster } from '../cluster/cluster.ts';
import type { Hosts } from '../remote/host.ts';
import { chooseStackOf, findServiceByName } from '../stack/find-service.ts';
import { listStackServices } from '../stack/observe.ts';
import { connectManager } from '../swarm/connect-manager.ts';
import type { Mend } from './finding.ts';

/**
 * Does what a mend says and returns once it was accepted; whether it helped is seen by examining again.
 *
 * @throws CommandError when systemd refuses, UserError when no manager answers or the service is gone.
 */
export async function applyMend(mend: Mend, cluster: Cluster, hosts: Hosts): Promise<void> {
  if (mend.kind === 'restart-unit') {
    const host = await hosts.connect(mend.host);
    await host.run({
      program: 'systemctl',
      args: ['reset-failed', mend.unit],
      asRoot: true,
      accept: [0, 1, 5],
    });
    await host.run({ program: 'systemctl', args: ['restart', mend.unit], asRoot: true, timeoutMs: 120_000 });
    return;
  }
  const { engine } = await connectManager(cluster, hosts);
  const stacks = await Promise.all(
    cluster.stacks.map(async ({ name }) => ({ name, services: await listStackServices(engine, name) })),
  );
  const stackName = chooseStackOf(mend.service, stacks);
  const services = stacks.flatMap((stack) => stack.services);
  const service = findServiceByName(mend.service, services, stackName);
  const { TaskTemplate } = service.Spec;
  // Engine API, ServiceUpdate: a changed ForceUpdate makes all tasks anew by the service's update rules.
  const forced = { ...TaskTemplate, ForceUpdate: (TaskTemplate.ForceUpdate ?? 0) + 1 };
  await engine
    .getService(service.ID)
    .update({ ...service.Spec, TaskTemplate: forced, version: service.Version.Index });
}
