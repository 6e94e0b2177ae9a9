/** What a host was before our first change: written once, never overwritten, and what `down` goes back to. */
import type { FolderState, HostFile, HostState, ServiceState } from './host-state.ts';
import { baselineFiles, dataFolders, leftoverFolders, sharedFolders, watchedServices } from './paths.ts';

export interface Baseline {
  version: 1;
  /** Name of the cluster whose first change it precedes. */
  cluster: string;
  hostname: string;
  /** Package → dpkg status. */
  packages: Record<string, string>;
  /** `null`: looked for and not there. A path that isn't listed wasn't looked for, so nothing may be done about it. */
  files: Record<string, HostFile | null>;
  services: Record<string, ServiceState>;
  sysctl: Record<string, string>;
  /** Every folder that was looked for. */
  folders: Record<string, FolderState>;
  users: string[];
  groups: string[];
  /** Of the firewall's forward chain; the engine sets it to `DROP`. Absent where there was no iptables. */
  forwardPolicy?: string;
}

/** The baseline of a host as it is now. */
export function makeBaseline(cluster: string, state: HostState): Baseline {
  return {
    version: 1,
    cluster,
    hostname: state.hostname,
    packages: state.packages,
    files: look(state.files, baselineFiles, null),
    services: pick(state.services, watchedServices),
    sysctl: state.sysctl,
    folders: look(state.folders, [...dataFolders, ...leftoverFolders, ...sharedFolders], 'absent'),
    users: state.accounts?.users ?? [],
    groups: state.accounts?.groups ?? [],
    ...(state.forwardPolicy === undefined ? {} : { forwardPolicy: state.forwardPolicy }),
  };
}

/** The file's content. */
export function renderBaseline(baseline: Baseline): string {
  return `${JSON.stringify(baseline, null, 1)}\n`;
}

/** Reads a baseline; `undefined` for a file that was cut short or isn't one. */
export function parseBaseline(text: string): Baseline | undefined {
  try {
    const value = JSON.parse(text) as Baseline;
    return value.version === 1 && typeof value.packages === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}

function look<Value, Missing>(
  all: Record<string, Value>,
  keys: readonly string[],
  missing: Missing,
): Record<string, Value | Missing> {
  return Object.fromEntries(keys.map((key) => [key, all[key] ?? missing]));
}

function pick<Value>(all: Record<string, Value>, keys: readonly string[]): Record<string, Value> {
  return Object.fromEntries(keys.filter((key) => all[key] !== undefined).map((key) => [key, all[key]!]));
}
