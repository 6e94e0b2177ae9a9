/** Reads what the script of `observe-mesh.ts` prints: names of sandboxes, IPVS tables, rules that mark. Pure. */
import type { SandboxTables, VirtualService } from './mesh-tables.ts';

/**
 * The sandboxes of a node. Services that are told by an address are nobody's of the swarm; it gives them no IPv6 either.
 *
 * ```
 * sandbox ingress_sbox
 * FWM  00000100 rr
 *   -> 0A000005:0000      Masq    1      0          0
 * -A INPUT -d 10.0.0.4/32 -j MARK --set-xmark 0x100/0xffffffff
 * ```
 * Source: Linux, `net/netfilter/ipvs/ip_vs_ctl.c` (`ip_vs_info_seq_show`); moby, `libnetwork/service_linux.go`.
 */
export function parseTables(output: string): SandboxTables[] {
  const sandboxes: SandboxTables[] = [];
  let service: VirtualService | undefined;
  for (const line of output.split('\n')) {
    const name = /^sandbox (\S+)$/.exec(line)?.[1];
    if (name !== undefined) {
      sandboxes.push({ name, services: [], marks: {} });
      service = undefined;
    }
    const sandbox = sandboxes.at(-1);
    if (!sandbox) continue;
    const told = /^(?:FWM\s+([0-9A-F]{8})|TCP|UDP|SCTP)\s/i.exec(line);
    if (told)
      service = told[1] === undefined ? undefined : { mark: Number.parseInt(told[1], 16), servers: [] };
    if (told && service) sandbox.services.push(service);
    const server = /^\s+-> ([0-9A-F]{8}):[0-9A-F]{4}\s+\S+\s+(\d+)\s/i.exec(line);
    if (server) service?.servers.push({ address: readAddress(server[1]!), weight: Number(server[2]) });
    const rule = /^-A INPUT -d ([\d.]+)(?:\/32)? .*-j MARK --set-x?mark (0x[0-9a-f]+)/.exec(line);
    if (rule) sandbox.marks[rule[1]!] = Number(rule[2]);
  }
  return sandboxes;
}

/** `0A000005` → `10.0.0.5`. */
function readAddress(hex: string): string {
  return [...Buffer.from(hex, 'hex')].join('.');
}
