import type { Readable } from 'node:stream';

/**
 * Reads the engine's answer to a long request (build, load, pull): JSON objects one after the other, of which the
 * text lines are handed on.
 *
 * @throws Error in the engine's words when one of the objects says that it failed; the signal's reason when aborted.
 */
export async function readJsonLines(
  answer: Readable,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const stop = (): void => void answer.destroy(new Error('interrupted'));
  signal.addEventListener('abort', stop, { once: true });
  let rest = '';
  let failure: string | undefined;
  const take = (line: string): void => {
    if (line.trim() === '') return;
    const message = parseMessage(line);
    if (message.error !== undefined) failure = message.error;
    for (const text of message.lines) onLine(text);
  };
  try {
    signal.throwIfAborted();
    const decoder = new TextDecoder();
    for await (const chunk of answer) {
      const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
      rest = lines.pop()!;
      for (const line of lines) take(line);
    }
    take(rest);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (failure !== undefined) throw new Error(failure);
}

function parseMessage(line: string): { lines: string[]; error?: string } {
  let message: {
    stream?: string;
    status?: string;
    id?: string;
    error?: string;
    errorDetail?: { message?: string };
  };
  try {
    message = JSON.parse(line);
  } catch {
    return { lines: [line.trim()] };
  }
  const { stream, status, id, error, errorDetail } = message;
  const text = stream ?? (status === undefined ? '' : [id, status].filter(Boolean).join(': '));
  const failed = errorDetail?.message ?? error;
  return {
    lines: text.split(/[\r\n]+/).filter((one) => one.trim() !== ''),
    ...(failed !== undefined && { error: failed }),
  };
}
