import type { LabNetwork, LabNode } from './lab.ts';

/** What makes one machine differ from the others of its lab. */
export interface NodeIdentity {
  /** 32 hex digits. */
  machineId: string;
  /** OpenSSH private host key (ed25519) and its public half. */
  hostKey: string;
  hostKeyPublic: string;
}

export interface NodeFile {
  /** Absolute path inside the machine. */
  path: string;
  content: string;
  mode: number;
}

/** The files written to a machine's disk before its first start; a start after a power failure finds them there. */
export function renderNodeFiles(
  node: LabNode,
  network: LabNetwork,
  identity: NodeIdentity,
  userKeyPublic: string,
): NodeFile[] {
  return [
    { path: '/etc/hostname', content: `${node.name}\n`, mode: 0o644 },
    { path: '/etc/machine-id', content: `${identity.machineId}\n`, mode: 0o444 },
    { path: '/etc/systemd/network/10-host0.network', content: renderNetworkFile(node, network), mode: 0o644 },
    { path: '/etc/ssh/ssh_host_ed25519_key', content: identity.hostKey, mode: 0o600 },
    { path: '/etc/ssh/ssh_host_ed25519_key.pub', content: identity.hostKeyPublic, mode: 0o644 },
    { path: '/root/.ssh/authorized_keys', content: userKeyPublic, mode: 0o600 },
  ];
}

// As on a Debian server with ifupdown, the address stays when the cable is pulled, and so does a VIP beside it.
function renderNetworkFile(node: LabNode, network: LabNetwork): string {
  return `[Match]
Name=host0

[Network]
Address=${network.addresses[node.name]}/${network.prefixLength}
Gateway=${network.bridgeAddress}
LinkLocalAddressing=no
IPv6AcceptRA=no
ConfigureWithoutCarrier=yes
IgnoreCarrierLoss=yes
KeepConfiguration=static
`;
}

/** The name servers a machine asks: this computer's, but for those only it can reach. */
export function renderResolvConf(hostFiles: string[]): string {
  for (const text of hostFiles) {
    const lines = text.split('\n').map((line) => line.trim());
    const servers = lines.filter((line) => /^nameserver\s+(?!127\.|::1)/.test(line));
    const rest = lines.filter((line) => /^(search|options)\s/.test(line));
    if (servers.length > 0) return `${[...servers, ...rest].join('\n')}\n`;
  }
  return '';
}

/** Lines of known_hosts for the machines of a lab. */
export function renderKnownHosts(network: LabNetwork, keys: Record<string, string>): string {
  const lines = Object.entries(keys).map(([name, key]) => {
    const [type, value] = key.split(' ');
    return `${network.addresses[name]} ${type} ${value!.trim()}`;
  });
  return `${lines.join('\n')}\n`;
}
