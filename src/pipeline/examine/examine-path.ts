import type { Hosts } from '../../remote/host.ts';
import { ConnectionError } from '../../remote/remote-errors.ts';
import { explainFailure, type Finding } from '../finding.ts';
import type { Inputs } from '../inputs.ts';

/** The way from here through the balancers to the tasks; nothing where there is no swarm yet. */
export async function examinePath({ cluster, stacks }: Inputs, hosts: Hosts): Promise<Finding[]> {
  const [
    { findManager },
    { askSwarm },
    { readStackStatus },
    { planStacksBackends },
    { observePath },
    { judgePath },
  ] = await Promise.all([
    import('../../swarm/connect-manager.ts'),
    import('../../stack/ask-swarm.ts'),
    import('../../stack/status.ts'),
    import('../../balancer/backends.ts'),
    import('../path/observe-path.ts'),
    import('../path/judge-path.ts'),
  ]);
  if (stacks.length === 0) return [];
  try {
    const manager = await findManager(cluster, hosts);
    // That nobody answers for the swarm is told of already.
    if (manager.kind === 'absent') return [];
    const { engine } = manager;
    const [statuses, nodes] = await Promise.all([
      Promise.all(stacks.map(({ definition }) => readStackStatus(engine, definition.name))),
      askSwarm(engine.listNodes()),
    ]);
    const running = statuses.filter(({ services }) => services.length > 0);
    if (running.length === 0) return [];
    // A stack that isn't deployed has nothing that could answer.
    const served = stacks.filter(({ definition }) => running.some(({ name }) => name === definition.name));
    const model = planStacksBackends(served, cluster);
    const readyNodes = (nodes as { Description: { Hostname: string }; Status: { State: string } }[])
      .filter(({ Status }) => Status.State === 'ready')
      .map(({ Description }) => Description.Hostname);
    return judgePath(await observePath({ cluster, hosts, model, stacks: running, readyNodes }));
  } catch (error) {
    if (error instanceof ConnectionError) return [];
    return [explainFailure('path', error)];
  }
}
