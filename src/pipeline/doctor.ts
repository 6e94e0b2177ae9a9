/** Looks for what would stop or hurt a run, and changes nothing: files, hosts, swarm, balancers, and the way in. */
import { type Cluster, swarmNodes } from '../cluster/cluster.ts';
import { formatPlace, InputError, type Problem, UserError } from '../errors.ts';
import { formatCount } from '../output/format.ts';
import type { Hosts } from '../remote/host.ts';
import { ConnectionError } from '../remote/remote-errors.ts';
import type { Finding } from './finding.ts';
import { type Inputs, type LoadOptions, loadInputs } from './inputs.ts';
import { keepLasting } from './mesh/keep-lasting.ts';

export type { Finding } from './finding.ts';

/** All that is found about the files; the inputs too, where nothing in them is broken. */
export async function examineFiles(options: LoadOptions): Promise<{ findings: Finding[]; inputs?: Inputs }> {
  try {
    const inputs = await loadInputs({ ...options, writeSecrets: false });
    const warnings = [
      ...inputs.cluster.warnings,
      ...inputs.stacks.flatMap(({ definition }) => definition.warnings),
    ];
    const findings = warnings.map((message): Finding => ({ verdict: 'warning', about: 'files', message }));
    return {
      inputs,
      findings: [...findings, { verdict: 'ok', about: 'files', message: describeFiles(inputs) }],
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { findings: error.problems.map(findProblem) };
  }
}

function describeFiles({ cluster, stacks }: Inputs): string {
  const count = stacks.reduce((sum, { definition }) => sum + definition.services.length, 0);
  const services =
    stacks.length === 0
      ? 'no stack'
      : `${formatCount(count, 'service')}${stacks.length > 1 ? ` in ${stacks.length} stacks` : ''}`;
  return `the files are right: ${formatCount(cluster.nodes.length, 'node')}, ${services}`;
}

function findProblem(problem: Problem): Finding {
  const place = formatPlace(problem);
  const message = place === '' ? problem.message : `${place}: ${problem.message}`;
  return {
    verdict: 'broken',
    about: 'files',
    message,
    ...(problem.next !== undefined && { next: problem.next }),
  };
}

/**
 * All that is found about hosts, swarm, balancers and the way from a client to the tasks, side by side. The way can be
 * walked only where the files are right: they say what should answer.
 */
export async function examineCluster(
  cluster: Cluster,
  hosts: Hosts,
  signal: AbortSignal,
  inputs?: Inputs,
): Promise<Finding[]> {
  const findings = await Promise.all([
    examineHosts(cluster, hosts, signal),
    examineEngines(cluster, hosts),
    examineSwarm(cluster, hosts),
    examineBalancers(cluster, hosts),
    examineMesh(cluster, hosts, signal),
    inputs ? examinePath(inputs, hosts) : [],
    inputs ? examineConfigurations(inputs, hosts, signal) : [],
  ]);
  return findings.flat();
}

/** The way from here through the balancers to the tasks; nothing where there is no swarm yet. */
async function examinePath({ cluster, stacks }: Inputs, hosts: Hosts): Promise<Finding[]> {
  const [{ findManager }, { readStackStatus }, { planStacksBackends }, { observePath }, { judgePath }] =
    await Promise.all([
      import('../swarm/connect-manager.ts'),
      import('../stack/status.ts'),
      import('../balancer/backends.ts'),
      import('./path/observe-path.ts'),
      import('./path/judge-path.ts'),
    ]);
  if (stacks.length === 0) return [];
  try {
    const manager = await findManager(cluster, hosts);
    // That nobody answers for the swarm is told of already.
    if (manager.kind === 'absent') return [];
    const { engine } = manager;
    const [statuses, nodes] = await Promise.all([
      Promise.all(stacks.map(({ definition }) => readStackStatus(engine, definition.name))),
      engine.listNodes(),
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
    return [explain('path', error)];
  }
}

/** How long a change of the tasks may take to reach every node's table. */
const meshDelayMs = 5_000;

/** Stale entries of the nodes' IPVS tables; what differs is looked at twice, for tasks come and go. */
async function examineMesh(cluster: Cluster, hosts: Hosts, signal: AbortSignal): Promise<Finding[]> {
  const [{ findManager }, { observeMesh }, { judgeMesh }, { setTimeout: sleep }] = await Promise.all([
    import('../swarm/connect-manager.ts'),
    import('./mesh/observe-mesh.ts'),
    import('./mesh/judge-mesh.ts'),
    import('node:timers/promises'),
  ]);
  try {
    const manager = await findManager(cluster, hosts);
    if (manager.kind === 'absent') return [];
    const look = async (): Promise<Finding[]> => judgeMesh(await observeMesh(cluster, hosts, manager.engine));
    const first = await look();
    if (!first.some(({ verdict }) => verdict === 'broken')) return first;
    await sleep(meshDelayMs, undefined, { signal });
    return keepLasting(first, await look());
  } catch (error) {
    if (error instanceof ConnectionError) return [];
    return [explain('ingress mesh', error)];
  }
}

async function examineHosts(cluster: Cluster, hosts: Hosts, signal: AbortSignal): Promise<Finding[]> {
  const [{ observeHosts }, { findWarnings }, { checkSystem }, { findNodesWithoutIpvs }] = await Promise.all([
    import('../hosts/observe.ts'),
    import('../hosts/warnings.ts'),
    import('../hosts/supported-systems.ts'),
    import('../hosts/host-state.ts'),
  ]);
  const observed = await observeHosts(cluster, hosts, signal);
  const findings: Finding[] = [];
  const reached = [];
  for (const node of cluster.nodes) {
    const state = observed.nodes[node.name]!;
    if (state.kind === 'unreachable') {
      findings.push(explain(node.name, state.error));
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

/** Balancers whose files or running configuration aren't what the files here say; those that were never set up aren't told of. */
async function examineConfigurations(
  { cluster, stacks }: Inputs,
  hosts: Hosts,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { createBalancerLayer } = await import('../balancer/layer.ts');
  try {
    const layer = createBalancerLayer(await selectDeployed(stacks, cluster, hosts), cluster, hosts);
    const seen = await layer.observe(signal);
    if (seen.kind === 'unknown') return [];
    const { changes } = layer.plan(seen.value, new Map());
    return changes
      .filter(({ kind }) => kind !== 'create')
      .map(({ object, fields, title }) => ({
        verdict: 'broken' as const,
        about: object.host ?? object.name,
        message: `its ${object.name} differs from what the files say`,
        evidence: fields.map(
          ({ path, before, after }) =>
            `${path}: ${before ?? 'nothing'} there, ${after ?? 'nothing'} in the files`,
        ),
        next: `kawanan plan shows it whole, kawanan up puts it right (${title})`,
      }));
  } catch (error) {
    // A balancer that lets nobody in is told of already.
    if (error instanceof ConnectionError) return [];
    return [explain('balancer', error)];
  }
}

/** Of several stacks those that were deployed: the balancers aren't to serve any other. */
async function selectDeployed(
  stacks: Inputs['stacks'],
  cluster: Cluster,
  hosts: Hosts,
): Promise<Inputs['stacks']> {
  if (stacks.length < 2) return stacks;
  const { readNewestRevisions } = await import('./deployed-stacks.ts');
  const names = stacks.map(({ definition }) => definition.name);
  const deployed = (await readNewestRevisions(names, cluster, hosts)).map(({ name }) => name);
  return stacks.filter(({ definition }) => deployed.includes(definition.name));
}

/** Engines that are there and don't answer. One that isn't installed or started is what `up` is for; a host that lets nobody in is told of already. */
export async function examineEngines(cluster: Pick<Cluster, 'nodes'>, hosts: Hosts): Promise<Finding[]> {
  const { ConnectionError, SocketError } = await import('../remote/remote-errors.ts');
  const findings = await Promise.all(
    swarmNodes(cluster).map(async ({ name }) => {
      try {
        await (await hosts.connect(name)).engine().ping();
        return [];
      } catch (error) {
        const absent = error instanceof SocketError && ['absent', 'refused'].includes(error.failure);
        if (absent || error instanceof ConnectionError) return [];
        return [explain(name, error)];
      }
    }),
  );
  return findings.flat();
}

async function examineSwarm(cluster: Cluster, hosts: Hosts): Promise<Finding[]> {
  const { findManager } = await import('../swarm/connect-manager.ts');
  try {
    const search = await findManager(cluster, hosts);
    if (search.kind === 'found')
      return [{ verdict: 'ok', about: search.node.name, message: 'answers for the swarm' }];
    return [
      {
        verdict: 'warning',
        about: 'swarm',
        message: `no manager answers for a swarm (${search.reason})`,
        next: 'kawanan up makes one where there is none yet',
      },
    ];
  } catch (error) {
    return [explain('swarm', error)];
  }
}

async function examineBalancers(cluster: Cluster, hosts: Hosts): Promise<Finding[]> {
  const { readBalancerStatus } = await import('../balancer/status.ts');
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
    import('../balancer/keepalived/measure-jitter.ts'),
    import('../balancer/keepalived/judge-jitter.ts'),
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
        return explain(about, error);
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

function explain(about: string, error: unknown): Finding {
  if (!(error instanceof UserError)) throw error;
  const { next } = error;
  const message = [error.message, ...error.details].join('; ');
  return { verdict: 'broken', about, message, ...(next !== undefined && { next }) };
}
