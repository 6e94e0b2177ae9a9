import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../plan/layer.ts';
import { bridgeName, type Lab, type LabNetwork, labNodes, linkName, ruleComment } from './lab.ts';
import { runLocal, succeedsLocal } from './run-local.ts';

/** Lowest priority there is but one: any other route to the lab wins. */
const fallbackMetric = '4278198272';

export interface IptablesRule {
  table: string;
  chain: string;
  /** The match and target, as `-A` takes them. */
  rule: string[];
}

/** The rules that let machines reach beyond the bridge, and nothing else. */
export function iptablesRules(lab: Pick<Lab, 'id'>, network: LabNetwork): IptablesRule[] {
  const bridge = bridgeName(lab);
  const comment = ['-m', 'comment', '--comment', ruleComment(lab)];
  const answers = ['-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED'];
  const accept = ['-j', 'ACCEPT'];
  const { subnet } = network;
  return [
    {
      table: 'nat',
      chain: 'POSTROUTING',
      rule: ['-s', subnet, '!', '-d', subnet, '!', '-o', bridge, ...comment, '-j', 'MASQUERADE'],
    },
    { table: 'filter', chain: 'FORWARD', rule: ['-i', bridge, ...comment, ...accept] },
    { table: 'filter', chain: 'FORWARD', rule: ['-o', bridge, ...answers, ...comment, ...accept] },
  ];
}

/** Makes the lab's bridge, routes and rules, as far as they are missing. Says whether anything was. */
export async function ensureNetwork(lab: Lab, network: LabNetwork): Promise<boolean> {
  const made = [await ensureFallbackRoute(network), await ensureBridge(lab, network)];
  for (const { table, chain, rule } of iptablesRules(lab, network)) {
    if (await succeedsLocal('iptables', ['-w', '-t', table, '-C', chain, ...rule])) continue;
    await runLocal('iptables', ['-w', '-t', table, '-I', chain, ...rule]);
    made.push(true);
  }
  return made.includes(true);
}

// Without it a packet for a lab that is down would follow the default route out of this computer.
async function ensureFallbackRoute({ subnet }: LabNetwork): Promise<boolean> {
  const { stdout } = await runLocal('ip', ['route', 'show', 'type', 'unreachable', 'exact', subnet]);
  if (stdout.trim() !== '') return false;
  await runLocal('ip', ['route', 'replace', 'unreachable', subnet, 'metric', fallbackMetric]);
  return true;
}

async function ensureBridge(lab: Lab, network: LabNetwork): Promise<boolean> {
  const bridge = bridgeName(lab);
  const found = (await readLinks()).find((link) => link.ifname === bridge);
  const addresses = found ? (await runLocal('ip', ['-o', '-4', 'addr', 'show', 'dev', bridge])).stdout : '';
  const address = `${network.bridgeAddress}/${network.prefixLength}`;
  if (found?.flags.includes('UP') && addresses.includes(` ${address} `)) return false;
  if (!found)
    await runLocal('ip', ['link', 'add', bridge, 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0']);
  await writeFile(`/proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`, '1').catch(() => {});
  await runLocal('ip', ['addr', 'replace', address, 'dev', bridge]);
  await runLocal('ip', ['link', 'set', bridge, 'up']);
  return true;
}

export interface Link {
  ifname: string;
  flags: string[];
  operstate: string;
  /** Bridge it is plugged into. */
  master?: string;
}

/** This computer's network interfaces. */
export async function readLinks(): Promise<Link[]> {
  return JSON.parse((await runLocal('ip', ['-j', 'link', 'show'])).stdout || '[]');
}

/** How a machine's cable hangs: `none` while the machine is off. */
export type Cable = 'plugged' | 'cut' | 'none';

/** Reads the state of a machine's cable off this computer's interfaces. */
export function cableState(links: Link[], link: string, bridge: string): Cable {
  const found = links.find((one) => one.ifname === link);
  if (!found) return 'none';
  return found.flags.includes('UP') && found.master === bridge ? 'plugged' : 'cut';
}

/** Subnets this computer has routes into, but for a lab's own fallback routes. */
export async function readRoutedSubnets(): Promise<string[]> {
  const { stdout } = await runLocal('ip', ['-4', '-j', 'route', 'show']);
  const routes: { dst: string; type?: string }[] = JSON.parse(stdout || '[]');
  return routes.filter((route) => route.type !== 'unreachable').map((route) => route.dst);
}

/** Removes the lab's interfaces and rules; the fallback routes go last, when nothing on this computer sends to the lab any more. */
export async function removeNetwork(
  lab: Pick<Lab, 'id'>,
  network: LabNetwork | undefined,
  progress: Progress,
): Promise<void> {
  const names = (await readLinks()).map((link) => link.ifname);
  for (const name of [...labNodes.map((node) => linkName(lab, node)), bridgeName(lab)]) {
    if (names.includes(name)) await runLocal('ip', ['link', 'delete', name], { accept: [0, 1] });
  }
  const rules = await findRules(ruleComment(lab));
  for (const { table, rule } of rules) await runLocal('iptables', ['-w', '-t', table, ...rule]);
  // The rules tell the subnet where the lab's record is lost.
  const subnets = new Set([...subnetsOf(rules), ...(network ? [network.subnet] : [])]);
  for (const subnet of subnets) {
    await endConnections(subnet, progress);
    const route = ['route', 'delete', 'unreachable', subnet, 'metric', fallbackMetric];
    await runLocal('ip', route, { accept: [0, 2] });
  }
}

function subnetsOf(rules: { rule: string[] }[]): string[] {
  return rules.flatMap(({ rule }) => (rule.includes('-s') ? [rule[rule.indexOf('-s') + 1]!] : []));
}

/** Rules with a comment, each as the arguments that delete it. */
async function findRules(comment: string): Promise<{ table: string; rule: string[] }[]> {
  return parseRules((await runLocal('iptables-save', [])).stdout, comment);
}

/** Finds rules with a comment in the output of `iptables-save`. */
export function parseRules(saved: string, comment: string): { table: string; rule: string[] }[] {
  const found: { table: string; rule: string[] }[] = [];
  let table = '';
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const words = line.split(' ').map((word) => word.replace(/^"(.*)"$/, '$1'));
    if (words[0] !== '-A' || words[words.indexOf('--comment') + 1] !== comment) continue;
    found.push({ table, rule: ['-D', ...words.slice(1)] });
  }
  return found;
}

// What still sends: connections that programs of this computer hold or are trying to make.
async function endConnections(subnet: string, progress: Progress): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const { stdout } = await runLocal(
      'ss',
      ['-Htn', 'state', 'connected', 'exclude', 'time-wait', 'dst', subnet],
      { accept: [0, 1, 255] },
    );
    if (stdout.trim() === '') return;
    progress.report('ending the connections that this computer still has to the lab');
    await runLocal('ss', ['-HKtn', 'dst', subnet], { accept: [0, 1, 255] });
    await sleep(100);
  }
}
