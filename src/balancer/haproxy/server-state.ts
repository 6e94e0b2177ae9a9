/** What a new HAProxy process is told of its servers. No I/O here. */
import { nameReads } from './reads.ts';

/** A state file that says nothing; HAProxy warns of an absent or an empty one. */
export const emptyServerState = '1\n';

/**
 * The lines of `show servers state` for servers that stand in the new configuration at the same address and port:
 * a server that moved starts afresh. Where reads get a section of their own, its servers start as they are in the other
 * one. HAProxy looks its servers up by names and not by ids. Source: HAProxy management guide, "show servers state" (version 1).
 */
export function pickServerState(state: string, config: string): string {
  const wanted = listServers(config);
  const [version, header, ...lines] = state.split('\n').filter((line) => line.trim() !== '');
  if (version?.trim() !== '1' || !header?.startsWith('# ')) return emptyServerState;
  const columns = header.slice(2).split(' ');
  const [backend, name, address, port] = ['be_name', 'srv_name', 'srv_addr', 'srv_port'].map((column) =>
    columns.indexOf(column),
  ) as [number, number, number, number];
  const rows = lines.map((line) => line.split(' '));
  const known = new Set(rows.map((row) => `${row[backend]} ${row[name]}`));
  const split = rows
    .map((row) => row.map((field, index) => (index === backend ? nameReads(field) : field)))
    .filter((row) => !known.has(`${row[backend]} ${row[name]}`));
  const kept = [...rows, ...split].filter((row) =>
    wanted.has(`${row[backend]} ${row[name]} ${row[address]}:${row[port]}`),
  );
  return `${['1', header, ...kept.map((row) => row.join(' '))].join('\n')}\n`;
}

function listServers(config: string): Set<string> {
  const servers = new Set<string>();
  let backend = '';
  for (const line of config.split('\n')) {
    const [first = '', name = '', place = ''] = line.trim().split(/\s+/);
    if (/^\S/.test(line)) backend = first === 'backend' ? name : '';
    else if (first === 'server' && backend !== '') servers.add(`${backend} ${name} ${place}`);
  }
  return servers;
}
