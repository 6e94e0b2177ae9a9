/** HAProxy's configuration as text, for 2.4 to 3.x. No I/O here. */
import type { BalancerModel } from '../backends.ts';
import { statisticsPort } from '../definition.ts';
import type { NodeSettings } from '../engines.ts';
import { digestPlaceholder, sealFile } from '../seal.ts';
import { holdPathIn } from './hold.ts';
import { renderBackend } from './render-backend.ts';
import { hasDefault, noRouteBackend, renderFrontend } from './render-frontend.ts';
import { renderSection } from './render-section.ts';

/** Where HAProxy's Runtime API listens on a balancer. */
export const runtimeSocketPath = '/run/haproxy/admin.sock';

/** The variable in HAProxy's environment that says which configuration it runs. */
export const runningDigestVariable = 'KAWANAN_CONFIG_DIGEST';

/** Written just before a reload so that the new process knows which servers are down or drained; removed after it. */
export const serverStatePath = '/var/lib/haproxy/kawanan-servers.state';

/** Where certificates and pages lie; all in it is ours. */
export const haproxyFolder = '/etc/haproxy/kawanan';

/** The whole `haproxy.cfg` of one balancer; `address` is where its statistics are served, on loopback only without one. */
export function renderHaproxyConfig(model: BalancerModel, node: NodeSettings): string {
  const modern = Number.parseInt(node.version ?? '', 10) >= 3;
  const ofMode = (mode: 'http' | 'tcp'): string[] => {
    const frontends = model.frontends.filter((frontend) => frontend.mode === mode);
    const backends = model.backends.filter((backend) => backend.mode === mode);
    if (frontends.length === 0) return [];
    return [
      mode === 'http' ? httpDefaults : tcpDefaults,
      ...frontends.map((frontend) => renderFrontend(frontend, backends, haproxyFolder)),
      ...backends.flatMap((backend) => renderBackend(backend, { folder: haproxyFolder, modern })),
    ];
  };
  const needsNoRoute = model.frontends.some((one) => one.mode === 'http' && !hasDefault(one));
  const sections = [
    renderGlobal(model),
    ...ofMode('http'),
    ...(needsNoRoute ? [renderNoRoute()] : []),
    ...ofMode('tcp'),
    renderStatistics(node.address),
  ];
  return sealFile(`\n${sections.join('\n')}`);
}

function renderGlobal({ backends }: BalancerModel): string {
  const holds = backends.some(({ timeouts }) => timeouts.hold !== undefined);
  return `${globalSection}${holds ? `    lua-load ${holdPathIn(haproxyFolder)}\n` : ''}`;
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
    # connections to a machine that is gone end after six seconds, whatever its checks are
    option srvtcpka
    srvtcpka-idle 1s
    srvtcpka-intvl 1s
    srvtcpka-cnt 5
    default-server check inter 500ms fastinter 150ms downinter 500ms fall 2 rise 2
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
    # idle connections stay alive through firewalls, and dead clients are noticed
    option clitcpka
`;

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
