/** The packet filter for VRRP as text: a table of our own, next to whatever rules the host has. No I/O here. */
import { digestPlaceholder, sealFile } from '../seal.ts';

export const nftTableName = 'kawanan';

/** Lets VRRP in from the other balancers only, and only when it wasn't routed: VRRPv3 has no authentication. */
export function renderNftables(peerAddresses: string[]): string {
  const peers = peerAddresses.length === 0 ? '' : `ip saddr != { ${peerAddresses.join(', ')} } `;
  // Declared, deleted, declared anew in one transaction: works on the first run and on every other.
  return sealFile(`table ip ${nftTableName} {
}
delete table ip ${nftTableName}
table ip ${nftTableName} {
    chain vrrp {
        type filter hook input priority -10; policy accept;
        ip protocol 112 ${peers}counter drop comment "digest ${digestPlaceholder}"
        ip protocol 112 ip ttl != 255 counter drop
    }
}
`);
}
