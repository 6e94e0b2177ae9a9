/** What a node's kernel has in its IPVS tables, and what the swarm wants there: plain data. No I/O here. */

/** One network's load balancer on one node: of the ingress mesh, or of the virtual addresses of an overlay network. */
export interface SandboxTables {
  /** Name of the network namespace: `ingress_sbox`, or `lb_` and the beginning of the network's ID. */
  name: string;
  services: VirtualService[];
  /** Virtual address → mark, as the firewall's rules say. */
  marks: Record<string, number>;
}

/** What is sent on to where, told by the mark of a packet. */
export interface VirtualService {
  mark: number;
  servers: { address: string; weight: number }[];
}

/** The tables of a node, or why they weren't read. */
export interface NodeTables {
  node: string;
  sandboxes: SandboxTables[];
}

export interface SwarmService {
  id: string;
  name: string;
  /** Network ID → virtual address there. */
  virtualAddresses: Record<string, string>;
}

export interface MeshTask {
  service: string;
  node: string;
  /** The swarm wants it to run, it does, and the swarm hears of its node. */
  isWell: boolean;
  /** Network ID → address there. */
  addresses: Record<string, string>;
}

export interface MeshEvidence {
  tables: NodeTables[];
  services: SwarmService[];
  tasks: MeshTask[];
  /** ID of the network of the mesh; absent where there is none. */
  ingressNetwork?: string;
}
