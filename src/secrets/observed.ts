/** What the swarm knows of secrets: names, labels and users, never values. Data only. */
import type { StoredRotation } from './rotation-record.ts';

export interface ObservedSecret {
  id: string;
  name: string;
  labels: Record<string, string>;
  /** RFC 3339. */
  createdAt?: string;
  /** Services whose spec names it, the previous one that a rollback returns to included. */
  services: { name: string; stack?: string }[];
  /** A task that is meant to run has it. */
  inRunningTask: boolean;
}

export interface ObservedSecrets {
  secrets: ObservedSecret[];
  /** ID of the config that holds the key of all fingerprints; absent before the first secret. */
  keyConfigId?: string;
  /** Secret name → fingerprint of the value we want; empty as long as there is no key. */
  wantedFingerprints: Record<string, string>;
  /** Rotations under way, of any stack. */
  rotations: StoredRotation[];
  /** Names of the stacks that have services; absent where nobody asked. */
  stacks?: string[];
}

/** Name of the config with the key of all fingerprints. */
export const fingerprintKeyName = 'kawanan.fingerprint-key';

/** Labels of a secret that is ours. */
export const secretLabels = {
  /** Name by which services know it, without the version. */
  secret: 'kawanan.secret',
  version: 'kawanan.secret.version',
  fingerprint: 'kawanan.secret.fingerprint',
  stack: 'kawanan.stack',
} as const;

/** Label of the key's config. */
export const keyLabel = 'kawanan.key';
