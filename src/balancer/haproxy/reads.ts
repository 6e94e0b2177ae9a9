/** Backends in two sections: reads, which may be asked twice, apart from writes, which may not. No I/O here. */
import type { BackendModel } from '../backends.ts';
import type { LiveBalancer, LiveServer } from '../live-server.ts';
import type { BackendState, ServerState } from './stats.ts';

// No service of a compose file has a colon in its name.
const suffix = ':reads';

/**
 * Whether reads of a backend have a section of their own. Where connections are counted there is one only, unless more was
 * asked for: two would each count for itself.
 */
export function hasReads(backend: BackendModel): boolean {
  if (backend.mode === 'tcp') return false;
  return backend.timeouts.retry !== undefined || (backend.maxconn === undefined && keepsConnections(backend));
}

/** Whether reads take connections that are open already. In a mesh each connection has one task, chosen when it is opened. */
export function keepsConnections({ servers }: BackendModel): boolean {
  return !servers.some((server) => server.meshed);
}

/** The section for the reads of a backend. */
export function nameReads(backend: string): string {
  return `${backend}${suffix}`;
}

/** Whether a section is for the reads of another one. */
export function isReads(backend: string): boolean {
  return backend.endsWith(suffix);
}

/** A running HAProxy whose pairs are one: their servers' work is added up, and what they were told is told of both. */
export function foldReads({ frontends, servers }: LiveBalancer): LiveBalancer {
  const folded = servers
    .filter(({ backend }) => !isReads(backend))
    .map((server): LiveServer => {
      const reads = nameReads(server.backend);
      const twin = servers.find(({ backend, name }) => backend === reads && name === server.name);
      if (!twin) return server;
      const worse = pickWorse(server, twin);
      return {
        ...server,
        status: worse.status,
        check: worse.check,
        // a pair that disagrees is in no state that is ever wanted, so both are told
        admin: server.admin === twin.admin ? server.admin : 'maint',
        up: server.up && twin.up,
        sessions: server.sessions + twin.sessions,
        queued: server.queued + twin.queued,
        errors: (server.errors ?? 0) + (twin.errors ?? 0),
        reads,
      };
    });
  return { frontends, servers: folded };
}

/** The same for what `status` shows: a server is up where both sections say so, and says what is wrong in either. */
export function foldReadsStatus(backends: BackendState[]): BackendState[] {
  return backends
    .filter(({ name }) => !isReads(name))
    .map((backend) => {
      const reads = backends.find(({ name }) => name === nameReads(backend.name));
      if (!reads) return backend;
      const servers = backend.servers.map((server): ServerState => {
        const twin = reads.servers.find(({ name }) => name === server.name);
        if (!twin) return server;
        const currentSessions = server.currentSessions + twin.currentSessions;
        return { ...pickWorse(server, twin), currentSessions };
      });
      return { ...backend, status: backend.status === 'UP' ? reads.status : backend.status, servers };
    });
}

/** Of a pair, the one that tells what is wrong. */
function pickWorse<Server extends { up: boolean }>(server: Server, twin: Server): Server {
  return server.up && !twin.up ? twin : server;
}
