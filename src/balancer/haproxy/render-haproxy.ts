/** HAProxy's configuration as text, for 2.4 to 3.x. No I/O here. */
import type { BackendModel, BalancerModel, FrontendModel } from '../backends.ts';
import { statisticsPort } from '../definition.ts';
import { digestPlaceholder, sealFile } from '../seal.ts';

/** Where HAProxy's Runtime API listens on a balancer. */
export const runtimeSocketPath = '/run/haproxy/admin.sock';

/** The variable in HAProxy's environment that says which configuration it runs. */
export const runningDigestVariable = 'KAWANAN_CONFIG_DIGEST';

/** Written just before a reload so that the new process knows which servers are down or drained; removed after it. */
export const serverStatePath = '/var/lib/haproxy/kawanan-servers.state';

const noRouteBackend = 'kawanan.no-route';

/** The whole `haproxy.cfg` of one balancer; `address` is where its statistics are served, on loopback only without one. */
export function renderHaproxyConfig(model: BalancerModel, node: { address?: string }): string {
  const ofMode = (mode: 'http' | 'tcp'): string[] => {
    const frontends = model.frontends.filter((frontend) => frontend.mode === mode);
    const backends = model.backends.filter((backend) => backend.mode === mode);
    if (frontends.length === 0) return [];
    return [
      mode === 'http' ? httpDefaults : tcpDefaults,
      ...frontends.map(renderFrontend),
      ...backends.map(renderBackend),
    ];
  };
  const needsNoRoute = model.frontends.some((one) => one.mode === 'http' && !hasDefault(one));
  const sections = [
    globalSection,
    ...ofMode('http'),
    ...(needsNoRoute ? [renderNoRoute()] : []),
    ...ofMode('tcp'),
    renderStatistics(node.address),
  ];
  return sealFile(`\n${sections.join('\n')}`);
}

const globalSection = `global
    setenv ${runningDigestVariable} ${digestPlaceholder}
    # errors, retries and servers that go down or come back; systemd keeps them in the journal
    log stdout format raw daemon
    chroot /var/lib/haproxy
    user haproxy
    group haproxy
    # needs 10,000 open files
    maxconn 4000
    stats socket ${runtimeSocketPath} mode 660 level admin expose-fd listeners
    stats timeout 30s
    server-state-file ${serverStatePath}
    # connections older than a reload are cut after this long
    hard-stop-after 30m
    spread-checks 4
    ssl-default-bind-options ssl-min-ver TLSv1.2
`;

const commonDefaults = `    log global
    option log-health-checks
    option dontlog-normal
    load-server-state-from-file global
    timeout connect 300ms
    timeout check 300ms
    timeout queue 10s
    retries 3
    option redispatch 1
    default-server check inter 500ms fastinter 150ms downinter 500ms fall 2 rise 2 on-marked-down shutdown-sessions
`;

const httpDefaults = `defaults
    mode http
    option httplog
${commonDefaults}    timeout client 60s
    timeout server 60s
    timeout http-request 10s
    timeout http-keep-alive 10s
    option idle-close-on-response
    option forwardfor
    retry-on conn-failure empty-response
`;

const tcpDefaults = `defaults
    mode tcp
    option tcplog
${commonDefaults}    timeout client 8h
    timeout server 8h
    timeout client-fin 30s
    timeout server-fin 30s
    # idle connections stay alive through firewalls, and dead peers are noticed
    option clitcpka
    option srvtcpka
`;

function renderFrontend(frontend: FrontendModel): string {
  const { name, listen, mode, timeouts, routes } = frontend;
  const lines = [`bind :${listen}`, `timeout client ${timeouts.client}`];
  if (mode === 'http') {
    lines.push(
      "# the client's own word about its address isn't believed",
      'http-request del-header X-Forwarded-For',
      'http-request set-header X-Forwarded-Proto http',
      'http-request set-header X-Forwarded-Port %[dst_port]',
      'http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    );
  }
  for (const [index, route] of routes.entries()) lines.push(...renderRoute(route, `route-${index + 1}`));
  if (mode === 'http' && !hasDefault(frontend)) lines.push(`default_backend ${noRouteBackend}`);
  return renderSection(`frontend ${name}`, lines);
}

function renderRoute(route: FrontendModel['routes'][number], id: string): string[] {
  const lines: string[] = [];
  const conditions: string[] = [];
  if (route.host !== undefined) {
    lines.push(`acl ${id}-host req.hdr(host),field(1,:) -i ${route.host}`);
    conditions.push(`${id}-host`);
  }
  if (route.path !== undefined) {
    lines.push(`acl ${id}-path path ${route.path}`, `acl ${id}-path path_beg ${route.path}/`);
    conditions.push(`${id}-path`);
  }
  if (conditions.length === 0) return [`default_backend ${route.backend}`];
  return [...lines, `use_backend ${route.backend} if ${conditions.join(' ')}`];
}

function hasDefault(frontend: FrontendModel): boolean {
  return frontend.routes.some((route) => route.path === undefined && route.host === undefined);
}

function renderBackend(backend: BackendModel): string {
  const { name, mode, balance, timeouts, maxconn, servers } = backend;
  const lines = [
    `balance ${balance}`,
    `timeout server ${timeouts.server}`,
    `timeout queue ${timeouts.queue}`,
  ];
  // When a server goes or comes, its own clients move and no others.
  if (balance === 'source') lines.splice(1, 0, 'hash-type consistent');
  // Only a failed connection is surely safe to repeat; an empty answer is repeated where the method allows it.
  if (mode === 'http') lines.push('http-request disable-l7-retry unless METH_GET');
  lines.push(...renderCheck(backend));
  if (maxconn !== undefined) lines.push(`default-server maxconn ${maxconn}`);
  lines.push(...servers.map((server) => `server ${server.name} ${server.address}:${server.port}`));
  return renderSection(`backend ${name}`, lines);
}

function renderCheck({ check, name }: BackendModel): string[] {
  if (check.kind === 'http')
    return [
      'option httpchk',
      `http-check send meth ${check.method} uri ${check.path} ver HTTP/1.1 hdr Host ${name} hdr User-Agent kawanan-check`,
      'http-check expect status 200-399',
      '# 404: nothing new for this server, what it has it keeps',
      'http-check disable-on-404',
    ];
  // The greeting: three bytes of length, sequence number 0, protocol version 10; a refusal has ff instead of 0a.
  if (check.kind === 'mysql')
    return ['option tcp-check', 'tcp-check connect', 'tcp-check expect rbinary ^[0-9A-Fa-f]{6}000[Aa]'];
  return [];
}

function renderNoRoute(): string {
  return renderSection(`backend ${noRouteBackend}`, [
    'http-request return status 404 content-type text/plain string "no route takes this request\\n"',
  ]);
}

/** Read-only; on the balancer's own address and on loopback, not on the virtual one. */
function renderStatistics(address: string | undefined): string {
  const settings = renderSection('defaults', [
    'mode http',
    'timeout connect 300ms',
    'timeout client 10s',
    'timeout server 10s',
  ]);
  const page = renderSection('frontend kawanan', [
    ...(address === undefined ? [] : [`bind ${address}:${statisticsPort}`]),
    `bind 127.0.0.1:${statisticsPort}`,
    'http-request return status 200 content-type text/plain string "ok\\n" if { path /health }',
    'http-request use-service prometheus-exporter if { path /metrics }',
    'http-request redirect location /stats if { path / }',
    'stats enable',
    'stats uri /stats',
    'stats refresh 5s',
    'stats show-legends',
  ]);
  return `${settings}\n${page}`;
}

function renderSection(title: string, lines: string[]): string {
  return `${title}\n${lines.map((line) => `    ${line}\n`).join('')}`;
}
