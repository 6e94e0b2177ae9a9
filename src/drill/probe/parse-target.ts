import { InputError } from '../../errors.ts';
import type { ProbeTarget } from './options.ts';

const mysqlPort = 3306;

/**
 * A target from its URL, which is also its name: `http://…`, `https://…`, `tcp://HOST:PORT`, `mysql://HOST[:PORT]`.
 * @throws InputError when it is none of these
 */
export function parseTarget(text: string): ProbeTarget {
  const url = URL.parse(text);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return { kind: 'http', name: text, url: text };
  const kind = url?.protocol === 'mysql:' ? 'mysql' : url?.protocol === 'tcp:' ? 'tcp' : undefined;
  const port = url?.port ? Number(url.port) : kind === 'mysql' ? mysqlPort : undefined;
  if (kind === undefined || !url?.hostname || port === undefined)
    throw new InputError({
      message: `"${text}" can't be probed`,
      next: 'say http://…, https://…, tcp://HOST:PORT or mysql://HOST[:PORT]',
    });
  // [::1] is written in brackets in a URL, and without them elsewhere.
  return { kind, name: text, host: url.hostname.replace(/^\[|\]$/g, ''), port };
}
