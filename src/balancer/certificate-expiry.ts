/** How long certificates are still good. No I/O and no clock here. */
import type { BalancerModel } from './backends.ts';
import { engines } from './engines.ts';
import type { BalancerHost } from './observation.ts';
import { readPublicCertificate } from './read-certificate.ts';

const dayMs = 86_400_000;
const warnBelowDays = 21;

/** A certificate that lies on a balancer. */
export interface CertificateStatus {
  /** Name of its file. */
  name: string;
  hosts: string[];
  /** ISO 8601. */
  expiresAt: string;
  /** Whole days; negative once it has expired. */
  daysLeft: number;
}

/** The certificates of the engine on a balancer, as its files say. */
export function listCertificates(
  host: BalancerHost,
  engine: BalancerModel['engine'],
  nowMs: number,
): CertificateStatus[] {
  const { folder } = engines[engine];
  return Object.entries(host.files).flatMap(([path, text]) => {
    const found =
      path.startsWith(`${folder}/`) && path.endsWith('.pem') ? readPublicCertificate(text) : undefined;
    if (!found) return [];
    const { hosts, expiresAtMs } = found;
    return [
      {
        name: path.slice(folder.length + 1),
        hosts,
        expiresAt: new Date(expiresAtMs).toISOString(),
        daysLeft: Math.floor((expiresAtMs - nowMs) / dayMs),
      },
    ];
  });
}

/** What to say of a certificate that is about to expire or has; `undefined` while there is time. */
export function judgeExpiry({
  hosts,
  expiresAt,
  daysLeft,
}: Omit<CertificateStatus, 'name'>): string | undefined {
  if (daysLeft >= warnBelowDays) return undefined;
  const what = `the certificate for ${hosts.join(', ') || 'no name'}`;
  const date = expiresAt.slice(0, 10);
  return daysLeft < 0 ? `${what} expired on ${date}` : `${what} expires on ${date}, in ${daysLeft} days`;
}

/** A line for each certificate of a model that has less than three weeks left. */
export function warnOfExpiry(model: BalancerModel, nowMs: number): string[] {
  return model.frontends.flatMap(({ name, tls }) =>
    (tls?.certificates ?? []).flatMap(({ hosts, expiresAtMs }) => {
      const expiresAt = new Date(expiresAtMs).toISOString();
      const daysLeft = Math.floor((expiresAtMs - nowMs) / dayMs);
      const words = judgeExpiry({ hosts, expiresAt, daysLeft });
      return words === undefined ? [] : [`${name}: ${words}`];
    }),
  );
}
