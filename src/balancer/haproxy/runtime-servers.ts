/** Servers of `haproxy.cfg` as the Runtime API adds and removes them. No I/O here. */
import type { AdminState, ConfiguredServer } from '../live-server.ts';

/**
 * The servers of a configuration, each with what its section and its section's defaults say of servers: the Runtime API
 * knows nothing of `default-server`.
 */
export function listRuntimeServers(config: string): ConfiguredServer[] {
  const servers: ConfiguredServer[] = [];
  let section: { backend?: string; defaults: string[] } = { defaults: [] };
  let common: string[] = [];
  for (const line of config.split('\n')) {
    const [first = '', ...rest] = line.trim().split(/\s+/);
    if (/^[a-z]/.test(line)) {
      if (first === 'defaults') {
        common = [];
        section = { defaults: common };
      } else section = { ...(first === 'backend' && { backend: rest[0]! }), defaults: [...common] };
    } else if (first === 'default-server') section.defaults.push(...rest);
    else if (first === 'server' && section.backend !== undefined) {
      const [name = '', address = '', ...own] = rest;
      servers.push({
        backend: section.backend,
        name,
        address,
        words: [...section.defaults, ...own].join(' '),
      });
    }
  }
  return servers;
}

/** The configuration without its servers and its digest: what the Runtime API doesn't change. */
function readFrame(config: string): string {
  return config
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) => line !== '' && !line.startsWith('#') && !/^(server|setenv KAWANAN_CONFIG_DIGEST) /.test(line),
    )
    .join('\n');
}

export interface ServerDifference {
  added: ConfiguredServer[];
  removed: ConfiguredServer[];
}

/**
 * What the Runtime API has to do; `undefined` where only a reload will do: more than servers differs, a server is to be
 * another (the old one would be away before the new one is there, and all of them may be), or one is added to those that
 * are asked over kept connections, for a running HAProxy takes no limit to the network's silence (`tcp-ut`) for new ones.
 */
export function compareServers(before: string, after: string): ServerDifference | undefined {
  if (readFrame(before) !== readFrame(after)) return undefined;
  const [old, fresh] = [listRuntimeServers(before), listRuntimeServers(after)];
  const identify = (server: ConfiguredServer): string => JSON.stringify(server);
  const [had, wants] = [new Set(old.map(identify)), new Set(fresh.map(identify))];
  const added = fresh.filter((server) => !had.has(identify(server)));
  const removed = old.filter((server) => !wants.has(identify(server)));
  const isNew = ({ backend, name, words }: ConfiguredServer): boolean =>
    !/(^| )tcp-ut /.test(words) && !removed.some((one) => one.backend === backend && one.name === name);
  return added.every(isNew) ? { added, removed } : undefined;
}

/**
 * Adds a server that takes requests as soon as its checks pass, or that is held back. What a running HAProxy takes for
 * servers of its configuration only, the next reload gives it.
 */
export function renderAdd(added: ConfiguredServer, state: AdminState): string {
  const { backend, name, address } = added;
  const words = added.words.replace(/(^| )tcp-ut \S+/, '');
  const server = `${backend}/${name}`;
  const checked = /(^| )check( |$)/.test(words);
  return [
    `add server ${server} ${address} ${words}`.trim(),
    // A server that is added is in maintenance, and its checks are off.
    ...(checked ? [`enable health ${server}`] : []),
    `set server ${server} state ready`,
    ...(state === 'ready' ? [] : [`set server ${server} state ${state}`]),
  ].join('; ');
}
