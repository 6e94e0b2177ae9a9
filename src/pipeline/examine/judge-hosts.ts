/** What there is to say of the machines themselves. Pure. */
import { type Cluster, swarmNodes } from '../../cluster/cluster.ts';
import { findNodesWithoutIpvs, type HostsObserved } from '../../hosts/host-state.ts';
import { checkSystem } from '../../hosts/supported-systems.ts';
import { findWarnings } from '../../hosts/warnings.ts';
import { explainFailure, type Finding, findProblem } from '../finding.ts';

/** A line for each machine that can be worked with, and what is wrong with the others; then what their kernels lack. */
export function judgeHosts(cluster: Pick<Cluster, 'nodes' | 'balancer'>, observed: HostsObserved): Finding[] {
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
