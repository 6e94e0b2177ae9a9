/** What the network says about who has a virtual address, held against what the balancers say. No I/O here. */
import type { Holding } from './holders.ts';

export interface NetworkView {
  /** The machine that asked. */
  node: string;
  /** By virtual address: the MAC addresses that answered, and the one that the machine believed in before. */
  answers: Record<string, { macs: string[]; cached?: string }>;
  /** MAC addresses of the balancers by name; empty for one that can't be reached. */
  macs: Record<string, string[]>;
}

/** What is wrong, in words; `undefined` when the network and the balancers agree. */
export function judgeNetworkView({ address, holders }: Holding, view: NetworkView): string | undefined {
  const answer = view.answers[address];
  if (!answer) return undefined;
  const known = Object.values(view.macs).every((macs) => macs.length > 0);
  const nameOf = (mac: string): string | undefined =>
    Object.entries(view.macs).find(([, macs]) => macs.includes(mac))?.[0];
  const foreign = answer.macs.filter((mac) => nameOf(mac) === undefined);
  const seenFrom = `as ${view.node} sees it`;
  // a balancer that we can't ask may be the one that answers
  if (foreign.length > 0 && known)
    return `a machine that is no balancer (MAC ${foreign.join(', ')}) answers for ${address}, ${seenFrom}: it has the same address`;
  if (holders.length !== 1) return undefined;
  const [holder] = holders as [string];
  if (answer.macs.length === 0)
    return `${holder} holds ${address}, but nobody answers for it, ${seenFrom}: is ${holder} cut off from that network?`;
  const wrong = answer.macs.map(nameOf).filter((name) => name !== undefined && name !== holder);
  if (wrong.length > 0)
    return `${wrong.join(' and ')} answers for ${address}, ${seenFrom}, but ${holder} holds it`;
  const believed = answer.cached === undefined ? undefined : nameOf(answer.cached);
  if (answer.cached !== undefined && believed !== holder && known)
    return `${view.node} looked for ${address} at ${believed ?? 'a machine that is no balancer'} (MAC ${answer.cached}), but ${holder} holds it: its ARP entry was stale`;
  return undefined;
}
