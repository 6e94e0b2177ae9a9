/** The systems we know how to work on. */
import type { Problem } from '../errors.ts';
import type { HostState, OperatingSystem } from './host-state.ts';

const versions: Record<string, { title: string; supported: string[] }> = {
  debian: { title: 'Debian', supported: ['12', '13'] },
  ubuntu: { title: 'Ubuntu', supported: ['22.04', '24.04'] },
};

const architectures = ['amd64', 'arm64'];

/** The list as a person reads it: `Debian 12, 13; Ubuntu 22.04, 24.04`. */
const supportedSystems = Object.values(versions)
  .map(({ title, supported }) => `${title} ${supported.join(', ')}`)
  .join('; ');

/** Why kawanan can't work on a host, in the host's own words; empty when it can. */
export function checkSystem(host: string, state: HostState): Problem[] {
  const { system, architecture } = state;
  if (!versions[system.id]?.supported.includes(system.version)) {
    return [
      { host, message: `${describeSystem(system)} is not supported`, next: `supported: ${supportedSystems}` },
    ];
  }
  const problems: Problem[] = [];
  if (!architectures.includes(architecture)) {
    problems.push({
      host,
      message: `the architecture ${architecture} is not supported`,
      next: `supported: ${architectures.join(', ')}`,
    });
  }
  if (!state.systemd) {
    problems.push({
      host,
      message: 'systemd does not run this machine',
      next: 'use a machine or virtual machine that boots with systemd as process 1',
    });
  }
  return problems;
}

function describeSystem({ id, version, name }: OperatingSystem): string {
  if (name === '' && id === '') return 'a system without /etc/os-release';
  if (versions[id] && version === '') return `${name} (no version: testing or unstable)`;
  return name || [id, version].filter(Boolean).join(' ');
}
