/** What NGINX's open-source edition can't do: refused with the reason where it is asked for, or told in the plan. No I/O here. */
import type { Frontend } from './definition.ts';
import { parseDurationMs } from './duration.ts';
import type { FrontendContext } from './read-frontend.ts';
import type { FrontendInput } from './schema.ts';

/** Reports what is asked of an engine that doesn't have it. */
export function reportUnfit(name: string, input: FrontendInput, { engine, report }: FrontendContext): void {
  if (engine !== 'nginx') return;
  const refuse = (key: (string | number)[], reason: string, next: string): void =>
    report([name, ...key], `NGINX can't do this: ${reason}`, next);
  const { timeouts, rate_limit: rateLimit } = input;
  const mode = input.mode ?? 'http';
  if (input.sticky)
    refuse(
      ['sticky'],
      'its open-source edition sets no cookie to keep a browser at its server',
      'use "balance: source", or "engine: haproxy" in the cluster file',
    );
  if (timeouts?.queue !== undefined)
    refuse(
      ['timeouts', 'queue'],
      'requests above "maxconn" are answered with 502 at once instead of waiting in a queue',
      'remove it, or use "engine: haproxy" in the cluster file',
    );
  if (input.backup !== undefined && (input.balance === 'source' || input.balance === 'ip_hash'))
    refuse(
      ['backup'],
      `backup servers and "balance: ${input.balance}" exclude each other`,
      'use another method, or "engine: haproxy" in the cluster file',
    );
  if (mode === 'tcp' && timeouts && (timeouts.client ?? '8h') !== (timeouts.server ?? '8h'))
    refuse(
      ['timeouts'],
      'a TCP connection has one timeout for both of its sides',
      'give "client" and "server" the same',
    );
  if (rateLimit && (rateLimit.requests * 60_000) / parseDurationMs(rateLimit.per) < 1)
    refuse(['rate_limit'], 'it counts at least one request a minute', 'allow more, or choose a shorter time');
}

/** What works otherwise in NGINX than the frontends may make believe. */
export function warnOfPassiveChecks(frontends: Frontend[]): string[] {
  const checked = frontends.filter(
    ({ routes, timeouts }) =>
      timeouts.check !== undefined || routes.some(({ check }) => check.kind !== 'tcp'),
  );
  const queued = frontends.filter(({ maxconn }) => maxconn !== undefined);
  const rolling = frontends.filter(
    ({ mode, routes }) =>
      mode === 'http' &&
      routes.some(({ ports }) => ports.some((port) => port.mode === 'host' && port.green === undefined)),
  );
  const held = frontends.filter(({ timeouts }) => timeouts.hold !== undefined);
  const names = (some: Frontend[]): string => some.map(({ name }) => name).join(', ');
  return [
    ...(checked.length > 0
      ? [
          `${names(checked)}: NGINX's open-source edition doesn't ask "check": a server that refuses, doesn't answer or breaks off a request is left out for 2 s, and requests that may be repeated go to another one`,
        ]
      : []),
    ...(rolling.length > 0
      ? [
          `${names(rolling)}: NGINX isn't told that a task is about to stop: it is up to the image to finish what it has accepted; "update: blue-green" asks nothing of it, where two sets of tasks may run side by side`,
        ]
      : []),
    ...(queued.length > 0
      ? [`${names(queued)}: NGINX has no queue: what is above "maxconn" on all servers is answered with 502`]
      : []),
    ...(held.length > 0
      ? [`${names(held)}: NGINX holds no requests: what no server is up for is answered with 502 at once`]
      : []),
  ];
}
