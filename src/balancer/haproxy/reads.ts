/** Backends in two sections: reads, which are asked of another server after a while, apart from writes. No I/O here. */
import type { BackendModel } from '../backends.ts';
import type { LiveBalancer, LiveServer } from '../live-server.ts';

// No service of a compose file has a colon in its name.
const suffix = ':reads';

/** Whether reads of a backend have a section of their own. */
export function hasReads({ mode, timeouts }: Pick<BackendModel, 'mode' | 'timeouts'>): boolean {
  return mode === 'http' && timeouts.retry !== undefined;
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
      return {
        ...server,
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
