/** NGINX's configuration as text, for 1.18 to 1.28. No I/O here. */
import type { BalancerModel, FrontendModel } from '../backends.ts';
import { statisticsPort } from '../definition.ts';
import type { NodeSettings } from '../engines.ts';
import { digestPlaceholder, sealFile } from '../seal.ts';
import { renderBlock } from './render-block.ts';
import { renderHttpFrontend } from './render-server.ts';
import { renderCertificate, tlsLines } from './render-tls.ts';
import { renderUpstream } from './render-upstream.ts';

/** What NGINX is started with. */
export const nginxConfigPath = '/etc/nginx/nginx.conf';

/** Where certificates and pages lie; all in it is ours. */
export const nginxFolder = '/etc/nginx/kawanan';

/** What NGINX says of the configuration it runs, at this path of its own page. */
export const nginxDigestPath = '/digest';

/**
 * The whole `nginx.conf` of one balancer; `address` is where its status is served, on loopback only without one.
 * Every port is listened on with `reuseport`, so that another engine can take over before this one leaves.
 */
export function renderNginxConfig(model: BalancerModel, node: NodeSettings): string {
  const http = model.frontends.filter((frontend) => frontend.mode === 'http');
  const tcp = model.frontends.filter((frontend) => frontend.mode === 'tcp');
  const upstreams = (mode: 'http' | 'tcp'): string[][] =>
    model.backends
      .filter((backend) => backend.mode === mode)
      .map((backend) => renderUpstream(backend, node.held));
  const modern = knowsHttp2Directive(node.version);
  const sections = [
    ...(tcp.length > 0 ? ['load_module /usr/lib/nginx/modules/ngx_stream_module.so;'] : []),
    ...mainLines,
    ...renderBlock('events', ['# two for each request that is passed on', 'worker_connections 4096;']),
    ...renderBlock('http', [
      ...httpLines,
      ...renderBlock('map $http_upgrade $kawanan_connection', ['default upgrade;', "'' '';"]),
      ...(model.backends.some(({ timeouts }) => timeouts.retry !== undefined) ? readsLines : []),
      ...http.flatMap(renderRateZone),
      ...upstreams('http').flat(),
      ...http.flatMap((frontend) =>
        renderHttpFrontend(frontend, model.backends, { folder: nginxFolder, modern }),
      ),
      ...renderStatus(node.address),
    ]),
    ...(tcp.length > 0
      ? renderBlock('stream', [
          'proxy_next_upstream_tries 4;',
          '# idle connections stay alive through firewalls, and dead peers are noticed',
          'proxy_socket_keepalive on;',
          ...upstreams('tcp').flat(),
          ...tcp.flatMap((frontend) => renderTcpFrontend(frontend, model)),
        ])
      : []),
  ];
  return sealFile(`\n${sections.map((line) => `${line}\n`).join('')}`);
}

const mainLines = [
  'user www-data;',
  'pid /run/nginx.pid;',
  'worker_processes auto;',
  'worker_rlimit_nofile 16384;',
  '# connections older than a reload are cut after this long',
  'worker_shutdown_timeout 30m;',
  'error_log stderr warn;',
];

const httpLines = [
  'access_log off;',
  'server_tokens off;',
  'default_type text/plain;',
  'keepalive_requests 10000;',
  'client_header_timeout 10s;',
  'client_body_buffer_size 256k;',
  'client_max_body_size 0;',
  'limit_req_status 429;',
  "# a flood of requests mustn't become a flood of lines",
  'limit_req_log_level info;',
  ...tlsLines,
  'proxy_http_version 1.1;',
  '# an answer larger than the buffers waits in the server, not on our disk',
  'proxy_max_temp_file_size 0;',
  '# what was sent and may not be repeated, such as a POST, is never sent twice',
  'proxy_next_upstream error timeout;',
  'proxy_next_upstream_tries 4;',
  'proxy_next_upstream_timeout 10s;',
  'proxy_set_header Host $http_host;',
  'proxy_set_header Upgrade $http_upgrade;',
  'proxy_set_header Connection $kawanan_connection;',
  "# the client's own word about its address isn't believed",
  'proxy_set_header X-Forwarded-For $remote_addr;',
  "proxy_set_header Forwarded '';",
  "proxy_set_header X-Real-IP '';",
  'proxy_set_header X-Forwarded-Proto $scheme;',
  'proxy_set_header X-Forwarded-Port $server_port;',
  'proxy_set_header X-Forwarded-Host $http_host;',
];

/** What may be asked of another server while the first one is silent; what becomes a WebSocket may be silent for long. */
const readsLines = renderBlock('map "$request_method $http_upgrade" $kawanan_reads', [
  "default '';",
  '"GET " 1;',
  '"HEAD " 1;',
]);

/** The words `http2 on` came with 1.25.1; before, it was a word of `listen`. */
function knowsHttp2Directive(version = ''): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > 1 || (major === 1 && (minor > 25 || (minor === 25 && patch >= 1)));
}

/** A bucket that holds as many requests as are allowed, and fills up again over the period. */
function renderRateZone({ name, rateLimit }: FrontendModel): string[] {
  if (!rateLimit) return [];
  const perSecond = (rateLimit.requests * 1000) / rateLimit.periodMs;
  const rate = Number.isInteger(perSecond)
    ? `${perSecond}r/s`
    : `${Math.max(1, Math.round(perSecond * 60))}r/m`;
  return [`limit_req_zone $binary_remote_addr zone=${name}:10m rate=${rate};`];
}

/** On the balancer's own address and on loopback, not on the virtual one. */
function renderStatus(address: string | undefined): string[] {
  return renderBlock('server', [
    ...(address === undefined ? [] : [`listen ${address}:${statisticsPort} reuseport;`]),
    `listen 127.0.0.1:${statisticsPort} reuseport;`,
    'server_name kawanan;',
    ...renderBlock('location = /health', ['return 200 "ok\\n";']),
    ...renderBlock(`location = ${nginxDigestPath}`, [`return 200 "digest ${digestPlaceholder}\\n";`]),
    ...renderBlock('location = /stats', ['stub_status;']),
    ...renderBlock('location = /', ['return 302 /stats;']),
    ...renderBlock('location /', ['return 404 "there is /stats and /health\\n";']),
  ]);
}

function renderTcpFrontend(
  { name, listen, timeouts, routes, tls }: FrontendModel,
  model: BalancerModel,
): string[] {
  const backend = model.backends.find(({ name }) => name === routes[0]?.backend);
  if (!backend) return [];
  return renderBlock('server', [
    `# frontend ${name}`,
    `listen ${listen}${tls ? ' ssl' : ''} so_keepalive=on reuseport;`,
    ...(tls ? tlsLines : []),
    ...renderCertificate(tls?.certificates[0], nginxFolder),
    `proxy_timeout ${timeouts.client};`,
    `proxy_connect_timeout ${backend.timeouts.connect};`,
    `proxy_pass ${backend.name};`,
  ]);
}
