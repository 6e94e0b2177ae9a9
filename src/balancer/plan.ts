/** What to change on the balancers. Pure. */
import { balancers, type Cluster, listVirtualAddresses } from '../cluster/cluster.ts';
import { type EngineName, engineNames } from '../cluster/engine-name.ts';
import { UserError } from '../errors.ts';
import { type Change, type LayerPlan, unknownPlan } from '../plan/change.ts';
import type { BalancerModel } from './backends.ts';
import { backupPathOf, packagedParts, unitBackupPathOf } from './backup.ts';
import {
  differsInServersOnly,
  diffFile,
  diffState,
  isAsWanted,
  listFolder,
  listObsolete,
} from './diff-part.ts';
import type { PartFile } from './engine-files.ts';
import { engines } from './engines.ts';
import { listHolders } from './keepalived/holders.ts';
import { describeJitter, judgeJitter } from './keepalived/judge-jitter.ts';
import { listHeldServers } from './nginx/servers.ts';
import type { BalancerHost } from './observation.ts';
import {
  buildParts,
  describeVip,
  isEngine,
  keepalivedConfigPath,
  type Part,
  type PartName,
  packagedFiles,
  partFiles,
  partNames,
  partUnits,
} from './parts.ts';
import { readSeal } from './seal.ts';

/**
 * One part of one balancer: put there and running, or taken away with what was there before put back; or an engine that
 * another one took over from: it ends, and stays away until the other is removed.
 */
export type BalancerAction =
  | {
      type: 'put';
      host: string;
      part: PartName;
      files: PartFile[];
      digest: string;
      /** The running process is told of the servers that come and go; all else is as it was. */
      serversOnly: boolean;
      /** Files of an earlier configuration, removed once nothing runs with them. */
      obsolete: string[];
    }
  | { type: 'displace'; host: string; part: EngineName }
  | { type: 'remove'; host: string; part: PartName };

export type BalancerPlan = LayerPlan<BalancerAction>;

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
  const missing = observed.flatMap((host) => listMissing(host, cluster, model.engine));
  if (missing.length > 0) return unknownPlan('balancer', missing.join('; '));
  const plan = emptyPlan();
  plan.warnings.push(...model.warnings, ...warnOfBalancers(model, cluster, observed));
  for (const name of away)
    plan.warnings.push(`${name} can't be reached and keeps what it has; run this again when it is back`);
  for (const host of orderHosts(observed, cluster)) {
    const node = balancers(cluster).find((one) => one.name === host.node)!;
    checkVersion(host, model.engine);
    checkSteadiness(host);
    const interfaceName = findInterface(host, cluster, node.address);
    const version = versionOf(host, model.engine);
    const place = {
      interfaceName,
      hasNft: host.hasNft,
      ...(version !== undefined && { version }),
      // HAProxy keeps what it was told over a reload
      ...(model.engine === 'nginx' && { held: listHeldServers(host.files[engines.nginx.configPath] ?? '') }),
    };
    const parts = buildParts(model, cluster, node, place);
    for (const name of orderParts(model.engine)) {
      const part = parts.find((one) => one.name === name);
      if (part) planPut(plan, host, part, cluster);
      else if (isEngine(name)) {
        if (needsDisplacing(host, name)) addChange(plan, buildDisplacement(host, name, model.engine));
      } else if (isThere(host, name)) addChange(plan, buildRemoval(host, name));
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

function emptyPlan(): BalancerPlan {
  return { layer: 'balancer', changes: [], unchanged: 0, warnings: [] };
}

function orderHosts(observed: BalancerHost[], cluster: Cluster): BalancerHost[] {
  const holders = listHolders(cluster, observed);
  const count = (host: BalancerHost): number =>
    holders.filter((one) => one.holders.includes(host.node)).length;
  return observed.toSorted((a, b) => count(a) - count(b));
}

/** The other engine leaves only when the wanted one is there. */
function orderParts(engine: EngineName): PartName[] {
  return partNames.toSorted((a, b) => rank(a) - rank(b));
  function rank(name: PartName): number {
    return partNames.indexOf(name) + (isEngine(name) && name !== engine ? engineNames.length - 0.5 : 0);
  }
}

function versionOf(host: BalancerHost, engine: EngineName): string | undefined {
  return engine === 'haproxy' ? host.haproxyVersion : host.nginxVersion;
}

function listMissing(host: BalancerHost, cluster: Cluster, engine: EngineName): string[] {
  const missing = [
    ...(versionOf(host, engine) === undefined ? [engine] : []),
    ...(describeVip(cluster) && host.keepalivedVersion === undefined ? ['keepalived'] : []),
  ];
  return missing.map((name) => `${name} is not installed on ${host.node}`);
}

function checkVersion(host: BalancerHost, engine: EngineName): void {
  const { oldest, title } = engines[engine];
  const version = versionOf(host, engine) ?? '';
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  throw new UserError(`${title} ${version} is too old: ${oldest.join('.')} or newer is needed`, {
    place: { host: host.node },
    next: 'Debian 12 and 13 and Ubuntu 22.04 and 24.04 bring one that is new enough',
  });
}

function checkSteadiness({ node, jitter }: BalancerHost): void {
  const reason = jitter && judgeJitter(jitter);
  if (!jitter || reason === undefined) return;
  throw new UserError(`failover: fast would lie here: ${reason}`, {
    place: { host: node },
    details: [`measured now: ${describeJitter(jitter)}`],
    next: 'choose failover: safe in the cluster file, or give this machine CPUs that are always there for it',
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
  return [
    ...(observed.length === 0 && model.frontends.length > 0
      ? ['the cluster has no balancer: nothing is balanced']
      : []),
    ...(unfiltered.length > 0
      ? [`${unfiltered.join(', ')}: no nft, so VRRP isn't filtered; keepalived still checks sender and TTL`]
      : []),
    ...(running ? listHolders(cluster, observed).flatMap((one) => one.problem ?? []) : []),
  ];
}

function planPut(plan: BalancerPlan, host: BalancerHost, part: Part, cluster: Cluster): void {
  const obsolete = listObsolete(host, part);
  const fields = [
    ...part.files.flatMap((file) => diffFile(file, host)),
    ...obsolete.map((path) => ({ path, before: 'of an earlier configuration' })),
    ...diffState(host, part),
    ...(part.name === 'keepalived' && host.jitter
      ? [{ path: 'delay of processes', after: `${describeJitter(host.jitter)}: steady enough for fast` }]
      : []),
  ];
  const missing = part.files.some((file) => !isAsWanted(file, host)) || obsolete.length > 0;
  if (fields.length === 0 && !missing) {
    plan.unchanged += 1;
    return;
  }
  const exists = isThere(host, part.name);
  const serversOnly = obsolete.length === 0 && differsInServersOnly(host, part);
  const moves = describeMove(host, part, cluster);
  addChange(plan, {
    id: `${host.node}/${part.name}`,
    layer: 'balancer',
    kind: exists ? 'update' : 'create',
    object: { type: 'balancer', name: part.name, host: host.node },
    title: serversOnly
      ? `change the servers of ${part.name} through the Runtime API`
      : missing
        ? `configure ${part.name}${exists && isEngine(part.name) ? ' by a reload' : ''}`
        : `load ${part.name}'s configuration`,
    fields,
    ...(moves !== undefined && { interrupts: moves }),
    undo: 'the previous files come back when the new ones are refused or nothing answers with them',
    after: [],
    action: {
      type: 'put',
      host: host.node,
      part: part.name,
      files: part.files,
      digest: part.digest,
      serversOnly,
      obsolete,
    },
  });
}

function describeMove(host: BalancerHost, part: Part, cluster: Cluster): string | undefined {
  const before = host.files[keepalivedConfigPath];
  const wanted = listVirtualAddresses(cluster).map(({ address }) => address);
  if (part.name !== 'keepalived' || before === undefined || wanted.length === 0) return undefined;
  const old = [...before.matchAll(/virtual_ipaddress \{\s+([0-9.]+)/g)].map((match) => match[1]!);
  const gone = old.filter((address) => !wanted.includes(address));
  if (gone.length === 0) return undefined;
  const becomes = wanted.length === 1 ? 'the virtual address becomes' : 'the virtual addresses become';
  return `clients of ${gone.join(' and ')}: ${becomes} ${wanted.join(' and ')}`;
}

/** Whether anything of ours is left of a part. */
function isThere(host: BalancerHost, part: PartName): boolean {
  if (isEngine(part) && listFolder(host, part).length > 0) return true;
  const ours = partFiles[part].some((path) => readSeal(host.files[path] ?? '') !== undefined);
  const kept = packagedFiles
    .filter((path) => partFiles[part].includes(path))
    .some((path) => host.files[backupPathOf(path)] !== undefined);
  const state = packagedParts.includes(part) && host.files[unitBackupPathOf(part)] !== undefined;
  return ours || kept || state || (part === 'nftables' && host.nftTable !== undefined);
}

/** Whether the engine that isn't wanted still has something of ours, or would start again where ours was taken away. */
function needsDisplacing(host: BalancerHost, engine: EngineName): boolean {
  const { unit } = engines[engine];
  const ours = partFiles[engine].some((path) => readSeal(host.files[path] ?? '') !== undefined);
  if (ours || listFolder(host, engine).length > 0) return true;
  const state = host.units[unit];
  const wasOurs = host.files[unitBackupPathOf(engine)] !== undefined;
  return wasOurs && (state?.active === 'active' || state?.enabled === 'enabled');
}

function buildDisplacement(
  host: BalancerHost,
  engine: EngineName,
  successor: EngineName,
): Change<BalancerAction> {
  return {
    id: `${host.node}/${engine}`,
    layer: 'balancer',
    kind: 'remove',
    object: { type: 'balancer', name: engine, host: host.node },
    title: `let ${engine} end: ${successor} has its ports`,
    fields: [],
    interrupts: `connections through ${engine} that last longer than 10 s`,
    undo: `set "engine: ${engine}" again`,
    after: [],
    action: { type: 'displace', host: host.node, part: engine },
  };
}

function buildRemoval(host: BalancerHost, part: PartName): Change<BalancerAction> {
  const words: Record<PartName, string> = {
    keepalived: 'stop keepalived and give its configuration back',
    haproxy: "stop balancing and give haproxy's configuration back",
    nginx: "stop balancing and give nginx's configuration back",
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
