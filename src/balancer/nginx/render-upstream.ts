/** An upstream of `nginx.conf`: the servers that share the work. No I/O here. */
import type { BackendModel, ServerModel } from '../backends.ts';
import type { Check } from '../definition.ts';
import { renderBlock } from './render-block.ts';

/**
 * One upstream; what its workers know of the servers is shared between them. Comments say what kawanan must know of it:
 * names of servers, and the check it makes itself before it relies on one.
 */
export function renderUpstream(backend: BackendModel, held: ReadonlySet<string> = new Set()): string[] {
  const { name, mode, servers, maxconn } = backend;
  return renderBlock(`upstream ${name}`, [
    `zone ${name} 256k;`,
    ...renderMethod(backend),
    ...(servers.length === 0 ? [] : [`# check ${describeCheck(backend.check)}`]),
    ...servers.map((server) => renderServer(server, maxconn, held.has(`${name}/${server.name}`))),
    // an upstream without any server is refused; this one gets nothing
    ...(servers.length === 0 ? ['server 127.0.0.1:1 down;'] : []),
    // in a mesh each connection has one task, chosen when it is opened
    ...(mode === 'http' && !servers.some(({ meshed }) => meshed)
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

function describeCheck(check: Check): string {
  return check.kind === 'http' ? `${check.method} ${check.path}` : check.kind;
}

function renderServer(
  { name, address, port, weight, backup }: ServerModel,
  maxconn: number | undefined,
  held: boolean,
): string {
  const words = [
    `server ${address}:${port}`,
    'max_fails=2 fail_timeout=2s',
    ...(weight === undefined ? [] : [`weight=${weight}`]),
    ...(maxconn === undefined ? [] : [`max_conns=${maxconn}`]),
    ...(backup ? ['backup'] : []),
    ...(held ? ['down'] : []),
  ];
  return `${words.join(' ')}; # ${name}`;
}
