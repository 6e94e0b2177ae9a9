/** An upstream of `nginx.conf`: the servers that share the work. No I/O here. */
import type { BackendModel, ServerModel } from '../backends.ts';
import { renderBlock } from './render-block.ts';

/** One upstream; what its workers know of the servers is shared between them. */
export function renderUpstream(backend: BackendModel): string[] {
  const { name, mode, servers, maxconn } = backend;
  return renderBlock(`upstream ${name}`, [
    `zone ${name} 256k;`,
    ...renderMethod(backend),
    ...servers.map((server) => renderServer(server, maxconn)),
    // an upstream without any server is refused; this one gets nothing
    ...(servers.length === 0 ? ['server 127.0.0.1:1 down;'] : []),
    ...(mode === 'http'
      ? ['keepalive 64;', '# shorter than applications wait for more', 'keepalive_timeout 4s;']
      : []),
  ]);
}

function renderMethod({ balance, mode }: BackendModel): string[] {
  if (balance === 'leastconn') return ['least_conn;'];
  if (balance === 'ip_hash' && mode === 'http') return ['ip_hash;'];
  // when a server goes or comes, its own clients move and no others
  return balance === 'roundrobin' ? [] : ['hash $remote_addr consistent;'];
}

function renderServer({ address, port, weight, backup }: ServerModel, maxconn: number | undefined): string {
  const words = [
    `server ${address}:${port}`,
    'max_fails=2 fail_timeout=2s',
    ...(weight === undefined ? [] : [`weight=${weight}`]),
    ...(maxconn === undefined ? [] : [`max_conns=${maxconn}`]),
    ...(backup ? ['backup'] : []),
  ];
  return `${words.join(' ')};`;
}
