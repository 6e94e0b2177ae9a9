import pico from 'picocolors';

/** Where a command prints, and what it may know of its surroundings; a test hands in its own. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Standard error is a terminal: progress may move, colours and questions are welcome. */
  interactive: boolean;
  colors: ReturnType<typeof pico.createColors>;
  /** Asks for a line; only where `interactive`. */
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
    ask: (question) => askLine(question, process.stderr),
    askHidden: async (question) => {
      const { Writable } = await import('node:stream');
      process.stderr.write(question);
      // readline echoes what is typed to its output: one that swallows everything hides it
      const answer = await askLine('', new Writable({ write: (_chunk, _encoding, done) => done() }));
      process.stderr.write('\n');
      return answer;
    },
    ...(!process.stdin.isTTY && { readInput: readStandardInput }),
  };
}

async function readStandardInput(): Promise<Buffer> {
  const { buffer } = await import('node:stream/consumers');
  return buffer(process.stdin);
}

async function askLine(question: string, output: NodeJS.WritableStream): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

/** Text of a remote machine with its control characters made visible, so that it can't drive the user's terminal. */
export function neutralise(text: string): string {
  return text.replace(
    /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
