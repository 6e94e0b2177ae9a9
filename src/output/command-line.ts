/** How command lines are read and explained, beyond what commander does. No I/O here. */
import type { Argument, Command, Option } from 'commander';

/** What an option is for, what it may be, and what it is unless told. */
export function describeOption({ description, argChoices, defaultValue, negate }: Option): string {
  const hasDefault = defaultValue !== undefined && typeof defaultValue !== 'boolean' && !negate;
  const notes = [
    ...(argChoices ? [argChoices.join(', ')] : []),
    ...(hasDefault && String(defaultValue) !== '' ? [`${defaultValue} unless told`] : []),
  ];
  return notes.length > 0 ? `${description} (${notes.join('; ')})` : description;
}

/** The same of an argument. */
export function describeArgument({ description, argChoices, defaultValue }: Argument): string {
  const notes = [
    ...(argChoices ? [argChoices.join(', ')] : []),
    ...(defaultValue === undefined ? [] : [`${defaultValue} unless told`]),
  ];
  return notes.length > 0 ? `${description} (${notes.join('; ')})` : description;
}

/**
 * The command line as commander is to read it: of a command that there isn't, commander shows the help of what is
 * above it, and ends well; and it takes one word behind `help`.
 */
export function followHelp(program: Command, argv: string[]): string[] {
  const firstOption = argv.findIndex((word) => word.startsWith('-'));
  const leading = firstOption < 0 ? argv : argv.slice(0, firstOption);
  let asked = argv.includes('--help') || argv.includes('-h');
  let command = program;
  const path: string[] = [];
  for (const word of leading) {
    // From here on they are arguments.
    if (command.commands.length === 0) return asked && !argv.includes('--') ? [...path, '--help'] : argv;
    if (word === 'help') {
      asked = true;
      continue;
    }
    path.push(word);
    const next = command.commands.find((one) => one.name() === word);
    if (!next) return path;
    command = next;
  }
  return asked && path.length > 0 ? [...path, '--help'] : argv;
}

/** Where an option belongs that was taken for another command's; nothing where it is simply unknown. */
export function explainPlace(argv: string[], known: string[]): string {
  const command = argv.find((word) => known.includes(word));
  if (argv[0]!.startsWith('-') && command !== undefined)
    return `(the options of a command stand behind it: kawanan ${command} ${argv[0]} …)\n`;
  return command === 'exec' ? '(what is to run stands behind --: kawanan exec web -- ls -l)\n' : '';
}
