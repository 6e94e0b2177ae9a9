/** Reads logs of services and tasks from a manager, which asks the nodes that have them. */
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { neutralise } from '../output/terminal.ts';
import { createLogReader, type LogLine } from './log-frames.ts';

export interface LogOptions {
  /** Lines from the end of each task's log. */
  tail?: number;
  /** Seconds since 1970. */
  since?: number;
  follow?: boolean;
  timestamps?: boolean;
  /** Tell node and task of every line. */
  details?: boolean;
  signal?: AbortSignal;
}

/** Lines of a service's or a task's log as they come; ends with the log, or when the signal aborts. */
export async function* readLog(
  engine: Docker,
  target: { type: 'services' | 'tasks'; id: string; tty: boolean },
  options: LogOptions,
): AsyncGenerator<LogLine> {
  const stream = await openLog(engine, target, options);
  const stop = (): void => void stream.destroy();
  options.signal?.addEventListener('abort', stop, { once: true });
  const reader = createLogReader(!target.tty);
  try {
    for await (const chunk of stream) yield* reader.push(chunk as Buffer);
    yield* reader.end();
  } catch (error) {
    if (!options.signal?.aborted) throw error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stream.destroy();
  }
}

const tailTimeoutMs = 5000;

/**
 * The last lines of one task's log, made harmless for a terminal. Empty when its node doesn't hand them out in time:
 * they only illustrate a failure, and must not become another.
 */
export async function readTaskTail(
  engine: Docker,
  taskId: string,
  tty: boolean,
  count: number,
): Promise<string[]> {
  const timeout = AbortSignal.timeout(tailTimeoutMs);
  const lines: string[] = [];
  try {
    const target = { type: 'tasks' as const, id: taskId, tty };
    for await (const { text } of readLog(engine, target, { tail: count, signal: timeout })) lines.push(text);
  } catch {
    return lines.slice(-count).map(neutralise);
  }
  return lines.slice(-count).map(neutralise);
}

async function openLog(
  engine: Docker,
  target: { type: 'services' | 'tasks'; id: string },
  options: LogOptions,
): Promise<Readable> {
  const query = {
    stdout: true,
    stderr: true,
    tail: options.tail === undefined ? 'all' : String(options.tail),
    ...(options.follow && { follow: true }),
    ...(options.timestamps && { timestamps: true }),
    ...(options.details && { details: true }),
    ...(options.since !== undefined && { since: Math.floor(options.since) }),
  };
  // dockerode answers a log that isn't followed as one parsed value; a log of "1" would come back as a number.
  return new Promise((resolve, reject) => {
    engine.modem.dial(
      {
        // The modem puts its options behind the question mark; a query written here would lose its last letter.
        path: `/${target.type}/${encodeURIComponent(target.id)}/logs?`,
        options: query,
        method: 'GET',
        isStream: true,
        statusCodes: {
          200: true,
          404: 'no such service or task',
          500: 'server error',
          501: 'not implemented',
        },
        ...(options.signal && { abortSignal: options.signal }),
      } as never,
      (error: unknown, stream: unknown) => (error ? reject(error) : resolve(stream as Readable)),
    );
  });
}
