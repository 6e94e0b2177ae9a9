/** The rules of a cluster file that look at several places at once. Pure; they check what is readable, whatever else is wrong. */
import type { Problem } from '../errors.ts';
import { formatPath, type InputPath, type Locate } from '../input/schema-problems.ts';
import { hostnamePattern } from './cluster-schema.ts';
import {
  ipv4Pattern,
  ipv4SubnetPattern,
  isInSubnet,
  isNetworkOrBroadcast,
  readSubnet,
  type Subnet,
} from './ipv4.ts';

/** What is readable of a file that may be wrong elsewhere. */
interface Draft {
  nodes: { name: string; address: string | undefined; role: string | undefined }[];
  hasNodes: boolean;
  /** Each with its place; only those that can be read. */
  vips: { path: InputPath; vip: Subnet }[];
  hasBalancerSection: boolean;
  variables: Record<string, unknown>;
}

type Report = (path: InputPath, message: string, next?: string, part?: 'key' | 'value') => void;

/** Every breach of a rule, with its place. `raw` is the document as plain data. */
export function checkClusterRules(raw: unknown, file: string, locate: Locate): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (path, message, next, part = 'value') =>
    void problems.push({
      file,
      ...locate(path, part),
      path: formatPath(path),
      message,
      ...(next !== undefined && { next }),
    });
  const draft = readDraft(raw);
  checkNames(draft, report);
  checkAddresses(draft, report, locate);
  checkManagers(draft, report);
  checkBalancers(draft, report);
  checkVips(draft, report, locate);
  checkStacks(raw, report, locate);
  return problems;
}

function checkNames({ nodes }: Draft, report: Report): void {
  for (const [index, { name }] of nodes.entries()) {
    if (!hostnamePattern.test(name))
      report(['nodes', name], 'not a host name: letters, digits and dashes', undefined, 'key');
    const twin = nodes.slice(0, index).find((other) => other.name.toLowerCase() === name.toLowerCase());
    if (twin)
      report(
        ['nodes', name],
        `${name} and ${twin.name} are one host name: case does not count`,
        undefined,
        'key',
      );
  }
}

function checkAddresses({ nodes }: Draft, report: Report, locate: Locate): void {
  for (const [index, { name, address }] of nodes.entries()) {
    const twin = address && nodes.slice(0, index).find((other) => other.address === address);
    if (!twin) continue;
    const { line } = locate(['nodes', twin.name, 'address']);
    report(
      ['nodes', name, 'address'],
      `${address} is already the address of ${twin.name}${line === undefined ? '' : ` (line ${line})`}`,
      'give each node its own address',
    );
  }
}

function checkManagers({ nodes, hasNodes }: Draft, report: Report): void {
  // a node whose role can't be read may be the manager; of nodes that aren't there something else is said
  if (!hasNodes || nodes.some(({ role }) => role === 'manager' || role === undefined)) return;
  report(['nodes'], 'no node has the role manager', 'give one node role: manager', 'key');
}

function checkBalancers({ nodes, hasBalancerSection }: Draft, report: Report): void {
  if (!hasBalancerSection || nodes.some(({ role }) => role === 'balancer' || role === undefined)) return;
  report(
    ['balancer'],
    'no node has the role balancer',
    'give a node role: balancer, or remove this section',
    'key',
  );
}

function checkVips(draft: Draft, report: Report, locate: Locate): void {
  const { vips, nodes, variables } = draft;
  for (const { path, vip } of vips) checkVip(path, vip, draft, report);
  for (const [index, { path, vip }] of vips.entries()) {
    const twin = vips.slice(0, index).find((other) => other.vip.address === vip.address);
    if (!twin) continue;
    const { line, column } = locate(twin.path);
    report(
      path,
      `${vip.address} is in the list twice${line === undefined ? '' : ` (line ${line}, column ${column})`}`,
      'remove one of them',
    );
  }
  // a node whose role can't be read may be a balancer
  const holders = nodes.filter(({ role }) => role === 'balancer' || role === undefined).length;
  if (vips.length > 1 && holders > 0 && vips.length > holders)
    report(
      ['balancer', 'vip'],
      `${vips.length} virtual addresses for ${holders} ${holders === 1 ? 'balancer' : 'balancers'}`,
      'give at most one for each balancer: each of them prefers another',
    );
  if (vips.length > 0 && 'KAWANAN_VIP' in variables)
    report(
      ['variables', 'KAWANAN_VIP'],
      'KAWANAN_VIP is always the address in balancer.vip',
      'remove it here',
      'key',
    );
}

function checkStacks(raw: unknown, report: Report, locate: Locate): void {
  const { stack, stacks } = asMapping(raw);
  if (stacks === undefined) return;
  if (stack !== undefined) {
    const { line } = locate(['stack'], 'key');
    report(
      ['stacks'],
      `there is "stack" already${line === undefined ? '' : ` (line ${line})`}`,
      'move it in here, and keep the one of the two',
      'key',
    );
  }
  if (Object.keys(asMapping(stacks)).length === 0)
    report(['stacks'], 'it names no stack', 'write e.g. {shop: shop/compose.yml}, or remove it');
}

function checkVip(path: InputPath, vip: Subnet, { nodes }: Draft, report: Report): void {
  const text = `${vip.address}/${vip.prefixLength}`;
  const reserved = isNetworkOrBroadcast(vip);
  if (reserved)
    report(path, `${vip.address} is the ${reserved} address of its network ${text}`, 'take another address');
  const holder = nodes.find(({ address }) => address === vip.address);
  if (holder)
    report(path, `${vip.address} is the address of ${holder.name}`, 'take an address that no machine has');
  for (const { name, address, role } of nodes) {
    if (role !== 'balancer' || address === undefined || isInSubnet(address, vip)) continue;
    report(
      path,
      `${text} is not in the network of the balancer ${name} (${address})`,
      'take a free address of the network that the balancers are in',
    );
  }
}

/** What is allowed but unwise. */
export function collectWarnings(nodes: { role: string }[], hasVip: boolean): string[] {
  const count = (role: string): number => nodes.filter((node) => node.role === role).length;
  const managers = count('manager');
  const warnings: string[] = [];
  if (managers % 2 === 0)
    warnings.push(
      `${managers} managers survive no more losses than ${managers - 1} would (${managers / 2 - 1}): have ${managers - 1} or ${managers + 1}`,
    );
  if (count('balancer') > 1 && !hasVip)
    warnings.push(
      `${count('balancer')} balancers without balancer.vip: clients must choose one themselves, and when it fails nobody takes over`,
    );
  return warnings;
}

function readDraft(raw: unknown): Draft {
  const document = asMapping(raw);
  const vip = asMapping(document['balancer'])['vip'];
  return {
    nodes: Object.entries(asMapping(document['nodes'])).map(([name, node]) => {
      const { address, role } = asMapping(node);
      return {
        name,
        address: typeof address === 'string' && ipv4Pattern.test(address) ? address : undefined,
        role: typeof role === 'string' && ['manager', 'worker', 'balancer'].includes(role) ? role : undefined,
      };
    }),
    hasNodes: isMapping(document['nodes']),
    vips: listVips(vip),
    hasBalancerSection: document['balancer'] !== undefined,
    variables: asMapping(document['variables']),
  };
}

function listVips(value: unknown): Draft['vips'] {
  const entries: [InputPath, unknown][] = Array.isArray(value)
    ? value.map((one, index) => [['balancer', 'vip', index], one])
    : [[['balancer', 'vip'], value]];
  return entries.flatMap(([path, one]) =>
    typeof one === 'string' && ipv4SubnetPattern.test(one) ? [{ path, vip: readSubnet(one) }] : [],
  );
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asMapping(value: unknown): Record<string, unknown> {
  return isMapping(value) ? value : {};
}
