/** Who may see the dashboard: whoever has the URL that the command printed, from this computer only. No I/O here. */
import { createHash, timingSafeEqual } from 'node:crypto';

export interface Access {
  /** In the URL that is printed. */
  token: string;
  /** In the cookie that takes its place. */
  session: string;
  /** Everything lies under this path, and the cookie is for it only: other servers of this computer never get it. */
  folder: string;
  /** Set once the port is known. */
  port: number;
}

export interface Asked {
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
}

export type Verdict =
  /** The path within the folder. */
  | { kind: 'allowed'; path: string }
  /** The right token: to the page, with the cookie. */
  | { kind: 'enter'; location: string; cookie: string }
  | { kind: 'refused'; status: 403 | 404 | 405 | 421; reason: string };

export const cookieName = 'kawanan-dashboard';

/** Judges a request by its address, host, token or cookie, and origin. */
export function judgeRequest({ method, url, headers }: Asked, access: Access): Verdict {
  const hosts = [`127.0.0.1:${access.port}`, `localhost:${access.port}`];
  const host = single(headers['host']);
  // A name that somebody made to resolve to this computer isn't ours (DNS rebinding).
  if (host === undefined || !hosts.includes(host)) return refuse(421, 'this is not a name of the dashboard');
  const { pathname, searchParams } = new URL(url, `http://${host}`);
  if (pathname === '/') {
    const token = searchParams.get('token');
    if (method !== 'GET') return refuse(405, 'only GET');
    if (token === null || !isSame(token, access.token))
      return refuse(403, 'open the URL that kawanan dashboard printed');
    const cookie = `${cookieName}=${access.session}; Path=/${access.folder}/; HttpOnly; SameSite=Strict`;
    return { kind: 'enter', location: `/${access.folder}/`, cookie };
  }
  const session = readCookie(single(headers['cookie']) ?? '');
  if (session === undefined || !isSame(session, access.session))
    return refuse(403, 'open the URL that kawanan dashboard printed');
  if (!pathname.startsWith(`/${access.folder}/`)) return refuse(404, 'there is nothing here');
  if (method !== 'GET' && method !== 'POST') return refuse(405, 'only GET and POST');
  if (method === 'POST' && single(headers['origin']) !== `http://${host}`)
    return refuse(403, 'only the page itself may do that');
  if (method === 'POST' && single(headers['content-type']) !== 'application/json')
    return refuse(403, 'only JSON is taken');
  return { kind: 'allowed', path: pathname.slice(access.folder.length + 2) };
}

/** Sent with every answer. The page has no inline script or style, and nothing comes from elsewhere. */
export const securityHeaders = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

function refuse(status: 403 | 404 | 405 | 421, reason: string): Verdict {
  return { kind: 'refused', status, reason };
}

/** In a time that tells nothing of where they differ, nor how long the right one is. */
function isSame(given: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(right));
}

function readCookie(header: string): string | undefined {
  const parts = header.split(';').map((part) => part.trim());
  return parts.find((part) => part.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? undefined : value;
}
