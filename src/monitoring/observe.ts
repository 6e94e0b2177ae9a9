/** Reads how the node exporters of all machines are. Changes nothing. */
import type { Cluster } from '../cluster/cluster.ts';
import { broughtPath } from '../hosts/paths.ts';
import type { Hosts } from '../remote/host.ts';
import { ConnectionError } from '../remote/remote-errors.ts';
import type { ExporterState, ExportersObserved } from './exporters.ts';
import { dropInPath, exporterPackage, exporterUnit, webConfigPath } from './render-exporter.ts';

// Package, folder of our record, unit, our two files; each answer is a line, the drop-in the rest.
const script = `export LC_ALL=C
exec 2>/dev/null
dpkg-query -W -f='\${db:Status-Status}' "$1"; echo
grep -cx "$1" "$2" || [ -e "$2" ] || echo 0
systemctl is-active "$3" || :
head -n 1 "$5" || :; [ -e "$5" ] || echo
cat "$4"
exit 0
`;

/** The exporters of every machine; one that can't be reached is part of the answer. */
export async function observeExporters(cluster: Cluster, hosts: Hosts): Promise<ExportersObserved['nodes']> {
  const read = cluster.nodes.map(async ({ name }) => [name, await readNode(name, hosts)] as const);
  return Object.fromEntries(await Promise.all(read));
}

async function readNode(name: string, hosts: Hosts): Promise<ExportersObserved['nodes'][string]> {
  try {
    const host = await hosts.connect(name);
    const { stdout } = await host.run({
      program: 'sh',
      args: ['-s', '--', exporterPackage, broughtPath, exporterUnit, dropInPath, webConfigPath],
      title: 'a look at the node exporter',
      stdin: script,
      asRoot: true,
    });
    return parseExporter(stdout);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    return { kind: 'unreachable', reason: error.message };
  }
}

/** Reads the script's answer. */
export function parseExporter(output: string): ExporterState {
  const [installed = '', brought = '', active = '', webConfig = '', ...dropIn] = output.split('\n');
  const text = dropIn.join('\n');
  return {
    kind: 'reached',
    installed: installed === 'installed',
    brought: brought === '1',
    active: active === 'active',
    ...(text !== '' && { dropIn: text }),
    ...(webConfig !== '' && { webConfig }),
  };
}
