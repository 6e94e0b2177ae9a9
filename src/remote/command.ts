/** A program to run on a host, as a value: testable without one, quoted in one place. */
export interface Command {
  program: string;
  args?: string[];
  /** What messages call it where its words say little, as those of a script on standard input do. */
  title?: string;
  /** Fed to the program's standard input; the only way a secret may travel to a command. */
  stdin?: string | Uint8Array;
  /** Killed after this long; 60,000 unless told. */
  timeoutMs?: number;
  /** Run as root; through `sudo -n` where the SSH user isn't root. */
  asRoot?: boolean;
  /** Exit codes that are answers rather than failures; `[0]` unless told. */
  accept?: number[];
  /** Non-secret variables of the program's environment. */
  env?: Record<string, string>;
}

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

const plainWord = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One word as a POSIX shell reads it back, whatever is in it. Throws on a NUL byte, which no argument can hold. */
export function quoteWord(word: string): string {
  if (word.includes('\0')) throw new Error('an argument holds a NUL byte');
  return plainWord.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The line a POSIX shell runs for a command: the one place where anything is quoted for a shell. */
export function renderCommandLine(command: Command, user: string): string {
  const env = Object.entries(command.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const words = [...(env.length > 0 ? ['env', ...env] : []), command.program, ...(command.args ?? [])];
  const sudo = command.asRoot && user !== 'root' ? ['sudo', '-n', '--'] : [];
  return [...sudo, ...words].map(quoteWord).join(' ');
}
