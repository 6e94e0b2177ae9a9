/** A backend of `haproxy.cfg`: how its servers share the work and show that they can. No I/O here. */
import type { BackendModel, ServerModel } from '../backends.ts';
import { defaultConnectTimeout } from '../definition.ts';
import { pagePathIn } from '../engine-files.ts';
import { digestOf } from '../seal.ts';
import { renderHold } from './hold.ts';
import { hasReads, keepsConnections, nameReads } from './reads.ts';
import { renderSection } from './render-section.ts';

/**
 * The sections of one backend; its page lies in the folder. Mostly there are two over the same servers. Writes, which
 * nobody may send twice, each have a new connection, which tells of a lost machine before anything is sent. Reads go over
 * kept ones, and those that hang are asked of another server: at once when the network says nothing, and after a time of
 * their own where the backend has one.
 */
export function renderBackend(backend: BackendModel, settings: BackendSettings): string[] {
  const sections = [renderSection(`backend ${backend.name}`, renderLines(backend, settings, false))];
  if (hasReads(backend))
    sections.push(renderSection(`backend ${nameReads(backend.name)}`, renderLines(backend, settings, true)));
  return sections;
}

export interface BackendSettings {
  folder: string;
  /** Whether the time for an answer can be changed once it has begun: HAProxy 3.0 and newer. */
  modern: boolean;
}

function renderLines(
  backend: BackendModel,
  { folder, modern }: BackendSettings,
  isForReads: boolean,
): string[] {
  const { mode, balance, timeouts, maxconn, servers, sticky, page } = backend;
  const { retry } = timeouts;
  const method = balance === 'ip_hash' ? 'source' : balance;
  const alone = servers.length === 1;
  const isKept = isForReads && keepsConnections(backend);
  const lines = [`balance ${method}`, `timeout server ${timeouts.server}`, `timeout queue ${timeouts.queue}`];
  // When a server goes or comes, its own clients move and no others.
  if (method === 'source') lines.splice(1, 0, 'hash-type consistent');
  const section = isForReads ? nameReads(backend.name) : backend.name;
  if (timeouts.hold !== undefined) lines.push(renderHold(section, timeouts.hold));
  if (isForReads && retry !== undefined) {
    lines.push(
      `http-request set-timeout server ${retry}`,
      'retry-on conn-failure empty-response response-timeout',
    );
    // What has begun to answer may pause.
    if (modern) lines.push(`http-response set-timeout server ${timeouts.server}`);
  }
  if (isKept)
    lines.push(
      'http-reuse always',
      '# with tcp-ut the first probe that nobody answers ends a connection, not the fifth: ask seldom',
      'srvtcpka-idle 5s',
    );
  else if (mode === 'http')
    lines.push(
      "# a new connection tells in 300 ms that a machine is gone, before anything is sent; a kept one doesn't",
      'option http-server-close',
    );
  // Only a failed connection is surely safe to repeat; an empty answer is repeated where the method allows it.
  if (mode === 'http' && !isForReads) lines.push('http-request disable-l7-retry unless METH_GET');
  // Whose TCP server is down is told at once and finds another; where there is none, only the network's silence ends it.
  if (mode === 'tcp' && !alone) lines.push('default-server on-marked-down shutdown-sessions');
  lines.push(...renderCheck(backend));
  if (timeouts.connect !== defaultConnectTimeout) lines.push(`timeout connect ${timeouts.connect}`);
  const checkTimeout = timeouts.check ?? (alone ? aloneTimeout : undefined);
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
  const silence = chooseSilence(mode, alone, isKept);
  lines.push(...servers.map((server) => renderServer(server, sticky !== undefined, silence)));
  return lines;
}

/**
 * After how much silence of a server's network what was sent to it went to a machine that is gone; absent where a new
 * connection has told already. A read is short: it never waits for room at its server, as an upload does. The kernel
 * counts from its first retransmission, which comes after 400 ms: 200 until its tail loss probe, and 200 more. It stands
 * with each server, for `default-server` takes it and doesn't hand it on (HAProxy 3.0.11).
 */
function chooseSilence(mode: BackendModel['mode'], alone: boolean, isKept: boolean): string | undefined {
  if (mode === 'tcp') return alone ? '20s' : undefined;
  if (!isKept) return undefined;
  return alone ? aloneTimeout : '100ms';
}

/** An only server is given more time: to take it for dead because it is busy would serve nobody. */
const aloneTimeout = '3s';

function renderServer(
  { name, address, port, weight, backup }: ServerModel,
  sticky: boolean,
  silence: string | undefined,
): string {
  const words = [
    `server ${name} ${address}:${port}`,
    ...(weight === undefined ? [] : [`weight ${weight}`]),
    // a browser needn't know what our machines are called
    ...(sticky ? [`cookie ${digestOf(name).slice(0, 8)}`] : []),
    ...(backup ? ['backup'] : []),
    ...(silence === undefined ? [] : [`tcp-ut ${silence}`]),
  ];
  return words.join(' ');
}

function renderCheck({ check, name, sticky }: BackendModel): string[] {
  if (check.kind === 'http')
    return [
      'option httpchk',
      `http-check send meth ${check.method} uri ${check.path} ver HTTP/1.1 hdr Host ${name} hdr User-Agent kawanan-check`,
      'http-check expect status 200-399',
      ...(sticky
        ? ['# 404 counts as down, or clients with its cookie would still come; what it has it keeps']
        : ['# 404: nothing new for this server, what it has it keeps', 'http-check disable-on-404']),
    ];
  // The greeting: three bytes of length, sequence number 0, protocol version 10; a refusal has ff instead of 0a.
  if (check.kind === 'mysql')
    return ['option tcp-check', 'tcp-check connect', 'tcp-check expect rbinary ^[0-9A-Fa-f]{6}000[Aa]'];
  return [];
}
