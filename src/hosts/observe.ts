import type { Cluster } from '../cluster/cluster.ts';
import { InterruptedError } from '../errors.ts';
import type { Host, Hosts } from '../remote/host.ts';
import type { HostState, HostsObserved, UnreachableHost } from './host-state.ts';
import { observeScript } from './observe-script.ts';
import { parseHost } from './parse-host.ts';

/** Reads all hosts side by side, one command each. A host that can't be read is part of the answer, with its error. */
export async function observeHosts(
  cluster: Cluster,
  hosts: Hosts,
  signal: AbortSignal,
): Promise<HostsObserved> {
  const states = await Promise.all(
    cluster.nodes.map(async (node): Promise<[string, HostState | UnreachableHost]> => {
      try {
        return [node.name, await readHost(await hosts.connect(node.name))];
      } catch (error) {
        return [node.name, { kind: 'unreachable', error }];
      }
    }),
  );
  if (signal.aborted) throw new InterruptedError('interrupted');
  return { nodes: Object.fromEntries(states) };
}

/** Reads one host; throws `CommandError` when the script can't be run. */
export async function readHost(host: Host): Promise<HostState> {
  const startedAtMs = Date.now();
  const { stdout } = await host.run({
    program: 'sh',
    args: ['-s'],
    title: 'reading the state of the machine',
    stdin: observeScript,
    asRoot: true,
    timeoutMs: 30_000,
  });
  return parseHost(stdout, { startedAtMs, endedAtMs: Date.now() });
}
