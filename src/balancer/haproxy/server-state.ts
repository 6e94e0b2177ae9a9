/** What a new HAProxy process is told of its servers. No I/O here. */

/** A state file that says nothing; HAProxy warns of an absent or an empty one. */
export const emptyServerState = '1\n';

/**
 * The lines of `show servers state` for servers that stand in the new configuration at the same address and port:
 * a server that moved starts afresh. Source: HAProxy management guide, "show servers state" (version 1).
 */
export function pickServerState(state: string, config: string): string {
  const wanted = listServers(config);
  const [version, header, ...lines] = state.split('\n').filter((line) => line.trim() !== '');
  if (version?.trim() !== '1' || !header?.startsWith('# ')) return emptyServerState;
  const columns = header.slice(2).split(' ');
  const kept = lines.filter((line) => {
    const fields = line.split(' ');
    const field = (name: string): string => fields[columns.indexOf(name)] ?? '';
    return wanted.has(`${field('be_name')} ${field('srv_name')} ${field('srv_addr')}:${field('srv_port')}`);
  });
  return `${['1', header, ...kept].join('\n')}\n`;
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
