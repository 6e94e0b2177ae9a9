import type { NodeRole } from '../cluster/cluster.ts';
import { isFrozen, nodeGroup, readCgroupLayout, readMemoryBytes } from './cgroups.ts';
import { statePaths } from './cluster-file.ts';
import { bridgeName, type Lab, type LabNode, labNetwork, labNodes, linkName } from './lab.ts';
import { findLeader } from './machine.ts';
import type { MachineKind } from './machine-kind.ts';
import { type Cable, cableState, type Link, readLinks } from './network.ts';
import { type LabRecord, machineKindOf, readRecord } from './record.ts';

export type NodePower = 'running' | 'paused' | 'off';

export interface LabNodeStatus {
  name: string;
  role: NodeRole;
  address: string;
  kind: MachineKind;
  power: NodePower;
  cable: Cable;
  /** Its first process, seen from this computer; absent while it is off. */
  pid?: number;
  /** The cache of its files left out. */
  memoryBytes?: number;
}

export interface LabStatus {
  /** `partial`: a node is off, paused or cut, or `up` never ended. */
  state: 'up' | 'partial' | 'down';
  /** Path of its cluster file. */
  cluster: string;
  release?: string;
  subnet?: string;
  vip?: string;
  nodes: LabNodeStatus[];
}

/** Reads the state of a lab off this computer's processes, control groups and interfaces. */
export async function readLabStatus(lab: Lab): Promise<LabStatus> {
  const record = await readRecord(lab.machinesDir);
  const cluster = statePaths(lab).cluster;
  if (!record) return { state: 'down', cluster, nodes: [] };
  const network = labNetwork(record.number);
  const links = await readLinks();
  const nodes = await Promise.all(labNodes.map((node) => readNodeStatus(lab, node, record, links)));
  const well = nodes.every((node) => node.power === 'running' && node.cable === 'plugged');
  return {
    state: well ? 'up' : 'partial',
    cluster,
    release: record.release,
    subnet: network.subnet,
    vip: network.vip,
    nodes,
  };
}

async function readNodeStatus(
  lab: Lab,
  node: LabNode,
  record: LabRecord,
  links: Link[],
): Promise<LabNodeStatus> {
  const layout = await readCgroupLayout();
  const group = nodeGroup(layout.freezer, lab, node);
  const pid = await findLeader(group);
  const memoryBytes = pid === undefined ? undefined : await readMemoryBytes(layout, lab, node);
  return {
    name: node.name,
    role: node.role,
    address: labNetwork(record.number).addresses[node.name]!,
    kind: machineKindOf(record, node),
    power: pid === undefined ? 'off' : (await isFrozen(layout, group)) ? 'paused' : 'running',
    // The cable of one that switched itself off may still hang from the bridge.
    cable: pid === undefined ? 'none' : cableState(links, linkName(lab, node), bridgeName(lab)),
    ...(pid === undefined ? {} : { pid }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
  };
}
