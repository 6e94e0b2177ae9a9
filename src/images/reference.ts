/** Image references as people write them: `nginx`, `sirip-hiu/fastapi:1.0`, `host:5000/a/b:tag`, `a@sha256:…`. Pure. */
export interface ImageReference {
  /** Without tag and digest, as written. */
  name: string;
  tag?: string;
  /** `sha256:…` */
  digest?: string;
}

/** The parts of a reference; a colon before the last slash belongs to a registry's port. */
export function parseReference(reference: string): ImageReference {
  const [rest = '', digest] = reference.split('@', 2);
  const colon = rest.lastIndexOf(':');
  const tagged = colon > rest.lastIndexOf('/');
  return {
    name: tagged ? rest.slice(0, colon) : rest,
    ...(tagged && { tag: rest.slice(colon + 1) }),
    ...(digest !== undefined && { digest }),
  };
}

/** The reference as the engine lists it in `RepoTags`: no default registry, no `library/`, always a tag (or a digest). */
export function normaliseReference(reference: string): string {
  const { name, tag, digest } = parseReference(reference);
  const familiar = name.replace(/^(docker\.io|index\.docker\.io)\//, '').replace(/^library\//, '');
  if (digest !== undefined) return `${familiar}@${digest}`;
  return `${familiar}:${tag ?? 'latest'}`;
}

const longestTag = 128;

/** The reference under which a built image is deployed: the wanted tag and the first twelve digits of its build digest. */
export function tagWithDigest(reference: string, buildDigest: string): string {
  const { name, tag = 'latest' } = parseReference(reference);
  const short = buildDigest.replace(/^sha256:/, '').slice(0, 12);
  return `${name}:${tag.slice(0, longestTag - short.length - 1)}-${short}`;
}

/** The digits of the build's digest that the tag of an image we built ends with; `undefined` for other images. */
export function readBuildDigest(reference: string): string | undefined {
  return /:[^/:@]*-([0-9a-f]{12})$/.exec(reference)?.[1];
}
