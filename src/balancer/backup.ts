/** Where a balancer keeps what was there before us. No I/O here. */
import { type PartName, packagedFiles, partUnits } from './parts.ts';

export const stateFolder = '/var/lib/kawanan/balancer';

/** Holds the digest of the keepalived files that were loaded: a run killed between writing and loading shows. */
export const appliedMarkerPath = `${stateFolder}/keepalived.applied`;

/** Where a packaged file is kept; it is empty where there was none. */
export function backupPathOf(path: string): string {
  return `${stateFolder}/before${path.replaceAll('/', '-')}`;
}

/** Where the state of a part's unit is kept, as `ActiveState UnitFileState`. */
export function unitBackupPathOf(part: PartName): string {
  return `${stateFolder}/before-${partUnits[part]}`;
}

/** The parts whose units packages bring. */
export const packagedParts: readonly PartName[] = ['haproxy', 'nginx', 'keepalived'];

/** All backups, for observing and for removal. */
export const backupPaths: readonly string[] = [
  ...packagedFiles.map(backupPathOf),
  ...packagedParts.map(unitBackupPathOf),
];
