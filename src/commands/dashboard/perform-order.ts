/** Does what a button of the dashboard is for: the same code, lock and checks as the command that one would type. */
import pico from 'picocolors';
import type { CommandContext } from '../../cli.ts';
import type { ActionOrder } from '../../dashboard/offer-actions.ts';
import { exitCodes, UserError } from '../../errors.ts';
import { printError } from '../../output/print-error.ts';
import type { Terminal } from '../../output/terminal.ts';
import type { ApplyOptions } from '../session.ts';

/** Another run is waited for, but not as long as a person at a terminal would. */
const lockWaitSeconds = 30;
/** How long connections may take to end after a planned move. */
const waitSeconds = '20';

/** @returns whether it succeeded; what it prints is told line by line. */
export async function performOrder(
  order: ActionOrder,
  { file }: { file: string },
  { context, tell }: { context: CommandContext; tell: (line: string) => void },
): Promise<boolean> {
  const terminal = createTellingTerminal(tell);
  let exitCode: number = exitCodes.done;
  const { interrupts: _, ...rest } = context;
  const quiet: CommandContext = {
    ...rest,
    terminal,
    setExitCode: (code) => {
      exitCode = code;
    },
  };
  try {
    await run(order, { file, lockWait: lockWaitSeconds }, quiet);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    printError(error, terminal);
    return false;
  }
  return exitCode === exitCodes.done;
}

async function run(order: ActionOrder, options: ApplyOptions, context: CommandContext): Promise<void> {
  switch (order.kind) {
    // Without --yes: where connections would be cut, it asks, nobody answers, and nothing is changed.
    case 'failover': {
      const { failOver } = await import('../balancer/failover.ts');
      return failOver({ ...options, wait: waitSeconds, to: order.to }, context);
    }
    case 'failback': {
      const { failBack } = await import('../balancer/failback.ts');
      return failBack({ ...options, wait: waitSeconds }, context);
    }
    case 'sync': {
      const { syncBalancers } = await import('../balancer/sync.ts');
      return syncBalancers({ ...options, yes: true }, context);
    }
    case 'node ready': {
      const { ready } = await import('../node/ready.ts');
      return ready(order.node, options, context);
    }
    case 'balancer ready': {
      const { ready } = await import('../balancer/ready.ts');
      return ready(order.server, options, context);
    }
  }
}

/** Nobody can be asked through it. */
function createTellingTerminal(tell: (line: string) => void): Terminal {
  const print = (text: string): void => {
    for (const line of text.split('\n')) if (line.trim() !== '') tell(line);
  };
  const ask = (): Promise<string> =>
    Promise.reject(new UserError('nothing was changed: nobody can be asked here'));
  return {
    out: print,
    err: print,
    interactive: false,
    colors: pico.createColors(false),
    ask,
    askHidden: ask,
  };
}
