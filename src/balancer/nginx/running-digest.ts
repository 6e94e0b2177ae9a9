/** Which configuration NGINX runs: it says so on its own page, and a worker knows only the one it was started with. No I/O here. */
import { statisticsPort } from '../definition.ts';
import { nginxDigestPath } from './render-nginx.ts';

/** A command line for a shell that prints the page; needs bash and nothing else. */
export const readNginxDigestScript = `timeout 2 bash -c 'exec 3<>/dev/tcp/127.0.0.1/${statisticsPort} && printf "GET ${nginxDigestPath} HTTP/1.0\\r\\n\\r\\n" >&3 && cat <&3'`;

/** The digest in an answer; `undefined` when it isn't one of ours. */
export function parseNginxDigest(answer: string): string | undefined {
  return /^digest ([0-9a-f]{16})$/m.exec(answer)?.[1];
}
