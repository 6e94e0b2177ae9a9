import { CombinedError, formatPlace, InputError, type Place, type Problem, UserError } from '../errors.ts';
import { neutralise, type Terminal } from './terminal.ts';

/** Prints any error the way every command does: what, where, why, what next. The only place where errors are printed. */
export function printError(error: unknown, terminal: Terminal): void {
  for (const line of formatError(error, terminal.colors)) terminal.err(`${line}\n`);
}

type Colors = Terminal['colors'];

/** The lines of an error; a `UserError` without its stack, a defect of ours with it. */
export function formatError(error: unknown, colors: Colors): string[] {
  if (error instanceof CombinedError) {
    const parts = error.errors.flatMap((one) => ['', ...formatError(one, colors)]);
    return [
      `${colors.red('error')} ${neutralise(error.message)}`,
      ...error.details.map((line) => `  ${neutralise(line)}`),
      ...parts,
      ...formatNext(error.next, colors),
    ];
  }
  if (error instanceof InputError && error.problems.length > 0) {
    const lines = error.problems.flatMap((problem) => formatProblem(problem, colors));
    const count = error.problems.length > 1 ? [`${error.problems.length} problems; nothing was changed`] : [];
    return [
      ...lines,
      ...error.details.map((line) => `  ${neutralise(line)}`),
      ...formatNext(error.next, colors),
      ...count,
    ];
  }
  if (error instanceof UserError) {
    const place = showPlace(error.place);
    return [
      `${colors.red('error')} ${place ? `${place}: ` : ''}${neutralise(error.message)}`,
      ...error.details.map((line) => `  ${neutralise(line)}`),
      ...formatNext(error.next, colors),
    ];
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    `${colors.red('defect')} this is a mistake in kawanan, please report it`,
    ...neutralise(stack).split('\n'),
  ];
}

function formatProblem(problem: Problem, colors: Colors): string[] {
  const place = showPlace(problem);
  return [
    `${colors.red('error')} ${place ? `${place}: ` : ''}${neutralise(problem.message)}${problem.code === undefined ? '' : ` [${problem.code}]`}`,
    ...formatNext(problem.next, colors),
  ];
}

/** A name in a file may hold anything, line breaks too: it is shown, not obeyed. */
function showPlace(place: Place): string {
  return neutralise(formatPlace(place)).replaceAll('\n', '\\n');
}

function formatNext(next: string | undefined, colors: Colors): string[] {
  return next === undefined ? [] : [`  ${colors.cyan('next')} ${neutralise(next)}`];
}

/** The same error as plain data, for `--json`. */
export function errorToJson(error: unknown): Record<string, unknown> {
  if (error instanceof CombinedError)
    return { message: error.message, details: error.details, errors: error.errors.map(errorToJson) };
  if (error instanceof InputError)
    return { message: error.message, problems: error.problems, next: error.next };
  if (error instanceof UserError) {
    return { message: error.message, place: error.place, details: error.details, next: error.next };
  }
  return { message: error instanceof Error ? error.message : String(error), defect: true };
}
