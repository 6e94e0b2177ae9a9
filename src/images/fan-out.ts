/** One stream read once and written to several receivers side by side, at the pace of the slowest. */
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';

export interface Receiver {
  name: string;
  /** Reads the stream to its end and settles when what was read has arrived for good. */
  accept(stream: Readable): Promise<void>;
}

/**
 * Feeds all receivers from one source. One that fails is left behind; the others go on.
 *
 * @returns the error of each receiver that failed, by name.
 * @throws the source's own error; receivers then see their stream destroyed.
 */
export async function fanOut(
  source: Readable,
  receivers: Receiver[],
  signal: AbortSignal,
): Promise<Map<string, unknown>> {
  const failures = new Map<string, unknown>();
  const lanes = receivers.map((receiver) => {
    const stream = new PassThrough({ highWaterMark: 1024 * 1024 });
    // a receiver that is done or gone destroys its stream; that is no news here
    stream.on('error', () => {});
    const lane = { stream, open: true, settled: Promise.resolve() };
    lane.settled = receiver
      .accept(stream)
      .catch((error: unknown) => void failures.set(receiver.name, error))
      .finally(() => {
        lane.open = false;
        stream.destroy();
      });
    return lane;
  });
  const stop = (): void => void source.destroy(new Error('interrupted'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    for await (const chunk of source) {
      const full = lanes.filter((lane) => lane.open && !lane.stream.write(chunk));
      await Promise.all(full.map((lane) => Promise.race([lane.settled, drained(lane.stream)])));
      if (lanes.every((lane) => !lane.open)) break;
    }
    for (const lane of lanes) if (lane.open) lane.stream.end();
  } catch (error) {
    for (const lane of lanes) lane.stream.destroy(error as Error);
    await Promise.all(lanes.map((lane) => lane.settled));
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  await Promise.all(lanes.map((lane) => lane.settled));
  return failures;
}

async function drained(stream: PassThrough): Promise<void> {
  if (stream.writableNeedDrain && !stream.destroyed) await once(stream, 'drain').catch(() => {});
}
