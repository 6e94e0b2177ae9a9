/** What `x-balancer` refers to and doesn't hold itself: certificates and pages. No I/O here. */
import type { SecretValue } from '../secrets/secret-value.ts';

/** A checked certificate with its key. All but the key is public. */
export interface Certificate {
  /** Of the secret. */
  name: string;
  /** In PEM: the certificate, then those that vouch for it. */
  chain: string;
  /** In PEM. */
  key: SecretValue;
  /** SHA-256 of the certificate, lower-case hex: decides whether it changed. */
  fingerprint: string;
  /** The host names it is for, `*.example.org` among them. */
  hosts: string[];
  /** Milliseconds since 1970. */
  expiresAtMs: number;
}

export interface Materials {
  /** Path as it is written → text. */
  pages: ReadonlyMap<string, string>;
  /** `undefined`: it is still to be generated. */
  findCertificate(secrets: { certificate: string; key?: string }): Certificate | undefined;
}

/** For what is checked before the files and secrets are read. */
export const noMaterials: Materials = { pages: new Map(), findCertificate: () => undefined };
