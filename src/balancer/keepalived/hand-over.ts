/** Moves a virtual address from a balancer that is well to another: nothing is cut that ends in time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { balancers, type Cluster } from '../../cluster/cluster.ts';
import { InterruptedError, UserError } from '../../errors.ts';
import type { Progress } from '../../plan/layer.ts';
import type { Host, Hosts } from '../../remote/host.ts';
import { CommandError, isAway } from '../../remote/remote-errors.ts';
import { observeBalancer } from '../observe.ts';
import { reloadEngine } from '../reload-engine.ts';
import { waitUntil } from '../wait.ts';
import type { Move } from './choose-moves.ts';
import { handOverScript, handOverScriptPath, stillThereExitCode } from './hand-over-steps.ts';
import { readHolders } from './read-holders.ts';
import { yieldPathOf } from './render-keepalived.ts';

export interface HandOverTarget {
  cluster: Cluster;
  hosts: Hosts;
  progress: Progress;
}

export interface HandOver extends Move {
  /** Connections that hadn't ended when the time was up, and were cut. */
  cut: number;
}

/** What is set up on the machines ends by itself this much later than we would end it. */
const marginSeconds = 15;
const pollMs = 250;
/** keepalived tells the network again after a second who has the address; until then somebody may still come to the giver. */
const announcedMs = 2_000;
/** Until keepalived has given the address up or taken it; missed advertisements alone take a third of a second. */
const moveTimeoutMs = 3_000;

interface Party {
  host: Host;
  device: string;
}

/**
 * Whether the taker can send on to the giver what belongs to the giver's connections: it needs nft with `fwd`. Sets it
 * up as a trial and takes it away again; `false` means that a move would cut connections.
 */
export async function canHandOver(move: Move, target: HandOverTarget): Promise<boolean> {
  const [giver, taker] = await openParties(move, target);
  try {
    await receive(move, { giver, taker, seconds: marginSeconds });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  } finally {
    await runStep(taker.host, ['end-receive', move.address]);
  }
}

/**
 * Moves one address. Connections through the giver have `waitMs` to end, while new ones already go to the taker; what
 * is left is cut then. With `seamless: false` all of them are cut at once.
 *
 * @throws UserError when the taker doesn't take it: the giver, or whoever is there, then holds it on.
 */
export async function moveAddress(
  move: Move,
  { waitMs, seamless }: { waitMs: number; seamless: boolean },
  target: HandOverTarget,
): Promise<HandOver> {
  const { cluster, progress } = target;
  const [giver, taker] = await openParties(move, target);
  const seconds = Math.ceil(waitMs / 1000) + marginSeconds;
  const { address } = move;
  const aside = await standAside(move, target);
  try {
    if (seamless) {
      await receive(move, { giver, taker, seconds });
      await runStep(giver.host, ['keep', address, giver.device, String(seconds)]);
    }
    if (progress.signal.aborted) throw interrupted();
    progress.report(`${address} goes from ${move.from} to ${move.to}`);
    await yieldAddress(move, giver);
    await confirmTaken(move, target);
    if (!seamless) return { ...move, cut: 0 };
    await reloadEngine(giver.host, cluster.balancer?.engine ?? 'haproxy');
    return { ...move, cut: await waitForEnd(move, { giver, waitMs, progress }) };
  } finally {
    // each of them also ends by itself, where we can't any more
    const ends = [
      () => (seamless ? runStep(taker.host, ['end-receive', address]) : undefined),
      () => (seamless ? runStep(giver.host, ['end-keep', address, giver.device]) : undefined),
      ...aside.map((host) => () => runStep(host, ['end-aside', yieldPathOf(address)])),
    ];
    for (const end of ends) await tolerate(end);
  }
}

async function openParties({ from, to }: Move, { cluster, hosts }: HandOverTarget): Promise<[Party, Party]> {
  const open = async (name: string): Promise<Party> => {
    const node = balancers(cluster).find((one) => one.name === name)!;
    const host = await hosts.connect(name);
    await host.writeFile(handOverScriptPath, handOverScript, { mode: 0o755 });
    const { interfaceName } = await observeBalancer(node, host);
    if (interfaceName === undefined)
      throw new UserError(`no interface carries ${node.address}`, { place: { host: name } });
    return { host, device: interfaceName };
  };
  return Promise.all([open(from), open(to)]);
}

function runStep(
  host: Host,
  args: string[],
  accept: number[] = [0],
): Promise<{ exitCode: number; stdout: string }> {
  return host.run({
    program: 'sh',
    args: [handOverScriptPath, ...args],
    title: `hand-over of a virtual address, ${args[0]}`,
    asRoot: true,
    timeoutMs: 20_000,
    accept,
  });
}

async function receive(
  { address }: Move,
  { giver, taker, seconds }: { giver: Party; taker: Party; seconds: number },
): Promise<void> {
  const args = [address, taker.device, giver.host.address, String(seconds)];
  await runStep(taker.host, ['receive', ...args]);
}

/** Those that are neither giver nor taker don't contend meanwhile. One that is away doesn't anyway. */
async function standAside({ address, from, to }: Move, { cluster, hosts }: HandOverTarget): Promise<Host[]> {
  const others = balancers(cluster).filter(({ name }) => name !== from && name !== to);
  const hostsAside: Host[] = [];
  for (const { name } of others) {
    try {
      const host = await hosts.connect(name);
      await host.writeFile(handOverScriptPath, handOverScript, { mode: 0o755 });
      await runStep(host, ['stand-aside', yieldPathOf(address), String(marginSeconds)]);
      hostsAside.push(host);
    } catch (error) {
      if (!isAway(error)) throw error;
    }
  }
  return hostsAside;
}

async function yieldAddress({ address, from }: Move, { host, device }: Party): Promise<void> {
  const { exitCode } = await runStep(
    host,
    ['yield', address, device, yieldPathOf(address)],
    [0, stillThereExitCode],
  );
  if (exitCode === 0) return;
  throw new UserError(`keepalived on ${from} doesn't give ${address} up`, {
    place: { host: from },
    next: 'kawanan doctor says how it is; journalctl -u keepalived on the host says why',
  });
}

async function confirmTaken({ address, to }: Move, { cluster, hosts }: HandOverTarget): Promise<void> {
  let holders: string[] = [];
  const taken = await waitUntil(
    async () => {
      const holdings = await readHolders(cluster, hosts);
      holders = holdings.find((one) => one.address === address)?.holders ?? [];
      return holders.length === 1 && holders[0] === to;
    },
    // half a move is no place to stop
    { timeoutMs: moveTimeoutMs, intervalMs: 50, signal: new AbortController().signal },
  );
  if (taken) return;
  const now = holders.length === 0 ? 'nobody holds it' : `it is at ${holders.join(' and ')}`;
  throw new UserError(`${to} did not take ${address}: ${now}`, {
    place: { host: to },
    next: 'kawanan doctor says how the balancers are; journalctl -u keepalived on the host says why',
  });
}

/** @returns how many connections are left when the time is up. */
async function waitForEnd(
  { address, from }: Move,
  { giver, waitMs, progress }: { giver: Party; waitMs: number; progress: Progress },
): Promise<number> {
  const startedAt = performance.now();
  let told = -1;
  for (;;) {
    const left = Number((await runStep(giver.host, ['count', address])).stdout.trim());
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs >= Math.max(waitMs, announcedMs) || (left === 0 && elapsedMs >= announcedMs)) return left;
    if (left !== told && left > 0)
      progress.report(
        `waiting for ${left} ${left === 1 ? 'connection' : 'connections'} through ${from} to end`,
      );
    told = left;
    if (progress.signal.aborted) throw interrupted();
    await sleep(pollMs);
  }
}

function interrupted(): InterruptedError {
  return new InterruptedError('interrupted', {
    next: 'kawanan balancer show tells who holds the virtual address; run the same command again to go on',
  });
}

/** A machine that fails now ends its part by itself. */
async function tolerate(work: () => Promise<unknown> | undefined): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}
