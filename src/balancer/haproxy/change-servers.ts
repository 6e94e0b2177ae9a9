/** Adds and removes servers of a running HAProxy: no new process, no connection cut. */

import { UserError } from '../../errors.ts';
import type { Progress } from '../../plan/layer.ts';
import type { Host } from '../../remote/host.ts';
import type { ConfiguredServer } from '../live-server.ts';
import { waitUntil } from '../wait.ts';
import { addServer } from './add-server.ts';
import { askHaproxy } from './runtime-api.ts';
import type { ServerDifference } from './runtime-servers.ts';
import { parseLiveBalancer } from './servers.ts';
import { renderState } from './sticky.ts';

const idleMs = 10_000;
const removableMs = 5_000;
const pollMs = 100;

/** Whether HAProxy did it; false where it refused, as versions before 2.6 do: a reload is then what is left. */
export async function changeServers(
  host: Host,
  { added, removed }: ServerDifference,
  progress: Progress,
): Promise<boolean> {
  try {
    for (const server of removed) if (!(await removeServer(host, server, progress))) return false;
    for (const server of added) await addServer(host, server, 'ready');
    return true;
  } catch (error) {
    if (error instanceof UserError && !progress.signal.aborted) return false;
    throw error;
  }
}

/** A server is let finish, for a while, what it has. */
async function removeServer(
  host: Host,
  { backend, name, words }: ConfiguredServer,
  progress: Progress,
): Promise<boolean> {
  const server = `${backend}/${name}`;
  const { signal } = progress;
  const isThere = async (): Promise<boolean> => (await countSessions(host, server)) !== undefined;
  if (!(await isThere())) return true;
  progress.report(`removing ${name} once it is idle`);
  const sticky = /(^| )cookie /.test(words);
  const leaving = { name, admin: 'ready' as const, ...(sticky && { sticky }) };
  await askHaproxy(host, renderState(backend, { server: { backend, ...leaving }, state: 'drain' }));
  await waitUntil(async () => (await countSessions(host, server)) === 0, {
    timeoutMs: idleMs,
    intervalMs: pollMs,
    signal,
  });
  await askHaproxy(host, `set server ${server} state maint; shutdown sessions server ${server}`);
  return waitUntil(
    async () => {
      await askHaproxy(host, `del server ${server}`);
      return !(await isThere());
    },
    { timeoutMs: removableMs, intervalMs: pollMs, signal },
  );
}

/** What a server works on; `undefined` when HAProxy has no such server. */
async function countSessions(host: Host, server: string): Promise<number | undefined> {
  const { servers } = parseLiveBalancer(await askHaproxy(host, 'show stat'), '');
  const found = servers.find(({ backend, name }) => `${backend}/${name}` === server);
  return found && found.sessions + found.queued;
}
