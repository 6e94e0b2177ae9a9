import { createServer, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { CommandContext } from '../../cli.ts';
import { InputError, UserError } from '../../errors.ts';
import { monitoringUser } from '../../monitoring/render-exporter.ts';
import { neutralise } from '../../output/terminal.ts';
import { execInContainer } from '../../stack/exec-in-container.ts';
import type { ClusterOptions } from '../session.ts';
import { type OpenMonitoring, openMonitoring } from './open-monitoring.ts';

/** What can be opened: the service and its port, as Prometheus' container reaches it, and whose name it asks for. */
export const openable = {
  prometheus: { port: 9090, user: monitoringUser },
  alertmanager: { port: 9093, user: monitoringUser },
  grafana: { port: 3000, user: 'admin' },
} as const;

export interface OpenOptions extends ClusterOptions {
  port?: string;
}

/** Leads a port of this computer to a page of the monitoring, until Ctrl-C. Nothing is published on the machines for it. */
export async function openPage(what: string, options: OpenOptions, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const page = Object.entries(openable).find(([name]) => name === what)?.[1];
  if (!page)
    throw new InputError({
      message: `there is no ${JSON.stringify(what)} to open`,
      next: `one of ${Object.keys(openable).join(', ')}`,
    });
  const wanted = readPort(options.port ?? String(page.port));
  await using monitoring = await openMonitoring(options, context);
  if (!monitoring.services.includes(what))
    throw new UserError(`${what} is no part of the monitoring of this cluster`, {
      next: what === 'grafana' ? '`kawanan monitor up --grafana` adds it' : '`kawanan monitor up` adds it',
    });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    relay(socket, what, page.port, monitoring, signal).catch((error: Error) => {
      terminal.err(`${neutralise(error.message)}\n`);
      socket.destroy();
    });
  });
  const port = await listen(server, wanted);
  terminal.out(
    `http://127.0.0.1:${port}/ leads to ${what} (user ${page.user}, password: kawanan monitor password); Ctrl-C ends it\n`,
  );
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  server.close();
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port < 65536) return port;
  throw new InputError({
    message: `--port ${JSON.stringify(text)} is no port`,
    next: 'write e.g. --port 9090, or 0 for any that is free',
  });
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new UserError(`port ${port} of this computer can't be listened on: ${cause.message}`, {
          next: 'choose another one: --port 0 takes any that is free',
          cause,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

/** One connection: a program in Prometheus' container makes the other half of it. */
async function relay(
  socket: Socket,
  service: string,
  port: number,
  monitoring: OpenMonitoring,
  signal: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  socket.on('close', () => gone.abort());
  socket.on('error', () => gone.abort());
  const { engine, containerId } = await monitoring.findPrometheus();
  const words: Buffer[] = [];
  const stderr = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      words.push(chunk);
      done();
    },
  });
  const host = service === 'prometheus' ? '127.0.0.1' : service;
  const exitCode = await execInContainer(
    engine,
    containerId,
    ['relay', host, String(port)],
    { stdin: socket, stdout: socket, stderr },
    { signal: AbortSignal.any([signal, gone.signal]) },
  );
  socket.end();
  if (exitCode !== 0 && !gone.signal.aborted) throw new Error(Buffer.concat(words).toString().trim());
}
