/** Published ports in the short form: `80`, `8080:80`, `127.0.0.1:8000-8002:80-82/udp`, `[::1]:8080:80`. */
import { isIP } from 'node:net';

export interface ParsedPort {
  protocol: string;
  target: number;
  /** 0 where the engine chooses. */
  published: number;
  mode: string;
}

export interface ParsedPorts {
  ports: ParsedPort[];
  /** The address the text names, which a swarm service can't be bound to. */
  ignoredAddress?: string;
}

/** The ports of one short entry in the order `docker stack deploy` gives them, or what is wrong with it. */
export function parsePortSpec(spec: string): ParsedPorts | string {
  const { body, protocol } = splitProtocol(spec);
  const { address, host, container } = splitParts(body);
  const bracketed = /^\[(.*)\]$/.exec(address)?.[1];
  const ip = bracketed ?? address;
  if (ip !== '' && (isIP(ip) === 0 || ip.includes('%')))
    return `${JSON.stringify(address)} is not an IP address`;
  if (container === '') return 'no container port';
  const target = parseRange(container);
  if (!target) return `${JSON.stringify(container)} is not a port or a range of ports (0 to 65535)`;
  const published = host === '' ? undefined : parseRange(host);
  if (host !== '' && !published)
    return `${JSON.stringify(host)} is not a port or a range of ports (0 to 65535)`;
  const lower = protocol.toLowerCase();
  if (!['tcp', 'udp', 'sctp'].includes(lower))
    return `${JSON.stringify(protocol)} is no protocol: tcp, udp or sctp`;
  const targets = target.end - target.start + 1;
  const hosts = published ? published.end - published.start + 1 : 0;
  // one container port may be published on a range of host ports, nothing else may differ
  if (published && targets !== hosts && targets !== 1)
    return `the ranges ${host} and ${container} are of different length`;
  const ports =
    published && targets === 1
      ? range(published.start, hosts).map((port) => ({ target: target.start, published: port }))
      : range(target.start, targets).map((port, index) => ({
          target: port,
          published: published ? published.start + index : 0,
        }));
  const made = ports
    .map((one) => ({ protocol: lower, ...one, mode: 'ingress' }))
    // the real command sorts by the text "80/tcp", and stays in order within one container port
    .sort((a, b) => compareText(`${a.target}/${lower}`, `${b.target}/${lower}`));
  return ip !== '' && !/^[0.:]+$/.test(ip) ? { ports: made, ignoredAddress: address } : { ports: made };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function range(start: number, length: number): number[] {
  return Array.from({ length }, (_, index) => start + index);
}

function splitProtocol(spec: string): { body: string; protocol: string } {
  const slash = spec.indexOf('/');
  if (slash < 0 || spec === '') return { body: spec, protocol: 'tcp' };
  return { body: spec.slice(0, slash), protocol: spec.slice(slash + 1) || 'tcp' };
}

function splitParts(body: string): { address: string; host: string; container: string } {
  const parts = body.split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  return { address: parts.join(':'), host, container };
}

function parseRange(text: string): { start: number; end: number } | undefined {
  const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(text);
  if (!match) return undefined;
  const start = Number(match[1]);
  const end = match[2] === undefined ? start : Number(match[2]);
  return start <= 65535 && end <= 65535 && end >= start ? { start, end } : undefined;
}
