/** A backend of `haproxy.cfg`: how its servers share the work and show that they can. No I/O here. */
import type { BackendModel, ServerModel } from '../backends.ts';
import { defaultConnectTimeout } from '../definition.ts';
import { pagePathIn } from '../engine-files.ts';
import { digestOf } from '../seal.ts';
import { renderHold } from './hold.ts';
import { hasReads, nameReads } from './reads.ts';
import { renderSection } from './render-section.ts';

/**
 * The sections of one backend; its page lies in the folder. With a time to ask again there are two over the same servers:
 * reads that hang are given up by their own time and asked of another, while writes, which nobody may send twice, wait.
 */
export function renderBackend(backend: BackendModel, settings: BackendSettings): string[] {
  if (!hasReads(backend)) return [renderSection(`backend ${backend.name}`, renderLines(backend, settings))];
  return [
    renderSection(`backend ${backend.name}`, renderLines(backend, settings)),
    renderSection(
      `backend ${nameReads(backend.name)}`,
      renderLines(backend, settings, backend.timeouts.retry),
    ),
  ];
}

export interface BackendSettings {
  folder: string;
  /** Whether the time for an answer can be changed once it has begun: HAProxy 3.0 and newer. */
  modern: boolean;
}

/** The lines of one section; with `retry` that of the reads of a pair. */
function renderLines(backend: BackendModel, { folder, modern }: BackendSettings, retry?: string): string[] {
  const { mode, balance, timeouts, maxconn, servers, sticky, page } = backend;
  const method = balance === 'ip_hash' ? 'source' : balance;
  const alone = servers.length === 1;
  const lines = [`balance ${method}`, `timeout server ${timeouts.server}`, `timeout queue ${timeouts.queue}`];
  // When a server goes or comes, its own clients move and no others.
  if (method === 'source') lines.splice(1, 0, 'hash-type consistent');
  const section = retry === undefined ? backend.name : nameReads(backend.name);
  if (timeouts.hold !== undefined) lines.push(renderHold(section, timeouts.hold));
  if (retry === undefined) {
    // Only a failed connection is surely safe to repeat; an empty answer is repeated where the method allows it.
    if (mode === 'http') lines.push('http-request disable-l7-retry unless METH_GET');
    // Whose TCP server is down is told at once and finds another; where there is none, only the network's silence ends it.
    else lines.push(`default-server ${alone ? 'tcp-ut 20s' : 'on-marked-down shutdown-sessions'}`);
  } else {
    lines.push(
      `http-request set-timeout server ${retry}`,
      'retry-on conn-failure empty-response response-timeout',
    );
    // What has begun to answer may pause.
    if (modern) lines.push(`http-response set-timeout server ${timeouts.server}`);
  }
  lines.push(...renderCheck(backend));
  if (timeouts.connect !== defaultConnectTimeout) lines.push(`timeout connect ${timeouts.connect}`);
  // To take an only server for dead because it is busy would serve nobody.
  const checkTimeout = timeouts.check ?? (alone ? '3s' : undefined);
  if (checkTimeout !== undefined) lines.push(`timeout check ${checkTimeout}`);
  if (maxconn !== undefined) lines.push(`default-server maxconn ${maxconn}`);
  if (sticky)
    lines.push(
      `cookie ${sticky.cookie} insert indirect nocache httponly attr SameSite=Lax${sticky.secure ? ' secure' : ''}`,
    );
  if (page)
    lines.push(
      `http-error status 503 content-type "text/html; charset=utf-8" file ${pagePathIn(folder, page)} hdr Cache-Control no-store hdr Retry-After 5`,
    );
  if (servers.some((server) => server.backup)) lines.push('option allbackups');
  lines.push(...servers.map((server) => renderServer(server, sticky !== undefined)));
  return lines;
}

function renderServer({ name, address, port, weight, backup }: ServerModel, sticky: boolean): string {
  const words = [
    `server ${name} ${address}:${port}`,
    ...(weight === undefined ? [] : [`weight ${weight}`]),
    // a browser needn't know what our machines are called
    ...(sticky ? [`cookie ${digestOf(name).slice(0, 8)}`] : []),
    ...(backup ? ['backup'] : []),
  ];
  return words.join(' ');
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
