import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BalancerModel } from '../../src/balancer/backends.ts';
import { planBackends } from '../../src/balancer/backends.ts';
import { judgeExpiry, listCertificates, warnOfExpiry } from '../../src/balancer/certificate-expiry.ts';
import { engines } from '../../src/balancer/engines.ts';
import { parseObservation } from '../../src/balancer/observation.ts';
import { readCertificate, readPublicCertificate } from '../../src/balancer/read-certificate.ts';
import { readMaterials } from '../../src/balancer/read-materials.ts';
import { InputError } from '../../src/errors.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import {
  buildCertificate,
  buildCluster,
  buildStack,
  readPem,
  richMaterials,
  richSection,
} from './examples.ts';

const dayMs = 86_400_000;

test('reads a certificate whose key stands in the same text, or in a text of its own', () => {
  const together = readCertificate('a', readPem('www.key', 'www.pem'));
  const apart = readCertificate('a', readPem('www.pem'), readPem('www.key'));
  expect(together).toEqual(apart);
  const { certificate } = together as Extract<typeof together, { certificate: unknown }>;
  expect([certificate.hosts, certificate.fingerprint.length, certificate.chain]).toEqual([
    ['www.example.org', '*.www.example.org'],
    64,
    readPem('www.pem').reveal().toString(),
  ]);
  expect(JSON.stringify(certificate)).toContain('"key":"[secret]"');
});

test('keeps the chain behind the certificate, and lines that end as on Windows', () => {
  const chain = readPem('www.pem', 'other.pem', 'www.key').reveal().toString().replaceAll('\n', '\r\n');
  const read = readCertificate('a', new SecretValue(chain));
  expect('certificate' in read && read.certificate.chain).toBe(
    readPem('www.pem', 'other.pem').reveal().toString(),
  );
});

test.each<[string, SecretValue, SecretValue | undefined, string, string]>([
  ['no certificate', new SecretValue('x'), undefined, 'certificate', 'holds no certificate in PEM'],
  [
    'a damaged one',
    new SecretValue('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    undefined,
    'certificate',
    'holds a damaged certificate',
  ],
  ['no key', readPem('www.pem'), undefined, 'key', 'holds no private key in PEM'],
  [
    "another certificate's key",
    readPem('www.pem'),
    readPem('other.key'),
    'key',
    'does not belong to the certificate',
  ],
  [
    'a damaged key',
    readPem('www.pem'),
    new SecretValue('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
    'key',
    'holds a damaged private key',
  ],
  [
    'a key behind a passphrase',
    readPem('www.pem'),
    new SecretValue('-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n'),
    'key',
    'is protected by a passphrase',
  ],
])('refuses %s', (_, certificate, key, about, message) => {
  const read = readCertificate('a', certificate, key);
  expect('problem' in read && [read.problem.about, read.problem.message]).toEqual([about, message]);
});

test('text that is no certificate has nothing to say', () => {
  expect(readPublicCertificate('hello')).toBeUndefined();
});

const stack = buildStack(`web:
  listen: 443
  service: flask
  tls:
    certificate: www_tls
    key: www_key
page: {listen: 81, service: flask, maintenance: {page: nowhere.html}}`);

test('every secret that is missing or wrong, and every page, is told of with its line', async () => {
  const problemsOf = async (secrets: [string, SecretValue | 'generated at up'][]): Promise<unknown> => {
    try {
      await readMaterials(stack, 'haproxy', new Map(secrets));
      return expect.unreachable();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return error.problems.map(({ line, path, message }) => [line, path, message]);
    }
  };
  const page = [
    7,
    'x-balancer.page.maintenance.page',
    "/work/nowhere.html can't be read: there is no such file",
  ];
  expect(await problemsOf([])).toEqual([
    page,
    [5, 'x-balancer.web.tls.certificate', 'there is no secret "www_tls" in the secrets file'],
  ]);
  expect(
    await problemsOf([
      ['www_tls', readPem('www.pem')],
      ['www_key', readPem('other.key')],
    ]),
  ).toEqual([page, [6, 'x-balancer.web.tls.key', 'the secret "www_key" does not belong to the certificate']]);
  expect(
    await problemsOf([
      ['www_tls', 'generated at up'],
      ['www_key', readPem('other.key')],
    ]),
  ).toEqual([page]);
});

test('a page in another encoding is refused rather than sent mangled', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kawanan-page-'));
  const path = join(folder, 'sorry.html');
  writeFileSync(path, Buffer.from('<p>ge\xf6ffnet ab 9</p>', 'latin1'));
  const definition = buildStack(`web: {listen: 80, service: flask, maintenance: {page: ${path}}}`);
  await expect(readMaterials(definition, 'haproxy', new Map())).rejects.toThrow(
    `${path}: this is not UTF-8 text`,
  );
  rmSync(folder, { recursive: true });
});

test('what is generated at up is told of in the plan before', async () => {
  const definition = buildStack('web: {listen: 443, service: flask, tls: {certificate: a}}');
  const materials = await readMaterials(definition, 'haproxy', new Map([['a', 'generated at up']]));
  expect(planBackends(definition, buildCluster(), materials).warnings).toEqual([
    'web: its certificate is generated at up',
  ]);
});

test('three weeks before its end a certificate is warned of, and after it', () => {
  const model: BalancerModel = planBackends(buildStack(richSection), buildCluster(), richMaterials);
  const { expiresAtMs } = buildCertificate('www_tls', 'www');
  const words = (days: number): string[] =>
    warnOfExpiry(model, expiresAtMs - days * dayMs).filter((line) => line.includes('for www.example.org'));
  expect(words(21.5)).toEqual([]);
  const date = new Date(expiresAtMs).toISOString().slice(0, 10);
  expect(words(20.5)).toEqual([
    `web: the certificate for www.example.org, *.www.example.org expires on ${date}, in 20 days`,
  ]);
  expect(words(-0.5)).toEqual([
    `web: the certificate for www.example.org, *.www.example.org expired on ${date}`,
  ]);
  expect(judgeExpiry({ hosts: [], expiresAt: '2030-01-02T00:00:00Z', daysLeft: 3 })).toBe(
    'the certificate for no name expires on 2030-01-02, in 3 days',
  );
});

test('the certificates of a balancer are read from its files, those of the other engine are not', () => {
  const pem = readPem('www.pem').reveal().toString();
  const line = (path: string): string => `file ${path} ${Buffer.from(pem).toString('base64')}\n`;
  const host = parseObservation(
    line(`${engines.haproxy.folder}/a.pem`) + line(`${engines.nginx.folder}/b.pem`),
    { name: 'lb1', address: '192.0.2.11' },
  );
  const { expiresAtMs } = buildCertificate('a', 'www');
  expect(listCertificates(host, 'haproxy', expiresAtMs - 1.5 * dayMs)).toEqual([
    {
      name: 'a.pem',
      hosts: ['www.example.org', '*.www.example.org'],
      expiresAt: new Date(expiresAtMs).toISOString(),
      daysLeft: 1,
    },
  ]);
});
