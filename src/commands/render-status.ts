import { renderTable } from '../output/table.ts';
import { neutralise, type Terminal } from '../output/terminal.ts';
import type { ClusterStatus, NodeStatus } from '../pipeline/read-status.ts';

type Colors = Terminal['colors'];

/** A cluster's status as a person reads it: nodes, services, balancers, and last what is degraded. */
export function renderStatus(status: ClusterStatus, colors: Colors): string {
  const blocks = [
    renderNodes(status, colors),
    renderServices(status, colors),
    renderBackends(status, colors),
    renderCertificates(status, colors),
  ];
  return [...blocks.filter((block) => block !== ''), renderVerdict(status, colors)].join('\n');
}

function renderNodes(status: ClusterStatus, colors: Colors): string {
  const rows = status.nodes.map((node) => [
    node.name,
    node.address,
    node.role,
    describeState(node, status, colors),
  ]);
  return renderTable(['NODE', 'ADDRESS', 'ROLE', 'STATE'], rows);
}

function describeState(node: NodeStatus, status: ClusterStatus, colors: Colors): string {
  if (node.unreachable !== undefined) return colors.red('unreachable');
  if (node.swarm) return describeMember(node.swarm, colors);
  const balancer = status.balancers?.find(({ name }) => name === node.name);
  if (!balancer) return status.swarmUnknown === undefined ? 'not in the swarm' : 'not known';
  if (balancer.unreachable !== undefined) return colors.red('does not answer');
  if (balancer.engineState !== 'active')
    return colors.red(`${balancer.engine} ${balancer.engineState || 'not installed'}`);
  return colors.green(balancer.holds.length > 0 ? `ready, holds ${balancer.holds.join(' and ')}` : 'ready');
}

function describeMember(member: NonNullable<NodeStatus['swarm']>, colors: Colors): string {
  const parts = [member.status, ...(member.leader ? ['leader'] : [])];
  if (member.availability !== 'active') parts.push(member.availability);
  const text = neutralise(parts.join(', '));
  return member.status === 'ready' ? colors.green(text) : colors.red(text);
}

function renderServices({ stacks }: ClusterStatus, colors: Colors): string {
  const services = stacks.flatMap((stack) => stack.services);
  if (services.length === 0) return '';
  const rows = services.map((service) => [
    service.color === undefined
      ? service.name
      : `${service.name.replace(`--${service.color}`, '')} (${service.color})`,
    service.mode,
    (service.done ? colors.green : colors.red)(describeTasks(service)),
    neutralise(service.image),
    [...new Set(service.nodes)].join(' '),
  ]);
  return renderTable(['SERVICE', 'MODE', 'TASKS', 'IMAGE', 'ON'], rows);
}

function describeTasks({
  running,
  wanted,
  completed,
}: ClusterStatus['stacks'][number]['services'][number]): string {
  return running === 0 && completed > 0 ? `${completed}/${wanted} completed` : `${running}/${wanted}`;
}

function renderBackends({ balancers = [] }: ClusterStatus, colors: Colors): string {
  const names = [...new Set(balancers.flatMap(({ backends }) => backends.map(({ name }) => name)))];
  if (names.length === 0) return '';
  const answering = balancers.filter(({ backends }) => backends.length > 0);
  const rows = names.map((name) => [
    name,
    ...answering.map(({ backends }) => {
      const servers = backends.find((backend) => backend.name === name)?.servers ?? [];
      const up = servers.filter((server) => server.up).length;
      return (up === servers.length ? colors.green : up === 0 ? colors.red : colors.yellow)(
        `${up}/${servers.length} up`,
      );
    }),
  ]);
  return renderTable(['BACKEND', ...answering.map(({ name }) => name)], rows);
}

function renderCertificates({ balancers = [] }: ClusterStatus, colors: Colors): string {
  const rows = new Map<string, string[]>();
  for (const { name, hosts, expiresAt, daysLeft } of balancers.flatMap(({ certificates }) => certificates)) {
    const until = `${expiresAt.slice(0, 10)}, ${daysLeft < 0 ? 'expired' : `${daysLeft} days`}`;
    const color = daysLeft < 0 ? colors.red : daysLeft < 21 ? colors.yellow : colors.green;
    rows.set(name, [neutralise(name), hosts.join(' '), color(until)]);
  }
  return rows.size === 0 ? '' : renderTable(['CERTIFICATE', 'FOR', 'UNTIL'], [...rows.values()]);
}

function renderVerdict({ degraded, swarmUnknown }: ClusterStatus, colors: Colors): string {
  if (degraded.length === 0) return `${colors.green('all is well')}\n`;
  const lines = degraded.map((line) => `  ${neutralise(line)}\n`);
  return `${colors.red(swarmUnknown === undefined ? 'degraded' : 'not up')}\n${lines.join('')}`;
}
