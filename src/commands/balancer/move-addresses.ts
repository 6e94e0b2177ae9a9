/** What `kawanan balancer failover` and `failback` have in common: look, choose, ask where connections would be cut, move. */
import type { Move } from '../../balancer/keepalived/choose-moves.ts';
import {
  canHandOver,
  type HandOver,
  type HandOverTarget,
  moveAddress,
} from '../../balancer/keepalived/hand-over.ts';
import { judgeTaker } from '../../balancer/keepalived/judge-taker.ts';
import { type BalancerStatus, readBalancerStatus } from '../../balancer/status.ts';
import type { CommandContext } from '../../cli.ts';
import { UserError } from '../../errors.ts';
import { readSeconds } from '../../input/read-seconds.ts';
import { formatCount } from '../../output/format.ts';
import { showWork } from '../../output/show-work.ts';
import { loadBalancerModel } from '../../pipeline/load-balancer-model.ts';
import type { MoveOptions } from '../balancer.ts';
import { confirm, printJson } from '../session.ts';
import { withClusterLock } from '../with-lock.ts';
import { tellReceipt, withReceipt } from '../with-receipt.ts';
import { type OpenBalancers, openBalancers } from './find-balancers.ts';

/** Carries out the moves that `choose` picks from how the balancers are. Prints what moved. */
export async function moveAddresses(
  command: 'failover' | 'failback',
  options: MoveOptions,
  context: CommandContext,
  choose: (open: OpenBalancers, status: BalancerStatus) => Move[],
): Promise<void> {
  const waitMs = readSeconds('--wait', options.wait) * 1000;
  await using open = await openBalancers(options, context);
  const { result: moves, receipt } = await withClusterLock(
    { ...open, command: `balancer ${command}`, options },
    context,
    async (lock) => {
      await lock.ensure();
      const status = await readBalancerStatus(open.cluster, open.hosts);
      const chosen = choose(open, status);
      for (const move of chosen) checkTaker(move, status);
      const target = { ...open, progress: { signal: context.signal, report: () => {} } };
      const seamless = await askWhereCut(chosen, target, { options, context });
      const moveAll = async (): Promise<HandOver[]> => {
        const done: HandOver[] = [];
        for (const move of chosen) {
          const title = `moving ${move.address} from ${move.from} to ${move.to}`;
          done.push(
            await showWork(context.terminal, title, context.signal, (progress) =>
              moveAddress(move, { waitMs, seamless }, { ...open, progress }),
            ),
          );
        }
        return done;
      };
      if (chosen.length === 0) return { result: await moveAll() };
      const { cluster } = open;
      const model = () => loadBalancerModel(cluster, context.env);
      return withReceipt({ cluster, model, command: `balancer ${command}`, options }, context, moveAll);
    },
  );
  if (options.json) printJson(context, { moves, ...(receipt && { receipt }) });
  else {
    tellMoves(moves, open, context);
    await tellReceipt(receipt, context);
  }
}

function checkTaker({ from, to, address }: Move, { nodes }: BalancerStatus): void {
  const find = (name: string) => nodes.find((node) => node.name === name)!;
  const problems = judgeTaker(find(to), find(from));
  if (problems.length === 0) return;
  throw new UserError(`${address} stays at ${from}: ${to} isn't ready for it`, {
    details: problems,
    next: 'kawanan doctor says what is wrong with it',
  });
}

/** @returns whether connections can be handed over; asks first where they can't. */
async function askWhereCut(
  moves: Move[],
  target: HandOverTarget,
  { options, context }: { options: MoveOptions; context: CommandContext },
): Promise<boolean> {
  const unable: Move[] = [];
  // one after the other: two moves may have a balancer in common
  for (const move of moves) if (!(await canHandOver(move, target))) unable.push(move);
  if (unable.length === 0) return true;
  const names = [...new Set(unable.map(({ to }) => to))].join(' and ');
  context.terminal.err(
    `${context.terminal.colors.yellow('warning')} ${names}: no nft that can forward packets, so connections that are open now will be cut\n`,
  );
  await confirm('Move nevertheless?', options, context);
  return false;
}

function tellMoves(moves: HandOver[], { cluster }: OpenBalancers, { terminal }: CommandContext): void {
  if (moves.length === 0) terminal.out('nothing to move: every virtual address is where it is wanted\n');
  for (const { address, from, to, cut } of moves) {
    const end =
      cut === 0
        ? ''
        : `; ${formatCount(cut, 'connection')} did not end in time and ${cut === 1 ? 'was' : 'were'} cut`;
    terminal.out(`${address} moved from ${from} to ${to}${end}\n`);
  }
  const delay = cluster.balancer?.failbackAfterSeconds;
  if (moves.length > 0 && delay !== undefined)
    terminal.out(
      `failback is automatic: the preferred balancer takes its address ${delay} s after it is well\n`,
    );
}
