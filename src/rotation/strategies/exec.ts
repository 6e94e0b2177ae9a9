/** `exec`: three programs of the user's own, run in a task of a service; values on standard input as JSON. */
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { commonKeys, durationSchema, generateKeys } from '../common-schema.ts';
import { makeRecipe } from '../make-recipe.ts';
import type { Strategy, StrategyContext } from '../strategy.ts';

const program = z
  .array(z.string(), 'a program and its arguments are wanted, as a list')
  .min(1, 'a program is wanted');

export const execSchema = z.strictObject({
  strategy: z.literal('exec'),
  service: z.string().describe('the service in a task of which the programs run'),
  prepare: program.describe('makes the new value valid beside the old one'),
  verify: program.optional().describe('proves that the new value works'),
  retire: program.optional().describe('makes the old value invalid'),
  undo: program
    .optional()
    .describe('makes the new value invalid again; retire with the values exchanged unless told'),
  user: z.string().optional().describe('who runs them, as the image knows users'),
  timeout: durationSchema.optional().describe('how long each may take; 60s unless told'),
  ...commonKeys,
  ...generateKeys,
});

type ExecInput = z.output<typeof execSchema>;
type Step = 'prepare' | 'verify' | 'retire' | 'undo';

const defaultTimeoutSeconds = 60;

export function createExecStrategy(secret: string, input: ExecInput): Strategy {
  const step = (name: Step, command: string[] | undefined) =>
    command && {
      [name]: (context: StrategyContext) => runStep(secret, name, command, input, context),
    };
  const undo = input.undo ?? input.retire;
  return {
    name: 'exec',
    secrets: [secret],
    leaves: input.leave ?? [],
    needsOld: true,
    words: {
      prepare: describe('prepare', input.prepare, input.service),
      ...(input.verify && { verify: describe('verify', input.verify, input.service) }),
      ...(input.retire && { retire: describe('retire', input.retire, input.service) }),
    },
    recipeOf: () => makeRecipe(input.generate),
    ...step('prepare', input.prepare),
    ...step('verify', input.verify),
    ...step('retire', input.retire),
    ...step('undo', undo),
  };
}

/** Arguments may be long; the program is what one knows it by. */
function describe(step: Step, [program]: string[], service: string): string {
  return `${program} (${step}) runs in a task of ${service}`;
}

/** `{"secret": …, "old": …, "new": …}`; `old` is null where it can't be known. `undo` without a program of its own is `retire` the other way round. */
function writeInput(secret: string, exchanged: boolean, { old, next }: StrategyContext): string {
  const text = (value: { reveal(): Buffer } | undefined): string | null =>
    value === undefined ? null : value.reveal().toString('utf8');
  const [before, after] = [text(old.get(secret)), text(next.get(secret))];
  return `${JSON.stringify({ secret, old: exchanged ? after : before, new: exchanged ? before : after })}\n`;
}

async function runStep(
  secret: string,
  step: Step,
  command: string[],
  input: ExecInput,
  context: StrategyContext,
): Promise<void> {
  const exchanged = step === 'undo' && input.undo === undefined;
  const { exitCode, task } = await context.runInTask({
    service: input.service,
    command,
    stdin: writeInput(secret, exchanged, context),
    ...(input.user !== undefined && { user: input.user }),
    timeoutMs: (input.timeout ?? defaultTimeoutSeconds) * 1000,
  });
  if (exitCode === 0) return;
  throw new UserError(`${secret}: ${command[0]} (${step}) ended with exit code ${exitCode} in ${task}`, {
    details: ['what it printed is not shown, for it may repeat a value'],
    next: `let the program write what went wrong where you can read it, e.g. to its container's log: echo … > /proc/1/fd/2`,
  });
}
