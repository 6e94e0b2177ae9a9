/** What is known of the node exporters, and what is done to them. Data only. */
import type { Change } from '../plan/change.ts';

/** The password's name in the swarm, without its version. */
export const passwordSecret = 'monitoring_password';

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
  /** Name of the newest version of the password in the swarm. */
  passwordVersion?: string;
}

export type ExporterAction =
  | { do: 'set-up'; host: string; dropIn: string; passwordVersion: string; install: boolean }
  | { do: 'remove'; host: string; purge: boolean };

export type ExporterChange = Change<ExporterAction>;
