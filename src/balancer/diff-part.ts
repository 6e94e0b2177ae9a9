/** What differs between a part as it should be and as it is on a balancer. No I/O here. */
import { type EngineName, engineNames } from '../cluster/engine-name.ts';
import type { FieldChange } from '../plan/change.ts';
import { appliedMarkerPath } from './backup.ts';
import { diffConfig } from './config-diff.ts';
import type { PartFile } from './engine-files.ts';
import { engines } from './engines.ts';
import { isReads } from './haproxy/reads.ts';
import { compareServers, listRuntimeServers } from './haproxy/runtime-servers.ts';
import type { BalancerHost } from './observation.ts';
import { isEngine, type Part, partFiles, partUnits } from './parts.ts';
import { readPublicCertificate } from './read-certificate.ts';
import { readSeal } from './seal.ts';

/** HAProxy runs what its file says, and all that the new one changes are servers. */
export function differsInServersOnly(host: BalancerHost, part: Part): boolean {
  if (part.name !== 'haproxy') return false;
  const { configPath, unit } = engines.haproxy;
  const [before, after] = [host.files[configPath], part.files.find(({ path }) => path === configPath)];
  const others = part.files.filter((file) => file !== after);
  const state = host.units[unit];
  const runs = state?.active === 'active' && state.enabled === 'enabled' && !state.stale;
  if (before === undefined || !after || !runs || !others.every((file) => isAsWanted(file, host)))
    return false;
  if (host.running.haproxy !== readSeal(before)) return false;
  const { added, removed } = compareServers(before, after.content) ?? { added: [], removed: [] };
  return added.length + removed.length > 0;
}

/** Whether a file is on a balancer as it should be; of a key only who may read it is known. */
export function isAsWanted({ path, content, keyOf }: PartFile, host: BalancerHost): boolean {
  return keyOf === undefined ? host.files[path] === content : host.keys[path] === '600 root';
}

/** What lies in the engine's folder and isn't wanted there any more. */
export function listObsolete(host: BalancerHost, part: Part): string[] {
  if (!isEngine(part.name)) return [];
  const wanted = new Set(part.files.map(({ path }) => path));
  return listFolder(host, part.name).filter((path) => !wanted.has(path));
}

/** All that lies in an engine's own folder on a balancer. */
export function listFolder(host: BalancerHost, engine: EngineName): string[] {
  const { folder } = engines[engine];
  return [...Object.keys(host.files), ...Object.keys(host.keys)].filter((path) =>
    path.startsWith(`${folder}/`),
  );
}

/** What differs in one file, in words. */
export function diffFile(file: PartFile, host: BalancerHost): FieldChange[] {
  const { path, content, keyOf } = file;
  if (isAsWanted(file, host)) return [];
  if (keyOf !== undefined) {
    const before = host.keys[path];
    return [
      { path, ...(before !== undefined && { before: `mode ${before}` }), after: 'private key, 0600 root' },
    ];
  }
  const before = host.files[path];
  if (before === undefined) return [{ path, after: summarise(path, content) }];
  // pages and certificates have no header: the name says what is in them
  if (!path.endsWith('.cfg') && !path.endsWith('.conf') && readSeal(content) === undefined)
    return [{ path, before: 'edited by hand', after: 'as wanted' }];
  if (readSeal(before) === undefined)
    return [
      { path, before: 'not ours; kept and put back by "kawanan down"', after: summarise(path, content) },
    ];
  const fields = diffConfig(before, content);
  return fields.length > 0 ? fields : [{ path, before: 'edited by hand', after: 'as generated' }];
}

function summarise(path: string, content: string): string {
  if (path.endsWith('.pem')) return summariseCertificate(content);
  const engine = engineNames.find((name) => engines[name].configPath === path);
  if (engine === undefined) return 'new';
  const count = (pattern: RegExp): number => content.match(pattern)?.length ?? 0;
  const servers =
    engine === 'haproxy'
      ? listRuntimeServers(content).filter(({ backend }) => !isReads(backend)).length
      : count(/^ +server [0-9.]+:[0-9]+ max_fails/gm);
  // our own page is a frontend too
  const frontends =
    engine === 'haproxy' ? count(/^frontend /gm) - 1 : count(/^ +listen [0-9]+ .*reuseport;/gm);
  return `${frontends} ${frontends === 1 ? 'frontend' : 'frontends'}, ${servers} ${servers === 1 ? 'server' : 'servers'}`;
}

function summariseCertificate(pem: string): string {
  const found = readPublicCertificate(pem);
  if (!found) return 'new';
  const { hosts, expiresAtMs, fingerprint } = found;
  const until = new Date(expiresAtMs).toISOString().slice(0, 10);
  return `for ${hosts.join(', ') || 'no name'} until ${until}, SHA-256 ${fingerprint.slice(0, 16)}…`;
}

/** Whether what runs is what the files say: a run killed between writing and loading shows here. */
export function diffState(host: BalancerHost, part: Part): FieldChange[] {
  const unit = partUnits[part.name];
  const state = host.units[unit];
  const fields: FieldChange[] = [];
  if (state?.active !== 'active')
    fields.push({ path: unit, before: state?.active || 'absent', after: 'active' });
  if (state?.enabled !== 'enabled')
    fields.push({ path: `${unit} at boot`, before: state?.enabled || 'absent', after: 'enabled' });
  if (state?.stale)
    fields.push({ path: `${unit} as systemd knows it`, before: 'older than its files', after: 'current' });
  const [wanted, running] = digestsOf(host, part);
  if (wanted !== running)
    fields.push({ path: 'running configuration', before: running ?? 'unknown', after: wanted });
  return fields;
}

/** The digest that should run and the one that does. */
function digestsOf(host: BalancerHost, part: Part): [string, string | undefined] {
  const sealed = (path: string): string =>
    readSeal(part.files.find((file) => file.path === path)?.content ?? '') ?? '';
  if (isEngine(part.name)) return [sealed(engines[part.name].configPath), host.running[part.name]];
  switch (part.name) {
    case 'keepalived':
      return [part.digest, host.files[appliedMarkerPath]?.trim()];
    case 'nftables':
      return [sealed(partFiles.nftables[0]!), /comment "digest ([0-9a-f]+)"/.exec(host.nftTable ?? '')?.[1]];
  }
}
