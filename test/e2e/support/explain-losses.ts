/** Why requests failed, for whoever reads of a red test when the machines are gone. */
import type { ProbeResult } from '../../../src/drill/probe/probe.ts';
import { renderReceipt } from '../../../src/drill/probe/render-receipt.ts';
import type { SmallCluster } from './small-cluster.ts';

/** The receipt of a run; where requests failed, also which, when, and what both balancers' journals say of that time. */
export async function explainLosses(small: SmallCluster, result: ProbeResult): Promise<string> {
  const receipt = renderReceipt(result.figures);
  if (result.figures.failed === 0) return receipt;
  const startMs = Date.parse(result.startedAt);
  const at = (afterMs: number): string => new Date(startMs + afterMs).toISOString();
  const lost = result.records
    .filter(({ failure }) => failure !== null)
    .slice(0, 20)
    .map(
      ({ target, intendedMs, endedMs, failure }) =>
        `${target}: ${failure}, ${at(intendedMs)} to ${at(endedMs)}`,
    );
  return [receipt, ...lost, ...(await readEvents(small))].join('\n');
}

async function readEvents(small: SmallCluster): Promise<string[]> {
  const units = ['-u', 'keepalived', '-u', 'haproxy', '-u', 'nginx'];
  const args = [...units, '--since', '-4min', '-o', 'short-iso-precise', '--no-pager'];
  const journals = ['vm-loadbalancer1', 'vm-loadbalancer2'].map(async (name) => {
    const { stdout } = await small.on(name, (host) =>
      host.run({ program: 'journalctl', args, asRoot: true }),
    );
    // moves of the address, servers that go and come, reloads, and the requests that HAProxy counts as failed
    const tells = / STATE$|signal|returning|Reload|(DOWN|UP)\b| [A-Za-z-]{4} \d+\/\d+\/\d+\/\d+\//;
    return stdout
      .split('\n')
      .filter((line) => tells.test(line))
      .slice(-60);
  });
  return (await Promise.all(journals)).flat();
}
