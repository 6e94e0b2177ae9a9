import { type Cluster, swarmNodes } from '../../cluster/cluster.ts';
import type { Hosts } from '../../remote/host.ts';
import { explainFailure, type Finding, findProblem } from '../finding.ts';

/** Whether each machine answers, runs a system that is supported, and has what the swarm needs of its kernel. */
export async function examineHosts(cluster: Cluster, hosts: Hosts, signal: AbortSignal): Promise<Finding[]> {
  const [{ observeHosts }, { findWarnings }, { checkSystem }, { findNodesWithoutIpvs }] = await Promise.all([
    import('../../hosts/observe.ts'),
    import('../../hosts/warnings.ts'),
    import('../../hosts/supported-systems.ts'),
    import('../../hosts/host-state.ts'),
  ]);
  const observed = await observeHosts(cluster, hosts, signal);
  const findings: Finding[] = [];
  const reached = [];
  for (const node of cluster.nodes) {
    const state = observed.nodes[node.name]!;
    if (state.kind === 'unreachable') {
      findings.push(explainFailure(node.name, state.error));
      continue;
    }
    reached.push({ node, state });
    const problems = checkSystem(node.name, state).map((problem) => ({
      ...findProblem(problem),
      about: node.name,
    }));
    findings.push(...problems);
    if (problems.length === 0) {
      findings.push({
        verdict: 'ok',
        about: node.name,
        message: `answers as ${node.ssh.user}, ${state.system.name}`,
      });
    }
  }
  for (const message of findWarnings(reached, cluster.balancer?.engine ?? 'haproxy'))
    findings.push({ verdict: 'warning', about: 'hosts', message });
  const engines = new Set(swarmNodes(cluster).map(({ name }) => name));
  const withoutIpvs = findNodesWithoutIpvs(observed).filter((name) => engines.has(name));
  if (withoutIpvs.length > 0) {
    findings.push({
      verdict: 'warning',
      about: withoutIpvs.join(', '),
      message:
        'no IPVS in the kernel: published ports of the ingress mesh and virtual service addresses answer nothing',
      next: 'publish ports with mode: host and use endpoint_mode: dnsrr, or run a kernel with ip_vs',
    });
  }
  return findings;
}

/** Engines that are there and don't answer. One that isn't installed or started is what `up` is for; a host that lets nobody in is told of already. */
export async function examineEngines(cluster: Pick<Cluster, 'nodes'>, hosts: Hosts): Promise<Finding[]> {
  const { ConnectionError, SocketError } = await import('../../remote/remote-errors.ts');
  const findings = await Promise.all(
    swarmNodes(cluster).map(async ({ name }) => {
      try {
        await (await hosts.connect(name)).engine().ping();
        return [];
      } catch (error) {
        const absent = error instanceof SocketError && ['absent', 'refused'].includes(error.failure);
        if (absent || error instanceof ConnectionError) return [];
        return [explainFailure(name, error)];
      }
    }),
  );
  return findings.flat();
}
