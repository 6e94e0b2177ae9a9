import type { CommandContext } from '../../cli.ts';
import { UserError } from '../../errors.ts';
import type { ClusterOptions } from '../session.ts';
import { openMonitoring } from './open-monitoring.ts';

/** Prints the password of the monitoring, which is read in the container that has it. */
export async function showPassword(options: ClusterOptions, context: CommandContext): Promise<void> {
  await using monitoring = await openMonitoring(options, context);
  const password = await monitoring.readPassword();
  if (!password)
    throw new UserError("the password can't be read: no task that has it runs", {
      next: '`kawanan monitor status` and `kawanan monitor up` tell what is missing',
    });
  context.terminal.out(`${password.reveal().toString('utf8')}\n`);
}
