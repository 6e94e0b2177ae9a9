/** Runs a command in a container of one node, its streams joined with ours. */
import type { Duplex, Readable, Writable } from 'node:stream';
import type Docker from 'dockerode';
import { UserError } from '../errors.ts';
import { readEngineMessage } from '../remote/engine-call.ts';

export interface ExecStreams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  /** Columns and rows of the user's terminal; absent where there is none, and then stdout and stderr stay apart. */
  terminal?: { size: () => { columns: number; rows: number }; onResize: (listen: () => void) => void };
}

export interface ExecOptions {
  user?: string;
  workingDir?: string;
  signal: AbortSignal;
}

/** @returns the command's exit code. @throws UserError in the engine's words when it can't be started. */
export async function execInContainer(
  engine: Docker,
  containerId: string,
  command: string[],
  streams: ExecStreams,
  options: ExecOptions,
): Promise<number> {
  const { terminal } = streams;
  const tty = terminal !== undefined;
  const exec = await refuse(() =>
    engine.getContainer(containerId).exec({
      Cmd: command,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: tty,
      ...(options.user !== undefined && { User: options.user }),
      ...(options.workingDir !== undefined && { WorkingDir: options.workingDir }),
    }),
  );
  const stream: Duplex = await refuse(() => exec.start({ hijack: true, stdin: true, Tty: tty }));
  const stop = (): void => void stream.destroy();
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    if (terminal) {
      const resize = (): void => {
        const { columns, rows } = terminal.size();
        if (columns > 0 && rows > 0) exec.resize({ w: columns, h: rows }).catch(() => {});
      };
      resize();
      terminal.onResize(resize);
    }
    const ended = new Promise<void>((resolve) => {
      stream.once('end', resolve);
      stream.once('close', resolve);
      // What the engine has to say stands in the exec's own state.
      stream.once('error', () => resolve());
    });
    if (tty) stream.pipe(streams.stdout, { end: false });
    else engine.modem.demuxStream(stream, streams.stdout, streams.stderr);
    streams.stdin.pipe(stream);
    await ended;
    streams.stdin.unpipe(stream);
    // Nothing more is wanted of it, and an open one would keep the process alive.
    streams.stdin.pause();
    return await readExitCode(exec);
  } finally {
    options.signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

/** The streams may end a moment before the engine knows how the command ended. */
async function readExitCode(exec: Docker.Exec): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const { Running, ExitCode } = await refuse(() => exec.inspect());
    if (!Running || attempt >= 20) return ExitCode ?? 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function refuse<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw new UserError(`the engine refused to run the command: ${readEngineMessage(error)}`, {
      cause: error,
    });
  }
}
