/** What the user should know of the hosts though nothing is changed about it; pure. */
import type { ClusterNode } from '../cluster/cluster.ts';
import type { EngineName } from '../cluster/engine-name.ts';
import type { HostState } from './host-state.ts';
import { readText } from './host-state.ts';
import { rolePackages, wantedPackages } from './packages.ts';
import { clockServices, sysctlPath } from './paths.ts';
import { renderSysctlFile, wantedSysctl } from './sysctl.ts';

interface Seen {
  node: ClusterNode;
  state: HostState;
}

/** Clocks further apart than this are worth a warning: tokens and certificates are checked against them. */
const clockToleranceMs = 1000;

/** One line each, with what to do about it. */
export function findWarnings(seen: Seen[], balancing: EngineName): string[] {
  return [...seen.flatMap((one) => warnOfHost(one, balancing)), ...warnOfClocks(seen)];
}

function warnOfHost({ node, state }: Seen, balancing: EngineName): string[] {
  const { name, role } = node;
  const warnings: string[] = [];
  const onClock = clockServices.some((unit) => state.services[unit]?.active === 'active');
  // A container's clock is the clock of the machine around it.
  if (!onClock && state.container === undefined) {
    warnings.push(`${name}: nothing keeps its clock right; on it: apt-get install systemd-timesyncd`);
  }
  for (const feature of ['overlay', 'vxlan'] as const) {
    if (role === 'balancer' || state.kernel[feature] !== 'missing') continue;
    warnings.push(`${name}: its kernel has no ${feature}, which swarm networks and images need`);
  }
  warnings.push(...warnOfSysctl({ node, state }));
  const wanted = wantedPackages(role, state, balancing);
  const idle = rolePackages.filter((pkg) => state.brought.includes(pkg) && !wanted.includes(pkg));
  for (const pkg of idle.filter((pkg) => state.packages[pkg] === 'installed')) {
    warnings.push(`${name}: ${pkg} was installed for another role or engine; it stays until kawanan down`);
  }
  return warnings;
}

function warnOfSysctl({ node, state }: Seen): string[] {
  const settings = wantedSysctl(node.role);
  const written = readText(state.files[sysctlPath]) === renderSysctlFile(settings);
  return Object.entries(settings).flatMap(([key, value]) => {
    const running = state.sysctl[key];
    if (running === undefined) return [`${node.name}: its kernel has no ${key}`];
    if (running === value || !written || state.container === undefined) return [];
    return [`${node.name}: ${key} stays ${running}: it belongs to the machine around this container`];
  });
}

function warnOfClocks(seen: Seen[]): string[] {
  const byOffset = seen.toSorted((a, b) => a.state.clock.offsetMs - b.state.clock.offsetMs);
  const [first, last] = [byOffset[0], byOffset.at(-1)];
  if (!first || !last) return [];
  const apartMs = last.state.clock.offsetMs - first.state.clock.offsetMs;
  const uncertaintyMs = first.state.clock.uncertaintyMs + last.state.clock.uncertaintyMs;
  if (apartMs - uncertaintyMs <= clockToleranceMs) return [];
  const seconds = (apartMs / 1000).toFixed(1);
  return [
    `the clocks of ${first.node.name} and ${last.node.name} are ${seconds} s apart; on both: timedatectl set-ntp true`,
  ];
}
