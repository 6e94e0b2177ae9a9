import { UserError } from '../../errors.ts';
import type { Host } from '../../remote/host.ts';
import type { AdminState, ConfiguredServer } from '../live-server.ts';
import { askHaproxy } from './runtime-api.ts';
import { renderAdd } from './runtime-servers.ts';

/** Adds one server to a running HAProxy. @throws UserError in HAProxy's own words when it refuses. */
export async function addServer(host: Host, server: ConfiguredServer, state: AdminState): Promise<void> {
  const answer = await askHaproxy(host, renderAdd(server, state));
  const complaint = answer
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '' && !/^New server registered\.?$/.test(line));
  if (complaint === undefined) return;
  throw new UserError(`HAProxy refuses the server ${server.backend}/${server.name}: ${complaint}`, {
    place: { host: host.name },
    next: 'kawanan balancer sync brings its servers up to date by a reload',
  });
}
