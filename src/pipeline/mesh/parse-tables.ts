/** Reads what the script of `observe-mesh.ts` prints: names of sandboxes, IPVS tables, rules that mark. Pure. */
import type { SandboxTables } from './mesh-tables.ts';

/**
 * The sandboxes of a node.
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
  for (const line of output.split('\n')) {
    const name = /^sandbox (\S+)$/.exec(line)?.[1];
    if (name !== undefined) sandboxes.push({ name, services: [], marks: {} });
    const sandbox = sandboxes.at(-1);
    if (!sandbox) continue;
    const service = /^FWM\s+([0-9A-F]{8})\s/i.exec(line);
    if (service) sandbox.services.push({ mark: Number.parseInt(service[1]!, 16), servers: [] });
    const server = /^\s+-> ([0-9A-F]{8}):[0-9A-F]{4}\s+\S+\s+(\d+)\s/i.exec(line);
    if (server)
      sandbox.services.at(-1)?.servers.push({ address: readAddress(server[1]!), weight: Number(server[2]) });
    const rule = /^-A INPUT -d ([\d.]+)(?:\/32)? .*-j MARK --set-x?mark (0x[0-9a-f]+)/.exec(line);
    if (rule) sandbox.marks[rule[1]!] = Number(rule[2]);
  }
  return sandboxes;
}

/** `0A000005` → `10.0.0.5`. */
function readAddress(hex: string): string {
  return [...Buffer.from(hex, 'hex')].join('.');
}
