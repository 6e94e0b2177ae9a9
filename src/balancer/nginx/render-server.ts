/** A frontend as servers of `nginx.conf`: one for each host name that is treated otherwise, and one for the rest. No I/O here. */
import type { BackendModel, FrontendModel, PageModel } from '../backends.ts';
import { pagePathIn } from '../engine-files.ts';
import type { Certificate } from '../materials.ts';
import { takesAllOf } from '../read-route.ts';
import { renderBlock } from './render-block.ts';
import { renderCertificate } from './render-tls.ts';

interface Settings {
  folder: string;
  /** Whether `http2` is a directive of its own. */
  modern: boolean;
}

/** The servers of an http frontend, the one for all other host names first. */
export function renderHttpFrontend(
  frontend: FrontendModel,
  backends: BackendModel[],
  settings: Settings,
): string[] {
  const hosts = new Set(frontend.routes.flatMap(({ host }) => host ?? []));
  const [, ...others] = frontend.tls?.certificates ?? [];
  for (const host of others.flatMap((one) => one.hosts)) hosts.add(host.toLowerCase());
  return [undefined, ...hosts].flatMap((host) => renderServer(frontend, host, backends, settings));
}

function renderServer(
  frontend: FrontendModel,
  host: string | undefined,
  backends: BackendModel[],
  settings: Settings,
): string[] {
  const { listen, tls, timeouts, maxBodyBytes } = frontend;
  const words = [
    ...(tls ? ['ssl', ...(settings.modern ? [] : ['http2'])] : []),
    ...(host === undefined ? ['default_server', 'reuseport'] : []),
  ];
  return renderBlock('server', [
    ...(host === undefined ? [`# frontend ${frontend.name}`] : []),
    `listen ${[listen, ...words].join(' ')};`,
    ...(tls && settings.modern ? ['http2 on;'] : []),
    `server_name ${host ?? '_'};`,
    ...renderCertificate(tls && chooseCertificate(tls.certificates, host), settings.folder),
    `keepalive_timeout ${timeouts.client};`,
    `client_body_timeout ${timeouts.client};`,
    `send_timeout ${timeouts.client};`,
    ...(maxBodyBytes === undefined ? [] : [`client_max_body_size ${maxBodyBytes};`]),
    ...renderRateLimit(frontend),
    ...renderSecurityHeader(frontend),
    ...renderPage(frontend, backends, settings.folder),
    ...renderLocations(frontend, host, backends, settings.folder),
  ]);
}

/** The first that is for the name, else the first. */
function chooseCertificate(certificates: Certificate[], host: string | undefined): Certificate | undefined {
  const fits = ({ hosts }: Certificate): boolean =>
    host !== undefined && hosts.some((one) => one.toLowerCase() === host || covers(one.toLowerCase(), host));
  return certificates.find(fits) ?? certificates[0];
}

function covers(wildcard: string, host: string): boolean {
  return wildcard.startsWith('*.') && host.slice(host.indexOf('.') + 1) === wildcard.slice(2);
}

function renderRateLimit({ name, rateLimit }: FrontendModel): string[] {
  if (!rateLimit) return [];
  const burst = rateLimit.requests > 1 ? ` burst=${rateLimit.requests - 1} nodelay` : '';
  return [`limit_req zone=${name}${burst};`];
}

function renderSecurityHeader({ tls }: FrontendModel): string[] {
  if (tls?.hstsSeconds === undefined) return [];
  return [`add_header Strict-Transport-Security max-age=${tls.hstsSeconds} always;`];
}

/** The user's page, in place of our own answers that no server is up; what applications answer stays as it is. */
function renderPage(frontend: FrontendModel, backends: BackendModel[], folder: string): string[] {
  const page = findPage(frontend, backends);
  if (!page) return [];
  const path = pagePathIn(folder, page);
  const internal = nameInternal(page, folder);
  return [
    sendPage(page, folder),
    ...renderBlock(`location = ${internal}`, [
      'internal;',
      `alias ${path};`,
      'default_type text/html;',
      'charset utf-8;',
      'add_header Cache-Control no-store always;',
      `add_header Retry-After ${frontend.maintenance ? 60 : 5} always;`,
      ...renderSecurityHeader(frontend),
    ]),
  ];
}

function findPage({ routes, maintenance }: FrontendModel, backends: BackendModel[]): PageModel | undefined {
  return maintenance ?? backends.find(({ name }) => name === routes[0]?.backend)?.page;
}

function nameInternal(page: PageModel, folder: string): string {
  return `/.kawanan${pagePathIn(folder, page).slice(folder.length)}`;
}

function sendPage(page: PageModel, folder: string): string {
  return `error_page 502 503 504 =503 ${nameInternal(page, folder)};`;
}

function renderLocations(
  frontend: FrontendModel,
  host: string | undefined,
  backends: BackendModel[],
  folder: string,
): string[] {
  const { redirectPort, maintenance } = frontend;
  if (maintenance) return renderBlock('location /', ['return 503;']);
  if (redirectPort !== undefined) {
    const port = redirectPort === 443 ? '' : `:${redirectPort}`;
    return renderBlock('location /', [`return 308 https://$host${port}$request_uri;`]);
  }
  // of this host name only; an earlier one may take all that a later one would have got
  const candidates = frontend.routes.filter((route) => route.host === undefined || route.host === host);
  const routes = candidates.filter(
    (route, index) =>
      !candidates.slice(0, index).some((earlier) => takesAllOf(pathOf(earlier), pathOf(route))),
  );
  const hasDefault = routes.some(({ path }) => path === undefined);
  return [
    ...routes.flatMap((route) => {
      const backend = backends.find(({ name }) => name === route.backend)!;
      const page = findPage(frontend, backends);
      return renderRoute(renderPattern(route.path), backend, page && sendPage(page, folder));
    }),
    ...(hasDefault ? [] : renderBlock('location /', ['return 404 "no route takes this request\\n";'])),
  ];
}

function pathOf({ path }: { path?: string }): { path?: string } {
  return path === undefined ? {} : { path };
}

/** NGINX tries patterns in the order of the file, as HAProxy does; it compares them with the decoded path. */
function renderPattern(path: string | undefined): string {
  if (path === undefined) return '/';
  const decoded = path.replaceAll(/%[0-9A-Fa-f]{2}/g, (code) =>
    String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  );
  const escaped = decoded.replaceAll(/[^A-Za-z0-9_~/-]/g, (character) =>
    /[ -~]/.test(character) && character !== '"'
      ? `\\${character}`
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `~ "^${escaped}(/|$)"`;
}

/**
 * Where a route's requests go. With a time to ask again, reads go there by a location of their own, for the time that a
 * server may take isn't a matter of the method. What isn't inherited by a location with an error page of its own is repeated.
 */
function renderRoute(pattern: string, backend: BackendModel, page: string | undefined): string[] {
  const { name, timeouts } = backend;
  if (timeouts.retry === undefined)
    return renderBlock(`location ${pattern}`, renderProxy(name, timeouts, timeouts.server));
  const reads = `@${name}:reads`;
  return [
    ...renderBlock(`location ${pattern}`, [
      `error_page 418 = ${reads};`,
      ...(page === undefined ? [] : [page, 'recursive_error_pages on;']),
      ...renderBlock('if ($kawanan_reads)', ['return 418;']),
      ...renderProxy(name, timeouts, timeouts.server),
    ]),
    ...renderBlock(`location ${reads}`, renderProxy(name, timeouts, timeouts.retry)),
  ];
}

function renderProxy(name: string, { connect, server }: BackendModel['timeouts'], answer: string): string[] {
  return [
    `proxy_pass http://${name};`,
    `proxy_connect_timeout ${connect};`,
    `proxy_send_timeout ${server};`,
    `proxy_read_timeout ${answer};`,
  ];
}
