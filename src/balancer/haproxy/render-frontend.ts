/** A frontend of `haproxy.cfg`: where it listens, what it lets through and where that goes. No I/O here. */
import type { BackendModel, FrontendModel, TlsModel } from '../backends.ts';
import { certificatePathIn, pagePathIn } from '../engine-files.ts';
import { hasReads, nameReads } from './reads.ts';
import { renderSection } from './render-section.ts';

/** Answers what no route takes. */
export const noRouteBackend = 'kawanan.no-route';

/** One frontend; its certificates and pages lie in the folder. */
export function renderFrontend(frontend: FrontendModel, backends: BackendModel[], folder: string): string {
  const { name, listen, mode, timeouts, routes, tls } = frontend;
  const lines = [
    `bind :${listen}${tls ? renderTls(tls, mode, folder) : ''}`,
    `timeout client ${timeouts.client}`,
  ];
  if (mode === 'http') lines.push(...renderHttpRules(frontend, folder));
  const split = new Set(backends.filter(hasReads).map((backend) => backend.name));
  if (routes.some(({ backend }) => split.has(backend)))
    // what becomes a WebSocket may be silent for long
    lines.push('acl upgrades req.hdr(upgrade) -m found');
  for (const [index, route] of routes.entries())
    lines.push(...renderRoute(route, `route-${index + 1}`, split.has(route.backend)));
  if (mode === 'http' && !hasDefault(frontend)) lines.push(`default_backend ${noRouteBackend}`);
  return renderSection(`frontend ${name}`, lines);
}

function renderTls({ certificates }: TlsModel, mode: 'http' | 'tcp', folder: string): string {
  const paths = certificates.map((one) => ` crt ${certificatePathIn(folder, one)}`).join('');
  return ` ssl${paths}${mode === 'http' ? ' alpn h2,http/1.1' : ''}`;
}

/** In the order in which a request meets them: what is refused costs least. */
function renderHttpRules(frontend: FrontendModel, folder: string): string[] {
  const { tls, rateLimit, maintenance, redirectPort, maxBodyBytes } = frontend;
  const lines = [
    '# a length that HTTP/1.0 knows nothing of, and a request for no host',
    'http-request deny deny_status 400 if { req.ver 1.0 } { req.hdr(transfer-encoding) -m found }',
    'http-request deny deny_status 400 if { req.ver 1.1 } !{ req.hdr(host) -m found }',
  ];
  if (tls?.hstsSeconds !== undefined)
    lines.push(`http-after-response set-header Strict-Transport-Security max-age=${tls.hstsSeconds}`);
  if (rateLimit)
    lines.push(
      `stick-table type ip size 100k expire ${rateLimit.periodMs}ms store http_req_rate(${rateLimit.periodMs}ms)`,
      'http-request track-sc0 src',
      `http-request deny deny_status 429 if { sc_http_req_rate(0) gt ${rateLimit.requests} }`,
    );
  if (maintenance) {
    lines.push(
      `http-request return status 503 content-type "text/html; charset=utf-8" file ${pagePathIn(folder, maintenance)} hdr Cache-Control no-store hdr Retry-After 60`,
    );
    return lines;
  }
  if (redirectPort !== undefined) {
    const port = redirectPort === 443 ? '' : `:${redirectPort}`;
    lines.push(
      // not capture.req.uri, which is a copy for logs and ends after 1,023 bytes
      `http-request redirect code 308 location https://%[req.hdr(host),regsub(:[0-9]+$,)]${port}%[pathq]`,
    );
    return lines;
  }
  if (maxBodyBytes !== undefined)
    lines.push(
      `http-request deny deny_status 413 if { req.hdr_val(content-length) gt ${maxBodyBytes} }`,
      '# a body whose length is not announced could be of any size',
      `${tellLengthRequired} if { req.hdr(transfer-encoding) -m found }`,
      '# any method may have a body in HTTP/2; that there is none is known when the request ends without a byte',
      `http-request wait-for-body time 10s at-least 1 if ${unmeasured} !{ req.hdr(upgrade) -m found }`,
      `${tellLengthRequired} if ${unmeasured} { req.body_len gt 0 }`,
    );
  lines.push(
    "# the client's own word about its address isn't believed, nor what some applications take for the same name",
    'http-request del-header ^(x[-_]forwarded[-_](for|proto|host|port)|forwarded|x[-_]real[-_]ip)$ -m reg',
    `http-request set-header X-Forwarded-Proto ${tls ? 'https' : 'http'}`,
    'http-request set-header X-Forwarded-Port %[dst_port]',
    'http-request set-header X-Forwarded-Host %[req.hdr(host)]',
  );
  return lines;
}

const unmeasured = '{ req.ver 2.0 } !{ req.hdr(content-length) -m found }';

// "deny" has no page for this status
const tellLengthRequired =
  'http-request return status 411 content-type text/plain string "say how long the body is (Content-Length)\\n"';

function renderRoute(route: FrontendModel['routes'][number], id: string, isSplit: boolean): string[] {
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
  if (isSplit)
    lines.push(
      `use_backend ${nameReads(route.backend)} if ${[...conditions, 'METH_GET', '!upgrades'].join(' ')}`,
    );
  if (conditions.length === 0) return [...lines, `default_backend ${route.backend}`];
  return [...lines, `use_backend ${route.backend} if ${conditions.join(' ')}`];
}

/** Whether a frontend leaves no request without an answer of its own. */
export function hasDefault(frontend: FrontendModel): boolean {
  if (frontend.redirectPort !== undefined) return true;
  return frontend.routes.some((route) => route.path === undefined && route.host === undefined);
}
