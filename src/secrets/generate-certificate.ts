import { spawn } from 'node:child_process';
import { UserError } from '../errors.ts';
import type { CertificateWish } from './secrets-file.ts';

// The key goes through pipes only: openssl writes to "/dev/stdout" where that is a pipe and not, as Node makes it, a
// socket. Its own configuration file is left out: it may ask for more than these arguments say.
const script = `umask 077
{ openssl req -x509 -config /dev/null -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days "$1" \\
  -subj "/CN=$2" -addext "subjectAltName=$3" -addext basicConstraints=critical,CA:FALSE \\
  -addext extendedKeyUsage=serverAuth -keyout /dev/stdout 2>/dev/null; } | cat`;

const timeoutMs = 30_000;

/**
 * A self-signed certificate and its private key (P-256), both in PEM, made by the program `openssl` without a file.
 *
 * @throws UserError when there is no such program or it fails.
 */
export function generateCertificate({ names, days }: CertificateWish): Promise<string> {
  const alternatives = names.map((name) => (/^[0-9.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',');
  // a common name has room for 64 characters; what counts are the alternatives
  const args = ['-c', script, 'sh', String(days), names[0]!.slice(0, 64), alternatives];
  const child = spawn('sh', args, {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: timeoutMs,
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      const text = Buffer.concat(chunks).toString('latin1');
      const whole =
        /-----BEGIN PRIVATE KEY-----[^-]+-----END/.test(text) && text.includes('-----END CERTIFICATE-----');
      if (whole) resolve(text);
      else
        reject(
          new UserError('a certificate could not be made: the program openssl is missing or too old', {
            next: 'install openssl 1.1.1 or newer on this computer, or give a certificate of your own: {file: path/of.pem}',
          }),
        );
    });
  });
}
