/** Names the broken hop on the way client → virtual address → balancer → port of a node → task. Pure. */
import type { Finding } from '../finding.ts';
import { describeOutcome, describeTarget, type Outcome } from './connection.ts';
import type {
  BalancerEvidence,
  FrontendEvidence,
  LinkEvidence,
  PathEvidence,
  ServerEvidence,
  TaskEvidence,
} from './evidence.ts';

/** What is broken or doubtful on the path, nearest to the client first; what is well in one line a frontend. */
export function judgePath(evidence: PathEvidence): Finding[] {
  return [
    ...evidence.frontends.flatMap((frontend) => judgeFrontend(frontend, evidence)),
    ...evidence.balancers.flatMap(judgeBalancer),
    ...judgeMeshNodes(evidence),
    ...judgeServers(evidence),
    ...judgeLinks(evidence.links),
  ];
}

function answers(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'answered';
}

/** An answer of a kind: the way is open, whatever is said at its end. */
function arrives(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && ['answered', 'wrong', 'silent'].includes(outcome.kind);
}

/** What an application may say to a stranger who asks for `/`: an object store 403, an API 404. */
function turnsAway(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'wrong' && /^HTTP 4\d\d$/.test(outcome.detail);
}

function judgeFrontend(frontend: FrontendEvidence, evidence: PathEvidence): Finding[] {
  const { name, port, inMaintenance, throughVips, throughBalancers, onBalancers } = frontend;
  const about = `frontend ${name}`;
  const virtual = Object.entries(throughVips);
  const direct = Object.entries(throughBalancers);
  const local = Object.entries(onBalancers);
  const evidenceLines = [
    ...virtual.map(
      ([vip, outcome]) => `from here to ${vip}:${port}, the virtual address: ${describeOutcome(outcome)}`,
    ),
    ...direct.map(
      ([balancer, outcome]) => `from here to ${balancer}, port ${port}: ${describeOutcome(outcome)}`,
    ),
    ...local.map(([balancer, outcome]) => `on ${balancer} itself, port ${port}: ${describeOutcome(outcome)}`),
  ];
  const listening = local.filter(([, outcome]) => arrives(outcome)).map(([balancer]) => balancer);
  const deaf = local.filter(([, outcome]) => !arrives(outcome)).map(([balancer]) => balancer);
  const findings: Finding[] = deaf
    .filter((balancer) => evidence.balancers.some((one) => one.name === balancer && one.proxy === 'active'))
    .map((balancer) => ({
      verdict: listening.length > 0 ? ('warning' as const) : ('broken' as const),
      about: balancer,
      message: `its balancer runs, but doesn't listen on port ${port} (${about}): it runs another configuration than the files say`,
      evidence: evidenceLines,
      next: 'kawanan up puts the configuration there',
    }));
  if (listening.length === 0) return findings;
  const blocked = direct.filter(([balancer, outcome]) => listening.includes(balancer) && !arrives(outcome));
  const lost = virtual.filter(([, outcome]) => !arrives(outcome)).map(([vip]) => vip);
  const elsewhere = direct.some(([, outcome]) => arrives(outcome))
    ? 'their own addresses'
    : virtual.find(([, outcome]) => arrives(outcome))?.[0];
  if (lost.length > 0 && elsewhere === undefined) {
    findings.push({
      verdict: 'warning',
      about,
      message: `the balancers answer on themselves, but nothing from here reaches them: a firewall, a router, or this computer is on another network`,
      evidence: evidenceLines,
      next: `let TCP port ${port} through to the balancers`,
    });
  } else if (lost.length > 0) {
    findings.push(
      ...lost.map((vip) => ({
        verdict: 'broken' as const,
        about,
        message: `the balancers answer at ${elsewhere}, but not at the virtual address ${vip}: nobody holds it, or this computer's ARP entry for it is stale`,
        evidence: evidenceLines,
        next: `look who holds it: kawanan balancer show; forget a stale entry: ip neigh flush to ${vip}`,
      })),
    );
  } else if (blocked.length > 0) {
    findings.push({
      verdict: 'warning',
      about,
      message: `${blocked.map(([balancer]) => balancer).join(' and ')} can't be reached from here at its own address: after a failover the service may not answer`,
      evidence: evidenceLines,
      next: `let TCP port ${port} through to ${blocked.map(([balancer]) => balancer).join(' and ')}`,
    });
  }
  if (findings.length > 0) return findings;
  const seen =
    virtual.length > 0 ? virtual : direct.filter(([balancer]) => listening.includes(balancer)).slice(0, 1);
  const bad = seen.find(([, outcome]) => !answers(outcome) && !turnsAway(outcome))?.[1];
  if (bad)
    return [
      {
        verdict: 'broken',
        about,
        message: `the way to it is open, but it answers ${describeOutcome(bad)}: look at its servers below`,
        evidence: evidenceLines,
      },
    ];
  const doors = virtual.length === 0 ? '' : `at ${virtual.map(([vip]) => `${vip}:${port}`).join(' and ')} `;
  const said = seen[0] ? describeOutcome(seen[0][1]) : 'on the balancers';
  return [
    {
      verdict: 'ok',
      about,
      message: `answers ${doors}(${said})${inMaintenance ? ', in maintenance as the files say' : ''}`,
    },
  ];
}

function judgeBalancer({ name, proxy, unit, unreachable, holdsVip }: BalancerEvidence): Finding[] {
  if (unreachable !== undefined || proxy === 'active' || proxy === '') return [];
  return [
    {
      verdict: 'broken',
      about: name,
      message: `the balancer is down: ${unit} is ${proxy}${holdsVip ? ', and yet it holds the virtual address' : ''}`,
      evidence: [`systemctl is-active ${unit}: ${proxy}`],
      next: `journalctl -u ${unit} on it says why`,
      mend: { kind: 'restart-unit', host: name, unit },
    },
  ];
}

function judgeServers({ servers, tasks }: PathEvidence): Finding[] {
  const services = [...new Set(servers.map(({ service }) => service))];
  return services.flatMap((service) => {
    const own = servers.filter((server) => server.service === service);
    const findings = own.flatMap((server) => judgeServer(server, tasks));
    const running = tasks.filter((task) => task.service === service && task.state === 'running');
    return [...(running.length === 0 ? [judgeAbsence(service, tasks)] : []), ...findings];
  });
}

function isClosed(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && !arrives(outcome);
}

/** Nodes on which ports of the ingress mesh answer nothing although tasks run somewhere. */
function judgeMeshNodes({ servers, tasks }: PathEvidence): Finding[] {
  const closed = servers.filter(
    ({ meshed, service, fromNode }) =>
      meshed &&
      isClosed(fromNode) &&
      tasks.some(
        (task) => task.service === service && task.state === 'running' && task.unhealthy === undefined,
      ),
  );
  return [...new Set(closed.map(({ node }) => node))].map((node): Finding => {
    const own = closed.filter((server) => server.node === node);
    const ports = [...new Set(own.map(({ service, target }) => `${target.port} (${service})`))];
    return {
      verdict: 'broken',
      about: `ingress mesh on ${node}`,
      message: `tasks run, but port ${ports.join(', ')} of the mesh answers nothing on this node`,
      evidence: own.map(
        ({ service, target, fromNode }) =>
          `${service}: on the node itself, ${describeTarget(target)}: ${describeOutcome(fromNode!)}`,
      ),
      next: `a kernel without IPVS, or a stale table of IPVS, is told of by itself; else the mesh doesn't get from ${node} to the tasks (UDP port 4789), or the application doesn't listen on its container port`,
    };
  });
}

function judgeAbsence(service: string, tasks: TaskEvidence[]): Finding {
  const own = tasks.filter((task) => task.service === service);
  return {
    verdict: 'broken',
    about: `service ${service}`,
    message: 'none of its tasks runs, so no balancer can answer for it',
    evidence: own
      .slice(0, 4)
      .flatMap(({ node, state, error, unhealthy }) => [
        `task on ${node || 'no node yet'}: ${state}${error ? `: ${error}` : ''}`,
        ...(unhealthy === undefined ? [] : [`its health check: ${unhealthy}`]),
      ]),
    next: `kawanan ps ${service} --all and kawanan logs ${service} tell why`,
  };
}

function judgeServer(server: ServerEvidence, tasks: TaskEvidence[]): Finding[] {
  const { service, node, meshed, color, target, fromNode, fromBalancers, states, name } = server;
  const own = tasks.filter(
    (task) => task.service === service && task.color === color && (meshed || task.node === node),
  );
  const running = own.filter(({ state }) => state === 'running');
  const task = running.find(({ unhealthy }) => unhealthy === undefined) ?? running[0] ?? own[0];
  const about = meshed ? `${service} through the ingress mesh of ${node}` : `${service} on ${node}`;
  const port = target.port;
  const evidence = [
    ...(task
      ? [
          `the swarm: ${meshed ? 'a task of it' : 'its task'} is ${task.state}${task.error ? `: ${task.error}` : ''}${meshed ? ` on ${task.node}` : ''}`,
        ]
      : ['the swarm: no task of it here']),
    ...(task?.unhealthy === undefined ? [] : [`its health check: ${task.unhealthy}`]),
    ...(fromNode ? [`on ${node} itself, ${describeTarget(target)}: ${describeOutcome(fromNode)}`] : []),
    ...Object.entries(fromBalancers).map(
      ([balancer, outcome]) => `from ${balancer}, ${describeTarget(target)}: ${describeOutcome(outcome)}`,
    ),
    ...Object.entries(states).map(
      ([balancer, { status, check }]) =>
        `${balancer} says of server ${name}: ${status}${check ? ` (${check})` : ''}`,
    ),
  ];
  const restart = { kind: 'restart-service', service } as const;
  if (task?.unhealthy !== undefined)
    return [
      {
        verdict: 'broken',
        about,
        message: 'its task is unhealthy: the health check of the container fails',
        evidence,
        next: `kawanan logs ${service}`,
        mend: restart,
      },
    ];
  // A server where nothing runs is down for a good reason; that none runs anywhere is told once for the service.
  if (task?.state !== 'running') return [];
  if (fromNode === undefined) return [];
  // Told of once a node, whatever runs there.
  if (isClosed(fromNode) && meshed) return [];
  if (isClosed(fromNode))
    return [
      {
        verdict: 'broken',
        about,
        message: `its task runs, but port ${port} isn't published on the node: nothing answers there`,
        evidence,
        next: `does the application listen on its container port? If it does, the engine lost its rules: systemctl restart docker on ${node}`,
        mend: restart,
      },
    ];
  const cut = Object.entries(fromBalancers).filter(([, outcome]) => !arrives(outcome));
  if (cut.length > 0)
    return [
      {
        verdict: 'broken',
        about,
        message: `answers on the node, but not from ${cut.map(([balancer]) => balancer).join(' and ')}: a firewall between them`,
        evidence,
        next: `let TCP port ${port} through from ${cut.map(([balancer]) => balancer).join(' and ')} to ${node}`,
      },
    ];
  if (!answers(fromNode))
    return [
      {
        verdict: 'broken',
        about,
        message: `the application fails: ${describeOutcome(fromNode)}`,
        evidence,
        next: `kawanan logs ${service}`,
        mend: restart,
      },
    ];
  return judgeStates(server, about, evidence);
}

/** The server works, so a balancer that gives it nothing was told so, or looks at something else. */
function judgeStates({ states, name }: ServerEvidence, about: string, evidence: string[]): Finding[] {
  const aside = Object.entries(states).filter(([, { up }]) => !up);
  if (aside.length === 0) return [];
  const names = aside.map(([balancer]) => balancer).join(' and ');
  const byHand = aside.every(([, { status }]) => /^(DRAIN|MAINT)/.test(status));
  return [
    {
      verdict: 'warning',
      about,
      message: byHand
        ? `works, and ${names} keeps it aside: it was drained`
        : `works, but ${names} gives it nothing`,
      evidence,
      next: byHand
        ? `kawanan balancer ready ${name} lets it work again`
        : 'run this again: a check may be on its way; if it stays, kawanan up',
    },
  ];
}

function judgeLinks(links: LinkEvidence[]): Finding[] {
  const broken = links.filter(({ outcome, what }) =>
    // Refused by the machine at the other end is an answer where only the way matters.
    what.startsWith('overlay') ? !arrives(outcome) && outcome.kind !== 'refused' : !arrives(outcome),
  );
  const whats = [...new Set(broken.map(({ what }) => what))];
  const findings = whats.map((what): Finding => {
    const own = broken.filter((link) => link.what === what);
    return {
      verdict: 'broken',
      about: 'network between the nodes',
      message: `${what} doesn't get through: ${own.map(({ from, to }) => `${from} → ${to}`).join(', ')}`,
      evidence: own.map(
        ({ from, to, outcome, through }) =>
          `from ${from} to ${to}${through === undefined ? '' : ` (${through})`}: ${describeOutcome(outcome)}`,
      ),
      next: what.startsWith('overlay')
        ? 'let UDP port 4789 through between the nodes, both ways; some virtual machine hosts drop it: choose another with docker swarm init --data-path-port'
        : `let ${what.includes('2377') ? 'TCP port 2377 to the managers' : 'TCP and UDP port 7946 between all nodes'} through`,
    };
  });
  if (findings.length > 0 || links.length === 0) return findings;
  const overlay = links.filter(({ what }) => what.startsWith('overlay')).length;
  return [
    {
      verdict: 'ok',
      about: 'network between the nodes',
      message: `management and gossip get through${overlay > 0 ? `, overlay traffic too (${overlay} tried)` : ''}`,
    },
  ];
}
