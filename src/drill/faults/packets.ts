import { balancers } from '../../cluster/cluster.ts';
import type { Command } from '../../remote/command.ts';
import type { Fault } from '../scenario/drill.ts';
import { findMachines, onHost, type Stage } from '../stage.ts';
import { healNow, setHealTimer } from './self-healing.ts';
import type { ArmedFault, FaultTiming } from './strike.ts';

type PacketFault = Extract<Fault, { kind: 'lose packets' }>;

const tableName = 'kawanan_drill';
const undo: Command = { program: 'nft', args: ['delete', 'table', 'ip', tableName] };

/** Drops packets that come in to a balancer, by a table of ours in its packet filter. */
export async function losePackets(
  fault: PacketFault,
  stage: Stage,
  { atMostMs }: FaultTiming,
): Promise<ArmedFault> {
  const nodes = await findMachines(fault.where, stage);
  return {
    target: nodes.join(' and '),
    strike: async () => {
      await Promise.all(
        nodes.map((node) =>
          onHost(stage, node, async (host) => {
            await setHealTimer(host, 'packets', undo, atMostMs);
            await host.run({
              program: 'nft',
              args: ['-f', '-'],
              stdin: renderTable(fault.which, listPeers(stage, node)),
              asRoot: true,
            });
          }),
        ),
      );
    },
    heal: async () => {
      await Promise.all(nodes.map((node) => healNow(stage, node, 'packets', undo)));
    },
  };
}

function listPeers({ cluster }: Stage, node: string): string[] {
  return balancers(cluster)
    .filter(({ name }) => name !== node)
    .map(({ address }) => address);
}

/** The table as `nft -f` reads it. */
export function renderTable(which: PacketFault['which'], peers: string[]): string {
  const from = `ip saddr { ${peers.join(', ')} }`;
  const rule = {
    'between balancers': `${from} drop`,
    adverts: `${from} ip protocol 112 drop`,
    // What a balancer says to itself, as keepalived does to the proxy, goes over no network that could lose it.
    'a fifth': 'iifname != "lo" numgen random mod 5 < 1 drop',
  }[which];
  return `table ip ${tableName} {\n  chain input {\n    type filter hook input priority -10; policy accept;\n    ${rule}\n  }\n}\n`;
}
