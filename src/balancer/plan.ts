/** What to change on the balancers. Pure. */
import { balancers, type Cluster } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import { type Change, type FieldChange, type LayerPlan, unknownPlan } from '../plan/change.ts';
import type { BalancerModel } from './backends.ts';
import { appliedMarkerPath, backupPathOf, packagedParts, unitBackupPathOf } from './backup.ts';
import { diffConfig } from './config-diff.ts';
import type { BalancerHost } from './observation.ts';
import {
  buildParts,
  describeVip,
  haproxyConfigPath,
  keepalivedConfigPath,
  type Part,
  type PartFile,
  type PartName,
  packagedFiles,
  partFiles,
  partNames,
  partUnits,
} from './parts.ts';
import { readSeal } from './seal.ts';

/** One part of one balancer: put there and running, or taken away with what was there before put back. */
export type BalancerAction =
  | { type: 'put'; host: string; part: PartName; files: PartFile[]; digest: string }
  | { type: 'remove'; host: string; part: PartName };

export type BalancerPlan = LayerPlan<BalancerAction>;

const oldestHaproxy = [2, 4] as const;

/**
 * The changes that bring every balancer to the model; the holder of the virtual address comes last, one after the other.
 * `away` names those that can't be reached: they keep what they have, and a warning says so.
 *
 * @throws UserError when a balancer's HAProxy is too old, or its address is on none of its interfaces.
 */
export function planBalancers(
  model: BalancerModel,
  cluster: Cluster,
  observed: BalancerHost[],
  away: string[] = [],
): BalancerPlan {
  const missing = observed.flatMap((host) => listMissing(host, cluster));
  if (missing.length > 0) return unknownPlan('balancer', missing.join('; '));
  const plan = emptyPlan();
  plan.warnings.push(...model.warnings, ...warnOfBalancers(model, cluster, observed));
  for (const name of away)
    plan.warnings.push(`${name} can't be reached and keeps what it has; run this again when it is back`);
  for (const host of orderHosts(observed, cluster)) {
    const node = balancers(cluster).find((one) => one.name === host.node)!;
    checkVersion(host);
    const interfaceName = findInterface(host, cluster, node.address);
    const parts = buildParts(model, cluster, node, { interfaceName, hasNft: host.hasNft });
    for (const name of partNames) {
      const part = parts.find((one) => one.name === name);
      if (part) planPut(plan, host, part, cluster);
      else if (isThere(host, name)) addChange(plan, buildRemoval(host, name));
    }
  }
  return plan;
}

/** Takes everything of ours off every balancer, the holder of the virtual address last. */
export function planBalancerRemoval(cluster: Cluster, observed: BalancerHost[]): BalancerPlan {
  const plan = emptyPlan();
  for (const host of orderHosts(observed, cluster))
    for (const name of partNames.toReversed())
      if (isThere(host, name)) addChange(plan, buildRemoval(host, name));
  return plan;
}

/** The balancers that hold the virtual address; one, when all is well. */
export function findHolders(
  cluster: Cluster,
  observed: Pick<BalancerHost, 'node' | 'addresses'>[],
): string[] {
  const address = cluster.balancer?.vip?.address;
  return observed
    .filter((host) => address !== undefined && host.addresses.includes(address))
    .map((host) => host.node);
}

/** What is wrong with the virtual address; `undefined` when one balancer holds it or there is none. */
export function judgeHolders(cluster: Cluster, holders: string[]): string | undefined {
  const address = cluster.balancer?.vip?.address;
  if (address === undefined || holders.length === 1) return undefined;
  return holders.length === 0
    ? `no balancer holds the virtual address ${address}`
    : `${holders.join(' and ')} both hold the virtual address ${address}`;
}

function emptyPlan(): BalancerPlan {
  return { layer: 'balancer', changes: [], unchanged: 0, warnings: [] };
}

function orderHosts(observed: BalancerHost[], cluster: Cluster): BalancerHost[] {
  const holders = findHolders(cluster, observed);
  return observed.toSorted((a, b) => Number(holders.includes(a.node)) - Number(holders.includes(b.node)));
}

function listMissing(host: BalancerHost, cluster: Cluster): string[] {
  const missing = [
    ...(host.haproxyVersion === undefined ? ['haproxy'] : []),
    ...(describeVip(cluster) && host.keepalivedVersion === undefined ? ['keepalived'] : []),
  ];
  return missing.map((name) => `${name} is not installed on ${host.node}`);
}

function checkVersion({ node, haproxyVersion = '' }: BalancerHost): void {
  const [major = 0, minor = 0] = haproxyVersion.split('.').map((part) => Number.parseInt(part, 10));
  if (major > oldestHaproxy[0] || (major === oldestHaproxy[0] && minor >= oldestHaproxy[1])) return;
  throw new UserError(`HAProxy ${haproxyVersion} is too old: ${oldestHaproxy.join('.')} or newer is needed`, {
    place: { host: node },
    next: 'Debian 12 and 13 and Ubuntu 22.04 and 24.04 bring one that is new enough',
  });
}

function findInterface(host: BalancerHost, cluster: Cluster, address: string): string {
  if (host.interfaceName !== undefined || !describeVip(cluster)) return host.interfaceName ?? '';
  throw new UserError(`no interface carries ${address}, so the virtual address has no place to go`, {
    place: { host: host.node },
    details: [`addresses of the host: ${host.addresses.join(', ') || 'none'}`],
    next: "give the balancer's own address in the cluster file, not one that is translated to it",
  });
}

function warnOfBalancers(model: BalancerModel, cluster: Cluster, observed: BalancerHost[]): string[] {
  const shared = describeVip(cluster);
  const unfiltered = shared ? observed.filter((host) => !host.hasNft).map((host) => host.node) : [];
  const running = observed.every((host) => host.units[partUnits.keepalived]?.active === 'active');
  const holders = shared && running ? judgeHolders(cluster, findHolders(cluster, observed)) : undefined;
  return [
    ...(observed.length === 0 && model.frontends.length > 0
      ? ['the cluster has no balancer: nothing is balanced']
      : []),
    ...(unfiltered.length > 0
      ? [`${unfiltered.join(', ')}: no nft, so VRRP isn't filtered; keepalived still checks sender and TTL`]
      : []),
    ...(holders === undefined ? [] : [holders]),
  ];
}

function planPut(plan: BalancerPlan, host: BalancerHost, part: Part, cluster: Cluster): void {
  const fields = [
    ...part.files.flatMap((file) => diffFile(file, host.files[file.path])),
    ...diffState(host, part),
  ];
  const missing = part.files.some((file) => host.files[file.path] !== file.content);
  if (fields.length === 0 && !missing) {
    plan.unchanged += 1;
    return;
  }
  const exists = isThere(host, part.name);
  const moves = describeMove(host, part, cluster);
  addChange(plan, {
    id: `${host.node}/${part.name}`,
    layer: 'balancer',
    kind: exists ? 'update' : 'create',
    object: { type: 'balancer', name: part.name, host: host.node },
    title: missing ? `configure ${part.name}` : `load ${part.name}'s configuration`,
    fields,
    ...(moves !== undefined && { interrupts: moves }),
    undo: 'the previous files come back when the new ones are refused or nothing answers with them',
    after: [],
    action: { type: 'put', host: host.node, part: part.name, files: part.files, digest: part.digest },
  });
}

function diffFile({ path, content }: PartFile, before: string | undefined): FieldChange[] {
  if (before === content) return [];
  if (before === undefined) return [{ path, after: summarise(path, content) }];
  if (readSeal(before) === undefined)
    return [
      { path, before: 'not ours; kept and put back by "kawanan down"', after: summarise(path, content) },
    ];
  const fields = diffConfig(before, content);
  return fields.length > 0 ? fields : [{ path, before: 'edited by hand', after: 'as generated' }];
}

function summarise(path: string, content: string): string {
  if (path !== haproxyConfigPath) return 'new';
  const count = (pattern: RegExp): number => content.match(pattern)?.length ?? 0;
  // our own page is a frontend too
  const frontends = count(/^frontend /gm) - 1;
  const servers = count(/^ +server /gm);
  return `${frontends} ${frontends === 1 ? 'frontend' : 'frontends'}, ${servers} ${servers === 1 ? 'server' : 'servers'}`;
}

/** Whether what runs is what the files say: a run killed between writing and loading shows here. */
function diffState(host: BalancerHost, part: Part): FieldChange[] {
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
  switch (part.name) {
    case 'haproxy':
      return [sealed(haproxyConfigPath), host.runningDigest];
    case 'keepalived':
      return [part.digest, host.files[appliedMarkerPath]?.trim()];
    case 'nftables':
      return [sealed(partFiles.nftables[0]!), /comment "digest ([0-9a-f]+)"/.exec(host.nftTable ?? '')?.[1]];
  }
}

function describeMove(host: BalancerHost, part: Part, cluster: Cluster): string | undefined {
  const before = host.files[keepalivedConfigPath];
  const address = cluster.balancer?.vip?.address;
  if (part.name !== 'keepalived' || before === undefined || address === undefined) return undefined;
  const old = /virtual_ipaddress \{\s+([0-9.]+)/.exec(before)?.[1];
  return old === undefined || old === address
    ? undefined
    : `clients of ${old}: the virtual address becomes ${address}`;
}

/** Whether anything of ours is left of a part. */
function isThere(host: BalancerHost, part: PartName): boolean {
  const ours = partFiles[part].some((path) => readSeal(host.files[path] ?? '') !== undefined);
  const kept = packagedFiles
    .filter((path) => partFiles[part].includes(path))
    .some((path) => host.files[backupPathOf(path)] !== undefined);
  const state = packagedParts.includes(part) && host.files[unitBackupPathOf(part)] !== undefined;
  return ours || kept || state || (part === 'nftables' && host.nftTable !== undefined);
}

function buildRemoval(host: BalancerHost, part: PartName): Change<BalancerAction> {
  const words: Record<PartName, string> = {
    keepalived: 'stop keepalived and give its configuration back',
    haproxy: "stop balancing and give haproxy's configuration back",
    nftables: 'remove the nftables rules for VRRP',
  };
  return {
    id: `${host.node}/${part}`,
    layer: 'balancer',
    kind: 'remove',
    object: { type: 'balancer', name: part, host: host.node },
    title: words[part],
    fields: [],
    ...(part !== 'nftables' && { interrupts: 'what this balancer serves' }),
    after: [],
    action: { type: 'remove', host: host.node, part },
  };
}

/** One after the other, never two balancers at once. */
function addChange(plan: BalancerPlan, change: Change<BalancerAction>): void {
  const previous = plan.changes.at(-1);
  plan.changes.push({ ...change, after: previous ? [previous.id] : [] });
}
