/** Which registry an image comes from. Pure. */

export interface ImageDomain {
  /** `docker.io`, `registry.example:5000`, `localhost` … */
  host: string;
  /** Name, tag and digest without the host; complete on Docker Hub (`library/nginx`). */
  path: string;
}

/** A name without a domain belongs to Docker Hub, and there, without a path, to its library. Source: github.com/distribution/reference. */
export function splitDomain(image: string): ImageDomain {
  const slash = image.indexOf('/');
  const first = slash < 0 ? '' : image.slice(0, slash);
  const isHost = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  const host = isHost ? first : 'docker.io';
  const path = isHost ? image.slice(slash + 1) : image;
  if (host === 'index.docker.io') return splitDomain(`docker.io/${path}`);
  return { host, path: host === 'docker.io' && !path.includes('/') ? `library/${path}` : path };
}

/** The name under which `docker login` keeps what an image's registry wants: its host, or Docker Hub's old address. */
export function nameRegistry(image: string): string {
  const { host } = splitDomain(image);
  return host === 'docker.io' ? 'https://index.docker.io/v1/' : host;
}
