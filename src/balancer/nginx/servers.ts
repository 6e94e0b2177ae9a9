/** Servers as they stand in an `nginx.conf` of ours: read, held back, let in, added. No I/O here. */
import type { AdminState, ConfiguredServer } from '../live-server.ts';
import { resealFile } from '../seal.ts';

export interface NginxServer extends ConfiguredServer {
  /** How its check is written in the file: `tcp`, `mysql`, `GET /healthz`. */
  check: string;
  /** Marked `down`: it gets nothing new. */
  held: boolean;
}

const upstreamPattern = /^\s*upstream (\S+) \{$/;
const checkPattern = /^\s*# check (.+)$/;
const serverPattern = /^(\s*)server (\S+) (.*?)( down)?; # (\S+)$/;

/** Every server of a configuration, in its order. */
export function listNginxServers(config: string): NginxServer[] {
  const servers: NginxServer[] = [];
  let [backend, check] = ['', 'tcp'];
  for (const line of config.split('\n')) {
    backend = upstreamPattern.exec(line)?.[1] ?? backend;
    check = upstreamPattern.test(line) ? 'tcp' : (checkPattern.exec(line)?.[1] ?? check);
    const [, , address = '', words = '', held, name = ''] = serverPattern.exec(line) ?? [];
    if (name !== '') servers.push({ backend, name, address, words, check, held: held !== undefined });
  }
  return servers;
}

/** The servers that a configuration holds back, as `backend/server`. */
export function listHeldServers(config: string): Set<string> {
  return new Set(
    listNginxServers(config)
      .filter(({ held }) => held)
      .map(({ backend, name }) => `${backend}/${name}`),
  );
}

/** The configuration with servers held back or let in, sealed anew; servers without a wanted state stay as they are. */
export function markServers(
  config: string,
  wantedState: (server: { backend: string; name: string }) => AdminState | undefined,
): string {
  let backend = '';
  const lines = config.split('\n').map((line) => {
    backend = upstreamPattern.exec(line)?.[1] ?? backend;
    const [, indent = '', address, words, held, name = ''] = serverPattern.exec(line) ?? [];
    if (name === '') return line;
    const state = wantedState({ backend, name });
    const holds = state === undefined ? held !== undefined : state !== 'ready';
    return `${indent}server ${address} ${words}${holds ? ' down' : ''}; # ${name}`;
  });
  return resealFile(lines.join('\n'));
}

/** The configuration with more servers, held back or not, behind the others of their backends; sealed anew. */
export function insertServers(config: string, added: ConfiguredServer[], state: AdminState): string {
  let backend = '';
  const lines = config.split('\n').flatMap((line) => {
    if (upstreamPattern.test(line)) backend = upstreamPattern.exec(line)![1]!;
    if (backend === '' || line.trim() !== '}') return [line];
    const indent = /^\s*/.exec(line)![0];
    const own = added.filter((server) => server.backend === backend);
    backend = '';
    const held = state === 'ready' ? '' : ' down';
    return [
      ...own.map(({ address, words, name }) => `${indent}    server ${address} ${words}${held}; # ${name}`),
      line,
    ];
  });
  return resealFile(lines.join('\n'));
}
