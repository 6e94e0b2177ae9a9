/** Reads the Engine API's answers; pure. Source: Engine API v1.41–1.45, `GET /info` and `GET /nodes`. */
import type { EngineState, MemberState } from './swarm-state.ts';

/** The part of `GET /info` that we read. */
export interface InfoAnswer {
  Name?: string;
  Swarm?: {
    NodeID?: string;
    LocalNodeState?: string;
    ControlAvailable?: boolean;
    Error?: string;
    RemoteManagers?: { NodeID?: string; Addr?: string }[] | null;
    Cluster?: { ID?: string };
  };
}

/** The part of an entry of `GET /nodes` that we read. */
export interface NodeAnswer {
  ID: string;
  Spec?: { Labels?: Record<string, string> | null; Role?: string; Availability?: string };
  Description?: { Hostname?: string };
  Status?: { State?: string; Message?: string; Addr?: string };
  ManagerStatus?: { Leader?: boolean; Reachability?: string; Addr?: string };
}

/** An engine's own view. */
export function parseEngine(info: InfoAnswer): EngineState {
  const swarm = info.Swarm ?? {};
  const clusterId = swarm.Cluster?.ID;
  return {
    kind: 'engine',
    hostname: info.Name ?? '',
    state: (swarm.LocalNodeState || 'inactive') as EngineState['state'],
    nodeId: swarm.NodeID ?? '',
    managerAddresses: (swarm.RemoteManagers ?? []).map(({ Addr = '' }) => dropPort(Addr)),
    manager: swarm.ControlAvailable ?? false,
    ...(clusterId ? { clusterId } : {}),
    ...(swarm.Error ? { error: swarm.Error } : {}),
  };
}

/** One member of the swarm. */
export function parseMember(node: NodeAnswer): MemberState {
  const { ManagerStatus: manager, Status: status } = node;
  return {
    id: node.ID,
    hostname: node.Description?.Hostname ?? '',
    // A manager's status may say 0.0.0.0 for itself.
    address: manager?.Addr ? dropPort(manager.Addr) : (status?.Addr ?? ''),
    role: node.Spec?.Role === 'manager' ? 'manager' : 'worker',
    availability: (node.Spec?.Availability ?? 'active') as MemberState['availability'],
    labels: node.Spec?.Labels ?? {},
    status: status?.State ?? 'unknown',
    ...(status?.Message ? { message: status.Message } : {}),
    ...(manager?.Reachability ? { reachability: manager.Reachability } : {}),
    leader: manager?.Leader ?? false,
  };
}

function dropPort(address: string): string {
  return address.replace(/:\d+$/, '');
}
