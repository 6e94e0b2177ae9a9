import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { listLabGroups, listProcesses, readCgroupLayout } from './cgroups.ts';
import { labNetwork, labsDir, maxLabs } from './lab.ts';
import { readLinks } from './network.ts';
import { listLabs } from './record.ts';
import { exists } from './root-fs.ts';
import { runLocal } from './run-local.ts';

/** What labs have on this computer, each list as a person reads it; all empty when no lab is up. The cache is not residue. */
export interface Residue {
  /** e.g. `1234 systemd-nspawn --register=no …`. */
  processes: string[];
  mounts: string[];
  interfaces: string[];
  routes: string[];
  /** Lines of `iptables-save`. */
  rules: string[];
  cgroups: string[];
  files: string[];
}

export interface ResidueOptions {
  /** Only of this lab; of all labs unless told. */
  id?: string;
  /** Subnet of that lab; without it every route counts that no other lab has claimed. */
  subnet?: string;
  /** More paths that must be gone: state folders. */
  paths?: string[];
}

/** Looks for everything that labs make, by name and place and not by what any record says. */
export async function listResidue(options: ResidueOptions = {}): Promise<Residue> {
  const id = options.id ?? '[0-9a-f]{8}';
  const groups = await findGroups(options.id);
  const saved = (await runLocal('iptables-save', [])).stdout.split('\n');
  const links = (await readLinks()).map((link) => link.ifname);
  return {
    processes: await findProcesses(groups, new RegExp(`--machine=k${id}n\\d|${labsDir}/${id}/`)),
    mounts: (await readFile('/proc/self/mountinfo', 'utf8'))
      .split('\n')
      .filter((line) => new RegExp(`${labsDir}/${id}`).test(line)),
    interfaces: links.filter((name) => new RegExp(`^(kwn-${id}|vb-k${id}n\\d)$`).test(name)),
    routes: await findRoutes(options),
    rules: saved.filter((line) => new RegExp(`kawanan-lab-${id}`).test(line)),
    cgroups: groups,
    files: await findFiles(new RegExp(`^k?${id}(n\\d)?$`), options),
  };
}

/** Whether nothing is left. */
export function isClean(residue: Residue): boolean {
  return Object.values(residue).every((list) => list.length === 0);
}

async function findGroups(id: string | undefined): Promise<string[]> {
  const groups = await listLabGroups(await readCgroupLayout());
  return groups.filter((group) => id === undefined || basename(group) === id);
}

async function findProcesses(groups: string[], pattern: RegExp): Promise<string[]> {
  const grouped = new Set((await Promise.all(groups.map(listProcesses))).flat());
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const line = words.replaceAll('\0', ' ').trim();
      return grouped.has(pid) || pattern.test(line) ? [`${pid} ${line}`] : [];
    }),
  );
  return found.flat();
}

async function findRoutes(options: ResidueOptions): Promise<string[]> {
  // Without a subnet, a route that no other lab has claimed is taken for this lab's.
  const others = (await listLabs()).filter(({ id }) => options.id !== undefined && id !== options.id);
  const claimed = new Set(others.flatMap(({ record }) => (record ? [labNetwork(record.number).subnet] : [])));
  const all = Array.from({ length: maxLabs }, (_, number) => labNetwork(number).subnet);
  const ours = options.subnet ? [options.subnet] : all.filter((subnet) => !claimed.has(subnet));
  const { stdout } = await runLocal('ip', ['-4', 'route', 'show']);
  return stdout.split('\n').filter((line) => ours.some((one) => line.split(' ').includes(one)));
}

async function findFiles(pattern: RegExp, options: ResidueOptions): Promise<string[]> {
  const dirs = [labsDir, '/run/systemd/nspawn/propagate', '/run/systemd/nspawn/unix-export'];
  const named = dirs.map(async (dir) => {
    const names = await readdir(dir).catch(() => []);
    return names.filter((name) => pattern.test(name)).map((name) => join(dir, name));
  });
  const remembered = options.id === undefined ? [labsDir] : [];
  const told = [...remembered, ...(options.paths ?? [])].map(async (path) =>
    (await exists(path)) ? [path] : [],
  );
  return (await Promise.all([...named, ...told])).flat();
}
