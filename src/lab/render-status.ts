import { renderTable } from '../output/table.ts';
import type { LabStatus } from './status.ts';

/** The state of the lab as a table, or one line when there is none. */
export function renderLabStatus(status: LabStatus): string {
  if (status.state === 'down') return 'lab is down\n';
  const rows = status.nodes.map((node) => [
    node.name,
    node.role,
    node.address,
    node.kind,
    node.power,
    node.cable === 'none' ? '-' : node.cable,
    node.memoryBytes === undefined ? '-' : `${Math.round(node.memoryBytes / 1024 / 1024)} MiB`,
  ]);
  return `lab ${status.state}  ${status.subnet}  VIP ${status.vip}  Debian ${status.release}\n${status.cluster}\n\n${renderTable(['NODE', 'ROLE', 'ADDRESS', 'MACHINE', 'POWER', 'NETWORK', 'MEMORY'], rows)}`;
}
