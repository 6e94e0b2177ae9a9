/** What keepalived and the proxies say of themselves in the journals of the balancers. */
import { balancers } from '../../cluster/cluster.ts';
import { UserError } from '../../errors.ts';
import type { Host } from '../../remote/host.ts';
import { type Stage, withHosts } from '../stage.ts';
import type { TimelineEvent } from './event.ts';

/** Changes of the virtual address and of servers since a moment, from every balancer that answers. */
export async function readBalancerEvents(
  stage: Pick<Stage, 'cluster'>,
  /** Wall clock of this computer, when the records' time began. */
  originMs: number,
): Promise<TimelineEvent[]> {
  return withHosts(stage, async (hosts) => {
    const read = await Promise.all(
      balancers(stage.cluster).map(async ({ name }) => {
        try {
          return await readJournal(await hosts.connect(name), originMs);
        } catch (error) {
          if (error instanceof UserError) return [];
          throw error;
        }
      }),
    );
    return read.flat();
  });
}

async function readJournal(host: Host, originMs: number): Promise<TimelineEvent[]> {
  const offsetMs = await measureClockOffset(host);
  const { stdout } = await host.run({
    program: 'journalctl',
    args: [
      '--no-pager',
      '--output=json',
      '--output-fields=MESSAGE,SYSLOG_IDENTIFIER',
      `--since=@${Math.floor((originMs + offsetMs) / 1000) - 1}`,
      '--unit=keepalived.service',
      '--unit=haproxy.service',
      '--unit=nginx.service',
    ],
    asRoot: true,
  });
  return parseJournal(stdout, host.name).map((event) => ({
    ...event,
    atMs: event.atMs - offsetMs - originMs,
  }));
}

/** How much later a host's clock is than ours, to half the time that asking takes. */
async function measureClockOffset(host: Host): Promise<number> {
  const askedAt = Date.now();
  const { stdout } = await host.run({ program: 'date', args: ['+%s%3N'] });
  return Number(stdout.trim()) - (askedAt + Date.now()) / 2;
}

/** HAProxy tells the journal twice, by syslog and on its standard error, there with a mark in front. */
const mark = /^\[[A-Z]+\]\s+\(\d+\) : /;
const echoMs = 100;

/** The lines of `journalctl -o json` that tell of the virtual address or of a server, each once; times on the host's own clock. */
export function parseJournal(output: string, host: string): TimelineEvent[] {
  const toldAt = new Map<string, number>();
  return output.split('\n').flatMap((line): TimelineEvent[] => {
    if (line === '') return [];
    const entry = JSON.parse(line) as { MESSAGE?: string | number[]; __REALTIME_TIMESTAMP: string };
    // Bytes that are no text come as a list of numbers.
    if (typeof entry.MESSAGE !== 'string') return [];
    const kind = classify(entry.MESSAGE);
    if (!kind) return [];
    const atMs = Number(entry.__REALTIME_TIMESTAMP) / 1000;
    const text = entry.MESSAGE.replace(mark, '').trim();
    const before = toldAt.get(text);
    toldAt.set(text, atMs);
    return before !== undefined && atMs - before <= echoMs ? [] : [{ atMs, kind, host, text }];
  });
}

function classify(message: string): 'vrrp' | 'server' | undefined {
  if (/Entering (MASTER|BACKUP|FAULT) STATE/.test(message)) return 'vrrp';
  if (/\bServer \S+ is (UP|DOWN|going DOWN)|\bServer \S+ .*stopping/.test(message)) return 'server';
  if (/\bbackend \S+ has no server available/.test(message)) return 'server';
  return undefined;
}
