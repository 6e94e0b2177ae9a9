/** Why requests failed, for whoever reads of a red test when the machines are gone. */
import type { ProbeResult } from '../../../src/drill/probe/probe.ts';
import { renderReceipt } from '../../../src/drill/probe/render-receipt.ts';
import { findFalseAlarms, isOfFalseAlarm } from './false-alarms.ts';
import type { SmallCluster } from './small-cluster.ts';

/** The receipt of a run; where requests failed, also which, when, and what both balancers' journals say of that time. */
export async function explainLosses(small: SmallCluster, result: ProbeResult): Promise<string> {
  return (await judgeLosses(small, result)).receipt;
}

/**
 * Counts what was lost, and explains it as `explainLosses`. Not counted is what was sent while the address had two holders
 * because this computer stood still; standard error tells of it.
 */
export async function judgeLosses(
  small: SmallCluster,
  result: ProbeResult,
): Promise<{ lost: number; receipt: string }> {
  const receipt = renderReceipt(result.figures);
  if (result.figures.failed === 0) return { lost: 0, receipt };
  const startMs = Date.parse(result.startedAt);
  const at = (afterMs: number): string => new Date(startMs + afterMs).toISOString();
  const events = await readEvents(small);
  const alarms = findFalseAlarms(events.flat());
  const failed = result.records.filter(({ failure }) => failure !== null);
  const excused = failed.filter(({ intendedMs }) => isOfFalseAlarm(startMs + intendedMs, alarms));
  const lines = failed
    .slice(0, 20)
    .map(
      ({ target, intendedMs, endedMs, failure }) =>
        `${target}: ${failure}, ${at(intendedMs)} to ${at(endedMs)}`,
    );
  const explained = [receipt, ...lines, ...events.flatMap((told) => told.slice(-60))].join('\n');
  if (excused.length > 0)
    process.stderr.write(
      `the computer stood still, and the address had two holders: ${excused.length} of ${failed.length} losses are not counted\n${explained}\n`,
    );
  return { lost: result.figures.failed - excused.length, receipt: explained };
}

/** Of each balancer. */
async function readEvents(small: SmallCluster): Promise<string[][]> {
  const units = ['-u', 'keepalived', '-u', 'haproxy', '-u', 'nginx'];
  const args = [...units, '--since', '-4min', '-o', 'short-iso-precise', '--no-pager'];
  const journals = ['vm-loadbalancer1', 'vm-loadbalancer2'].map(async (name) => {
    const { stdout } = await small.on(name, (host) =>
      host.run({ program: 'journalctl', args, asRoot: true }),
    );
    // moves of the address, servers that go and come, reloads, and the requests that HAProxy counts as failed
    const tells = / STATE$|signal|returning|Reload|(DOWN|UP)\b| [A-Za-z-]{4} \d+\/\d+\/\d+\/\d+\//;
    return stdout.split('\n').filter((line) => tells.test(line));
  });
  return Promise.all(journals);
}
