import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { generateCertificate } from '../../src/secrets/generate-certificate.ts';
import { parseSecretsFile } from '../../src/secrets/secrets-file.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

test('an entry says for whom and how long', () => {
  const [entry] = parseSecretsFile(
    'web: {generate: {certificate: {names: [a.example, 192.0.2.1]}}}',
    's.yml',
  );
  expect(entry?.source).toMatchObject({
    from: 'generate',
    certificate: { names: ['a.example', '192.0.2.1'], days: 365 },
  });
});

test.each([
  ['random characters besides', '{length: 20, certificate: {names: [a]}}', 'neither length nor charset'],
  ['no name', '{certificate: {names: []}}', 'name at least one host'],
  ['a name that is more than a name', '{certificate: {names: ["a,IP:1.1.1.1"]}}', 'a name is a host name'],
  ['ten years', '{certificate: {names: [a], days: 3650}}', 'at most|no certificate of more than 825 days'],
])('refuses %s', (_, wish, message) => {
  try {
    parseSecretsFile(`web: {generate: ${wish}}`, 's.yml');
    expect.unreachable();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.problems.map((one) => one.message).join('\n')).toMatch(new RegExp(message));
  }
});

test.skipIf(!hasOpenssl)(
  'a certificate is for its names, for its days, and has its key beside it',
  async () => {
    const text = await generateCertificate({ names: ['a.example', '*.b.example', '192.0.2.1'], days: 10 });
    const certificate = new X509Certificate(text);
    expect([certificate.subject, certificate.subjectAltName]).toEqual([
      'CN=a.example',
      'DNS:a.example, DNS:*.b.example, IP Address:192.0.2.1',
    ]);
    expect(certificate.checkPrivateKey(createPrivateKey(text))).toBe(true);
    const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
    expect(days).toBe(10);
  },
);
