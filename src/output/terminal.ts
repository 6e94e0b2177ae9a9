import pico from 'picocolors';
import { InterruptedError } from '../errors.ts';

/** Where a command prints, and what it may know of its surroundings; a test hands in its own. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Standard error is a terminal: progress may move, colours and questions are welcome. */
  interactive: boolean;
  colors: ReturnType<typeof pico.createColors>;
  /** Asks for a line; only where `interactive`. Throws `InterruptedError` for Ctrl-C and Ctrl-D. */
  ask(question: string): Promise<string>;
  /** The same without showing what is typed. */
  askHidden(question: string): Promise<string>;
  /** All of standard input, which is no terminal; absent where there is none to read. */
  readInput?(): Promise<Buffer>;
}

/** The process's own standard streams. Honours NO_COLOR and FORCE_COLOR. */
export function createTerminal(): Terminal {
  const interactive = Boolean(process.stdin.isTTY && process.stderr.isTTY);
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive,
    colors: pico,
    ask: (question) => askLine(question, false),
    askHidden: (question) => askLine(question, true),
    ...(!process.stdin.isTTY && { readInput: readStandardInput }),
  };
}

async function readStandardInput(): Promise<Buffer> {
  const { buffer } = await import('node:stream/consumers');
  return buffer(process.stdin);
}

async function askLine(question: string, hidden: boolean): Promise<string> {
  const [{ createInterface }, { Writable }] = await Promise.all([
    import('node:readline/promises'),
    import('node:stream'),
  ]);
  // readline echoes what is typed to its output: one that swallows everything hides it
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  // Ctrl-C and Ctrl-D close it; not every Node.js tells the question so.
  const { promise: left, reject } = Promise.withResolvers<never>();
  left.catch(() => {});
  const leave = (): void => reject(new InterruptedError('interrupted: the question was not answered'));
  lines.once('close', leave);
  if (hidden) process.stderr.write(question);
  let answered = false;
  try {
    const answer = await Promise.race([left, lines.question(hidden ? '' : question)]);
    answered = true;
    return answer;
  } catch (error) {
    throw error instanceof Error && error.name === 'AbortError' ? await left : error;
  } finally {
    lines.removeListener('close', leave);
    lines.close();
    // Enter was echoed nowhere, or there was none.
    if (hidden || !answered) process.stderr.write('\n');
  }
}

/** Text of a remote machine with its control characters made visible, so that it can't drive the user's terminal. */
export function neutralise(text: string): string {
  return text.replace(
    /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
