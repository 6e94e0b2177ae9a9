import type { RotationResult, RotationTarget } from '../../balancer/rotation.ts';
import type { CommandContext } from '../../cli.ts';
import { showWork } from '../../output/show-work.ts';
import { loadBalancerModel } from '../../pipeline/load-balancer-model.ts';
import { type ApplyOptions, printJson } from '../session.ts';
import { withClusterLock } from '../with-lock.ts';
import { tellReceipt, withReceipt } from '../with-receipt.ts';
import type { OpenBalancers } from './find-balancers.ts';
import { tellRotation } from './tell-rotation.ts';

/** One of the two ways in which servers are turned: out of the rotation, or back into it. */
interface Turn {
  command: 'drain' | 'ready';
  /** A server's name, or a node's. */
  name: string;
  turn: (target: RotationTarget) => Promise<RotationResult>;
}

/** Turns servers on every balancer, under the cluster's lock and with a receipt, and tells what came of it. */
export async function turnServers(
  { command, name, turn }: Turn,
  open: OpenBalancers,
  options: ApplyOptions,
  context: CommandContext,
): Promise<RotationResult> {
  const { cluster } = open;
  const whole = `balancer ${command} ${name}`;
  const { result, receipt } = await withClusterLock(
    { ...open, command: whole, options },
    context,
    async (lock) => {
      await lock.ensure();
      const model = () => loadBalancerModel(cluster, context.env);
      return withReceipt({ cluster, model, command: whole, options }, context, () =>
        showWork(context.terminal, `${command}ing ${name}`, context.signal, (progress) =>
          turn({ ...open, progress }),
        ),
      );
    },
  );
  if (options.json) printJson(context, { ...result, ...(receipt && { receipt }) });
  else {
    tellRotation(name, command === 'drain' ? 'drained' : 'ready', result, context);
    await tellReceipt(receipt, context);
  }
  return result;
}
