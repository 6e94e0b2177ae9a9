/** Names of images, checked and completed as the docker client does. Source: github.com/distribution/reference. */
import { splitDomain } from '../../registry/image-domain.ts';

const domainPart = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${domainPart}(?:\\.${domainPart})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?`;
const pathPart = '[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*';
const reference = new RegExp(
  `^((?:${domain}/)?${pathPart}(?:/${pathPart})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
);
const digestLengths: Record<string, number> = { sha256: 64, sha384: 96, sha512: 128 };

/** The image as the engine is asked for it: short, with `:latest` where neither tag nor digest is written. */
export function completeImage(image: string): { image: string } | { message: string; next: string } {
  if (/^[a-f0-9]{64}$/.test(image)) return { image };
  const { host, path } = splitDomain(image);
  const match = reference.exec(`${host}/${path}`);
  const [, , tag, digest] = match ?? [];
  const name = match ? path.replace(/@.*$/, '').replace(/:[\w.-]+$/, '') : '';
  if (!match || name === '') return explain(image, path);
  const wrongDigest = digest !== undefined && checkDigest(digest);
  if (wrongDigest)
    return { message: wrongDigest, next: 'write the digest as sha256: and 64 hexadecimal digits' };
  if (`${host}/${name}`.length > 255)
    return { message: 'the name of the image is longer than 255 letters', next: 'shorten it' };
  const familiar = host === 'docker.io' ? name.replace(/^library\/(?=[^/]+$)/, '') : `${host}/${name}`;
  const version = tag === undefined && digest === undefined ? ':latest' : '';
  return { image: `${familiar}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}${version}` };
}

function checkDigest(digest: string): string | undefined {
  const [algorithm = '', hex = ''] = digest.split(':');
  const length = digestLengths[algorithm];
  if (length === undefined) return `the digest algorithm ${algorithm} is not known`;
  return hex.length === length && /^[a-f0-9]+$/.test(hex) ? undefined : 'the digest is not whole';
}

function explain(image: string, path: string): { message: string; next: string } {
  const shown = JSON.stringify(image);
  const name = path.replace(/[:@].*$/, '');
  if (name !== name.toLowerCase())
    return {
      message: `${shown} is not an image: its name has capital letters`,
      next: 'write the name in small letters',
    };
  return { message: `${shown} is not an image`, next: 'write NAME:TAG or REGISTRY/NAME:TAG' };
}
