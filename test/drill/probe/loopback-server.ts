import { fork } from 'node:child_process';

/** How the server of another process behaves. */
export interface ServerOptions {
  /** It freezes once in so many requests, each time for so long. */
  stall?: { every: number; ms: number };
}

/** A web server on loopback, in a process of its own, as a load generator must meet it. */
export interface LoopbackServer extends AsyncDisposable {
  url: string;
}

/**
 * Starts the server. Each answer says in `x-served` when the request was read and when it was answered, in milliseconds
 * of the monotonic clock, with a comma between.
 */
export async function startLoopbackServer(options: ServerOptions = {}): Promise<LoopbackServer> {
  const child = fork(new URL('./loopback-server-process.ts', import.meta.url), [JSON.stringify(options)], {
    execArgv: [],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(message as number));
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await exited;
    },
  };
}
