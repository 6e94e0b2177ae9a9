import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Lab, type LabNode, labsDir } from './lab.ts';
import type { MachineKind, MachineKinds } from './machine-kind.ts';

/** Debian releases the machines can run. */
export const releases = ['trixie', 'bookworm'] as const;
export type Release = (typeof releases)[number];

/** What can't be read off the world: which subnet and root file system a lab has. In `lab.json` of its machines' folder. */
export interface LabRecord {
  stateDir: string;
  cacheDir: string;
  number: number;
  release: Release;
  /** The read-only root file system under every machine's disk. */
  lowerDir: string;
  /** By node name; those that aren't in it are `nspawn`. */
  machines?: MachineKinds;
}

/** What a node's machine is made of. */
export function machineKindOf(record: Pick<LabRecord, 'machines'>, node: LabNode): MachineKind {
  return record.machines?.[node.name] ?? 'nspawn';
}

/** The record of a lab; `undefined` where there is none, or only half of one. */
export async function readRecord(machinesDir: string): Promise<LabRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(machinesDir, 'lab.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

export async function writeRecord(lab: Lab, record: LabRecord): Promise<void> {
  await mkdir(lab.machinesDir, { recursive: true, mode: 0o700 });
  await writeWhole(join(lab.machinesDir, 'lab.json'), `${JSON.stringify(record, null, 2)}\n`);
}

export interface KnownLab {
  id: string;
  machinesDir: string;
  record: LabRecord | undefined;
}

/** All labs of this computer, whichever checkout they belong to. */
export async function listLabs(): Promise<KnownLab[]> {
  const entries = await readdir(labsDir, { withFileTypes: true }).catch(() => []);
  const ids = entries
    .filter((entry) => entry.isDirectory() && /^[0-9a-f]{8}$/.test(entry.name))
    .map((entry) => entry.name);
  return Promise.all(
    ids.sort().map(async (id) => {
      const machinesDir = join(labsDir, id);
      return { id, machinesDir, record: await readRecord(machinesDir) };
    }),
  );
}

/** Writes a file beside its place and swaps it in, so that it is never seen half written. */
export async function writeWhole(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const fresh = `${path}.${process.pid}.new`;
  await writeFile(fresh, content, { mode });
  await rename(fresh, path);
}
