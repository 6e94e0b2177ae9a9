/** What a host is made of, before and after: packages, files, names, interfaces, firewall rules, services, processes. */
import type { Cluster } from '../../../src/cluster/cluster.ts';
import { withHosts } from '../../../src/drill/stage.ts';
import type { Host } from '../../../src/remote/host.ts';

// Each line is tagged with what it is about, so that a difference reads by itself. Left out is what changes without
// anybody's doing: apt's and dpkg's own records and caches, logs, random seeds, time stamps, leases.
const script = `
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
dpkg-query -W -f '\${db:Status-Abbrev} \${Package}\n' | sed 's/^/package /'
find /etc /opt /root /srv /usr/local /var/lib /var/spool /lib/modules-load.d \\
  \\( -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/systemd -o -path /root/.cache -o -path /var/lib/ucf \\
     -o -path /var/lib/private \\) -prune -o \\( -type f -o -type l \\) -print \\
  | grep -Ev '^/etc/(ld.so.cache|machine-id|mtab|passwd-|group-|shadow-|gshadow-|subuid-|subgid-|.pwd.lock)$' | sed 's/^/file /'
for file in /etc/hosts /etc/hostname /etc/resolv.conf /etc/sysctl.conf /etc/passwd /etc/group; do
  sha256sum "$file" 2>/dev/null | sed 's/^/content /'
done
echo "hostname $(hostname)"
for key in net.ipv4.ip_nonlocal_bind net.ipv4.ip_forward; do echo "sysctl $key $(sysctl -n $key 2>/dev/null)"; done
ip -o link | awk -F': ' '{print "interface", $2}' | sed 's/@.*//'
ip -o -4 addr | awk '{print "address", $2, $4}'
iptables-save 2>/dev/null | grep '^-A' | sed 's/^/iptables /'
mount | awk '$3 ~ /docker|kawanan/ {print "mount", $3}'
systemctl list-unit-files --state=enabled,masked --no-legend --plain | awk '{print "unit", $1, $2}'
ps -eo comm= | grep -E 'docker|containerd|haproxy|keepalived' | sed 's/^/process /'
true
`;

/** The facts of every machine of a cluster, by its name. */
export function snapshotHosts(cluster: Cluster): Promise<Map<string, string[]>> {
  return withHosts({ cluster }, async (hosts) => {
    const taken = cluster.nodes.map(
      async ({ name }): Promise<[string, string[]]> => [name, await snapshotHost(await hosts.connect(name))],
    );
    return new Map(await Promise.all(taken));
  });
}

/** One line a fact, sorted. */
async function snapshotHost(host: Host): Promise<string[]> {
  const { stdout } = await host.run({
    program: 'sh',
    args: ['-s'],
    stdin: script,
    asRoot: true,
    timeoutMs: 60_000,
  });
  return stdout.split('\n').filter(Boolean).sort();
}

/** What came (`+`) and what went (`-`) between two snapshots. */
export function compareSnapshots(before: string[], after: string[]): string[] {
  const [old, now] = [new Set(before), new Set(after)];
  return [
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
    ...before.filter((line) => !now.has(line)).map((line) => `- ${line}`),
  ];
}
