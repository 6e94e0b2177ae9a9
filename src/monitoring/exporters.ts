/** What is known of the node exporters, and what is done to them. Data only. */
import type { Change } from '../plan/change.ts';

/** The password's name in the swarm, without its version. */
export const passwordSecret = 'monitoring_password';

/** One version of the password in the swarm. */
export interface PasswordVersion {
  name: string;
  /** Of the swarm: a password that is made anew after the old one was removed has its name, and another id. */
  id: string;
}

export interface ExporterState {
  kind: 'reached';
  installed: boolean;
  /** Our installs brought it. */
  brought: boolean;
  active: boolean;
  dropIn?: string;
  /** First line of the file with the password's hash. */
  webConfig?: string;
}

export interface ExportersObserved {
  /** By the name of the machine. */
  nodes: Record<string, ExporterState | { kind: 'unreachable'; reason: string }>;
  /** The newest version in the swarm. */
  password?: PasswordVersion;
}

export type ExporterAction =
  | { do: 'set-up'; host: string; address: string; dropIn: string; install: boolean }
  | { do: 'remove'; host: string; purge: boolean };

export type ExporterChange = Change<ExporterAction>;
