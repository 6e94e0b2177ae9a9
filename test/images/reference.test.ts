import { expect, test } from 'vitest';
import { normaliseReference, parseReference, tagWithDigest } from '../../src/images/reference.ts';

test.each([
  ['nginx', { name: 'nginx' }, 'nginx:latest'],
  ['docker.io/library/nginx:1.27', { name: 'docker.io/library/nginx', tag: '1.27' }, 'nginx:1.27'],
  ['sirip-hiu/fastapi:1.0', { name: 'sirip-hiu/fastapi', tag: '1.0' }, 'sirip-hiu/fastapi:1.0'],
  ['host:5000/a/b', { name: 'host:5000/a/b' }, 'host:5000/a/b:latest'],
  ['host:5000/a:1', { name: 'host:5000/a', tag: '1' }, 'host:5000/a:1'],
  ['a:1@sha256:ff', { name: 'a', tag: '1', digest: 'sha256:ff' }, 'a@sha256:ff'],
])('%s', (reference, parts, normal) => {
  expect([parseReference(reference), normaliseReference(reference)]).toEqual([parts, normal]);
});

const digest = 'abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789';

test.each([
  ['a/b:1.0', 'a/b:1.0-abcdef012345'],
  ['a/b', 'a/b:latest-abcdef012345'],
  ['host:5000/a', 'host:5000/a:latest-abcdef012345'],
  [`a:${'x'.repeat(128)}`, `a:${'x'.repeat(115)}-abcdef012345`],
])('%s is deployed as %s', (reference, deployed) => {
  expect(tagWithDigest(reference, digest)).toBe(deployed);
});
