/** What a running balancer has counted, in one question to it: cheap enough to be asked every second. */
import type { EngineName } from '../cluster/engine-name.ts';
import type { Host } from '../remote/host.ts';
import { type BalancerCounters, parseHaproxyCounters, parseNginxCounters } from './counters.ts';
import { statisticsPort } from './definition.ts';
import { askHaproxy } from './haproxy/runtime-api.ts';

/** @throws UserError when the engine doesn't answer. */
export async function readCounters(engine: EngineName, host: Host): Promise<BalancerCounters> {
  if (engine === 'haproxy') return parseHaproxyCounters(await askHaproxy(host, 'show stat'));
  const page = `exec 3<>/dev/tcp/127.0.0.1/${statisticsPort} && printf "GET /stats HTTP/1.0\\r\\n\\r\\n" >&3 && cat <&3`;
  const { stdout } = await host.run({
    program: 'timeout',
    args: ['2', 'bash', '-c', page],
    title: 'reading what NGINX counts',
    timeoutMs: 5_000,
  });
  return parseNginxCounters(stdout);
}
