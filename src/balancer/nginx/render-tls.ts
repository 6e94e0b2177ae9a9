/** TLS in `nginx.conf`. No I/O here. */
import { certificatePathIn, keyPathOf } from '../engine-files.ts';
import type { Certificate } from '../materials.ts';

/** What holds for every certificate. */
export const tlsLines = [
  'ssl_protocols TLSv1.2 TLSv1.3;',
  'ssl_session_timeout 1h;',
  'ssl_session_tickets off;',
];

/** Which certificate a server shows; none while it is still to be generated. */
export function renderCertificate(certificate: Certificate | undefined, folder: string): string[] {
  if (!certificate) return [];
  const path = certificatePathIn(folder, certificate);
  return [`ssl_certificate ${path};`, `ssl_certificate_key ${keyPathOf(path)};`];
}
