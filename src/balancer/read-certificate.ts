/** Certificates in PEM: what they say, and whether the key is theirs. No I/O here. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { SecretValue } from '../secrets/secret-value.ts';
import type { Certificate } from './materials.ts';

/** What is wrong with a certificate or its key, in words that hold nothing of either. */
export interface CertificateProblem {
  /** Which of the two secrets it is about. */
  about: 'certificate' | 'key';
  message: string;
  next: string;
}

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g;

/** A checked certificate of a PEM text and a private key, which may stand in the same text. */
export function readCertificate(
  name: string,
  certificate: SecretValue,
  key: SecretValue = certificate,
): { certificate: Certificate } | { problem: CertificateProblem } {
  const chain = listBlocks(certificate, (type) => type === 'CERTIFICATE');
  if (chain.length === 0)
    return fail('certificate', 'holds no certificate in PEM', 'it begins with -----BEGIN CERTIFICATE-----');
  const parsed = parseCertificate(chain[0]!);
  if (!parsed) return fail('certificate', 'holds a damaged certificate', 'put the whole PEM text there');
  const keys = listBlocks(key, (type) => type.endsWith('PRIVATE KEY'));
  if (keys.length === 0)
    return fail(
      'key',
      'holds no private key in PEM',
      key === certificate
        ? 'put the key behind the certificate, or name its secret: tls: {certificate: …, key: …}'
        : 'it begins with -----BEGIN PRIVATE KEY-----',
    );
  if (/ENCRYPTED/.test(keys[0]!))
    return fail('key', 'is protected by a passphrase', 'take it away: openssl pkey -in key.pem');
  try {
    if (!parsed.checkPrivateKey(createPrivateKey(keys[0]!)))
      return fail(
        'key',
        'does not belong to the certificate',
        'use the key that the certificate was made for',
      );
  } catch {
    return fail('key', 'holds a damaged private key', 'put the whole PEM text there');
  }
  return {
    certificate: {
      name,
      chain: `${chain.join('\n')}\n`,
      key: new SecretValue(`${keys[0]}\n`),
      ...describeCertificate(parsed),
    },
  };
}

/** What a certificate in PEM says of itself; `undefined` when it can't be read. */
export function readPublicCertificate(
  pem: string,
): Pick<Certificate, 'fingerprint' | 'hosts' | 'expiresAtMs'> | undefined {
  const parsed = parseCertificate(pem);
  return parsed && describeCertificate(parsed);
}

function describeCertificate(
  parsed: X509Certificate,
): Pick<Certificate, 'fingerprint' | 'hosts' | 'expiresAtMs'> {
  return {
    fingerprint: parsed.fingerprint256.replaceAll(':', '').toLowerCase(),
    hosts: listHosts(parsed),
    expiresAtMs: Date.parse(parsed.validTo),
  };
}

/** DNS names only: a client names no address when it asks for a certificate. */
function listHosts({ subjectAltName = '', subject }: X509Certificate): string[] {
  const names = [...subjectAltName.matchAll(/DNS:([A-Za-z0-9*.-]+)/g)].map((match) => match[1]!);
  const common = /^CN=([A-Za-z0-9*.-]+)$/m.exec(subject)?.[1];
  return names.length > 0 || common === undefined ? names : [common];
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function listBlocks(secret: SecretValue, isWanted: (type: string) => boolean): string[] {
  const text = secret.reveal().toString('utf8').replaceAll('\r\n', '\n');
  return [...text.matchAll(pemBlock)].filter((match) => isWanted(match[1]!)).map((match) => match[0]);
}

function fail(
  about: CertificateProblem['about'],
  message: string,
  next: string,
): { problem: CertificateProblem } {
  return { problem: { about, message, next } };
}
