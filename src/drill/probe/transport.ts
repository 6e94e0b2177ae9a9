import { createHttpSender } from './http-sender.ts';
import type { ProbeSettings } from './options.ts';
import type { Transport } from './run-open-loop.ts';
import type { Sender } from './sender.ts';
import { createSocketSender } from './socket-sender.ts';

/** The real network: a sender for each target. */
export function createTransport(settings: ProbeSettings): Transport & { close(): Promise<void> } {
  const http = createHttpSender(settings);
  const senders: Sender[] = settings.targets.map((target) =>
    target.kind === 'http' ? http.prepare(target) : createSocketSender(target),
  );
  return { send: (target, done) => senders[target]!(done), close: http.close };
}
