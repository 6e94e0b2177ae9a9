import type { Cluster } from '../../cluster/cluster.ts';
import type { Hosts } from '../../remote/host.ts';
import { explainFailure, type Finding } from '../finding.ts';

/** Who holds each virtual address, whether it answers from here, and whether the machines are steady enough for `fast`. */
export async function examineBalancers(cluster: Cluster, hosts: Hosts): Promise<Finding[]> {
  const { readBalancerStatus } = await import('../../balancer/status.ts');
  const status = await readBalancerStatus(cluster, hosts);
  const configured = status.nodes.some(({ keepalived }) => keepalived === 'active');
  if (!configured || !status.vip) return [];
  const findings = await Promise.all(
    status.vips.map(async ({ address, holders, problem }): Promise<Finding[]> => {
      if (problem !== undefined) return [explainHolding({ address, holders, problem }, status.nodes)];
      const held: Finding = { verdict: 'ok', about: address, message: `held by ${holders.join(' and ')}` };
      return [held, ...(await knock(cluster, address))];
    }),
  );
  return [...findings.flat(), ...(await examineSteadiness(cluster, hosts, status.nodes))];
}

/** What can be done where not exactly one balancer has a virtual address. */
function explainHolding(
  { address, holders, problem }: { address: string; holders: string[]; problem: string },
  nodes: { name: string; unreachable?: string }[],
): Finding {
  const finding: Finding = { verdict: 'broken', about: address, message: problem };
  const reached = nodes.filter(({ unreachable }) => unreachable === undefined).map(({ name }) => name);
  // one of several is to let go: the last in the file; where nobody has it, the first is to take it
  const host = holders.length === 0 ? reached[0] : holders.at(-1);
  if (holders.length === 1 || host === undefined)
    return {
      ...finding,
      next: `a stale ARP entry is forgotten there with: ip neigh flush to ${address}; a machine with the same address must give it up`,
    };
  return {
    ...finding,
    next:
      holders.length === 0
        ? `systemctl status keepalived on ${host}; if it doesn't help, kawanan up`
        : 'do the balancers reach each other? A firewall between them must let IP protocol 112 (VRRP) through',
    mend: { kind: 'restart-unit', host, unit: 'keepalived.service' },
  };
}

/** Whether the machines are steady enough for `failover: fast`, where that is wanted; takes 3 s then. */
async function examineSteadiness(
  cluster: Cluster,
  hosts: Hosts,
  nodes: { name: string; unreachable?: string }[],
): Promise<Finding[]> {
  if (cluster.balancer?.failover !== 'fast') return [];
  const [{ measureJitter }, { describeJitter, judgeJitter }] = await Promise.all([
    import('../../balancer/keepalived/measure-jitter.ts'),
    import('../../balancer/keepalived/judge-jitter.ts'),
  ]);
  const reached = nodes.filter(({ unreachable }) => unreachable === undefined);
  return Promise.all(
    reached.map(async ({ name: about }): Promise<Finding> => {
      try {
        const jitter = await measureJitter(await hosts.connect(about));
        const reason = judgeJitter(jitter);
        const message = `processes of keepalived's priority are woken ${describeJitter(jitter)} late`;
        if (reason === undefined) return { verdict: 'ok', about, message };
        return {
          verdict: 'warning',
          about,
          message: `failover: fast may take a holder for lost that isn't: ${reason}`,
          evidence: [message],
          next: 'choose failover: safe in the cluster file, then kawanan up',
        };
      } catch (error) {
        return explainFailure(about, error);
      }
    }),
  );
}

const knockTimeoutMs = 3_000;

/** Whether a connection from here to the virtual address is answered at all. */
async function knock(cluster: Cluster, address: string): Promise<Finding[]> {
  const { connect } = await import('node:net');
  const ssh = cluster.nodes.find(({ role }) => role === 'balancer')?.ssh.port ?? 22;
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: ssh, timeout: knockTimeoutMs });
    const end = (findings: Finding[]): void => {
      socket.destroy();
      resolve(findings);
    };
    socket.once('connect', () =>
      end([{ verdict: 'ok', about: address, message: 'can be reached from here' }]),
    );
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // Refused is an answer: the address lives, only nothing listens on that port.
      if (error.code === 'ECONNREFUSED')
        return end([{ verdict: 'ok', about: address, message: 'can be reached from here' }]);
      return end([unreachable(address, error.code ?? error.message)]);
    });
    socket.once('timeout', () => end([unreachable(address, 'no answer')]));
  });
}

function unreachable(address: string, reason: string): Finding {
  return {
    verdict: 'warning',
    about: address,
    message: `the virtual address can't be reached from here (${reason})`,
    next: 'fine where this computer is on another network; else look at the switch or the VM adapter (promiscuous mode)',
  };
}
