import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import type { FileOptions } from './secrets/find-file.ts';
import type { PruneOptions } from './secrets/prune.ts';
import type { RotateOptions } from './secrets/rotate.ts';
import { addApplyOptions, addClusterOptions, addReceiptOptions, type ClusterOptions } from './session.ts';

/** `kawanan secrets`: the secrets file. What each does is loaded only when it is asked for. */
export function buildCommand(context: CommandContext): Command {
  const command = new Command('secrets');
  addValueCommands(command, context);
  addFileCommands(command, context);
  addRecipientCommands(command, context);
  addRotationCommands(command, context);
  return command;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

function addFileOptions(command: Command): Command {
  return command
    .option('-f, --file <cluster.yml>', 'the cluster file that names the secrets file', 'cluster.yml')
    .option('--secrets <secrets.yml>', 'the secrets file itself');
}

function addValueCommands(command: Command, context: CommandContext): void {
  addFileOptions(command.command('set'))
    .description('give a secret a value, typed unseen or from standard input')
    .argument('<name>', 'the secret; the value never stands on a command line')
    // commander's own refusal would repeat them
    .allowExcessArguments(true)
    .action(async (name: string, options: FileOptions, { args }: Command) =>
      (await import('./secrets/set.ts')).setSecret(name, args.length > 1, options, context),
    );
  addFileOptions(command.command('edit'))
    .description('open all values in $EDITOR; the plain text is only ever in memory')
    .action(async (options: FileOptions) =>
      (await import('./secrets/edit.ts')).editSecrets(options, context),
    );
  addFileOptions(command.command('ls'))
    .description('list the secrets: where each comes from and, where a swarm answers, its versions and users')
    .option('--offline', 'ask no swarm')
    .option('--json', 'print the result as JSON')
    .action(async (options: FileOptions & { offline?: boolean; json?: boolean }) =>
      (await import('./secrets/list.ts')).listSecrets(options, context),
    );
  addFileOptions(command.command('show'))
    .description('print the value of a secret')
    .argument('<name>', 'the secret')
    .option('--reveal', 'yes, print it')
    .option('--base64', 'print its bytes as base64')
    .action(async (name: string, options: FileOptions & { reveal?: boolean; base64?: boolean }) =>
      (await import('./secrets/show.ts')).showSecret(name, options, context),
    );
}

function addFileCommands(command: Command, context: CommandContext): void {
  addFileOptions(command.command('init'))
    .description('write a secrets file from secrets.example, with random values made')
    .option('--example <path>', 'another example')
    .option('--recipient <recipient>', 'encrypt the values to this one; again for more', collect, [])
    .action(async (options: FileOptions & { example?: string; recipient: string[] }) =>
      (await import('./secrets/init.ts')).initSecrets(options, context),
    );
  addFileOptions(command.command('encrypt'))
    .description('encrypt every value that stands in plain text')
    .option('--recipient <recipient>', 'to this one, too; again for more', collect, [])
    .option('--force', 'also when you could not decrypt them yourself')
    .action(async (options: FileOptions & { recipient: string[]; force?: boolean }) =>
      (await import('./secrets/encrypt.ts')).encryptSecrets(options, context),
    );
  command
    .command('keygen')
    .description('make an identity: the private key that decrypts')
    .option('-o, --output <path>', 'the file to write, instead of the one where it is looked for')
    .action(async (options: { output?: string }) =>
      (await import('./secrets/keygen.ts')).makeIdentity(options, context),
    );
}

function addRecipientCommands(command: Command, context: CommandContext): void {
  const recipients = command.command('recipients').description('show and change who can decrypt the values');
  const load = () => import('./secrets/recipients.ts');
  addFileOptions(recipients.command('add'))
    .description('let somebody decrypt, and encrypt all values anew')
    .argument('<recipient...>', 'age1… or ssh-ed25519 AAAA…')
    .option('--name <name>', 'whose it is, as a comment behind it')
    .option('--force', 'also when you could not decrypt the values yourself')
    .action(async (words: string[], options: FileOptions & { name?: string; force?: boolean }) =>
      (await load()).addToRecipients(words.join(' '), options, context),
    );
  addFileOptions(recipients.command('remove'))
    .description('take somebody from the list, and encrypt all values anew')
    .argument('<recipient...>', 'the recipient, or the name behind it')
    .option('--force', 'also when you could not decrypt the values any longer')
    .action(async (words: string[], options: FileOptions & { force?: boolean }) =>
      (await load()).removeFromRecipients(words.join(' '), options, context),
    );
  addFileOptions(recipients.command('ls'))
    .description('list who can decrypt')
    .option('--json', 'print the result as JSON')
    .action(async (options: FileOptions & { json?: boolean }) =>
      (await load()).listRecipients(options, context),
    );
}

function addRotationCommands(command: Command, context: CommandContext): void {
  addReceiptOptions(addApplyOptions(command.command('rotate')))
    .description('give secrets new values, and move their services to them')
    .argument('[name...]', 'the secrets')
    .option('--all', 'every secret that x-secrets of the compose file lists')
    .option('--stack <name>', 'of this stack only, where the cluster has several')
    .option('--wait', 'stay until old signing keys are dropped, too')
    .option('--finish', 'go on with what was interrupted, and retire what is due')
    .option('--undo', 'go back to the old values, as far as that is possible')
    .action(async (names: string[], options: RotateOptions) =>
      (await import('./secrets/rotate.ts')).rotateSecrets(names, options, context),
    );
  addClusterOptions(command.command('status'))
    .description('show versions, ages and users of secrets, and rotations under way')
    .action(async (options: ClusterOptions) =>
      (await import('./secrets/status.ts')).showStatus(options, context),
    );
  addApplyOptions(command.command('prune'))
    .description('remove old versions that nothing uses any longer')
    .option('--keep <n>', 'leave so many older versions of each; what the cluster file says unless told')
    .action(async (options: PruneOptions) =>
      (await import('./secrets/prune.ts')).pruneSecrets(options, context),
    );
}
