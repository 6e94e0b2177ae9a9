/** How the Engine API packs the output of containers. Pure. */

export interface LogLine {
  stream: 'stdout' | 'stderr';
  text: string;
}

/** Takes a log's bytes as they come, in any pieces; returns the lines that have become whole. */
export interface LogReader {
  push(bytes: Uint8Array): LogLine[];
  /** The last lines, which had no line end. */
  end(): LogLine[];
}

/**
 * Reads a log. Without a terminal, output comes in frames: stream number, three zeros, length (big endian), bytes;
 * with one, as it is. Source: Engine API, `ContainerAttach`, "Stream format".
 */
export function createLogReader(framed: boolean): LogReader {
  let pending: Buffer = Buffer.alloc(0);
  const unfinished = { stdout: Buffer.alloc(0) as Buffer, stderr: Buffer.alloc(0) as Buffer };

  const addText = (stream: LogLine['stream'], bytes: Buffer): LogLine[] => {
    const whole = Buffer.concat([unfinished[stream], bytes]);
    const end = whole.lastIndexOf(0x0a);
    unfinished[stream] = whole.subarray(end + 1);
    if (end < 0) return [];
    const lines = whole.subarray(0, end).toString('utf8').split('\n');
    return lines.map((text) => ({ stream, text: text.replace(/\r$/, '') }));
  };

  return {
    push: (bytes) => {
      if (!framed) return addText('stdout', Buffer.from(bytes));
      pending = Buffer.concat([pending, bytes]);
      const lines: LogLine[] = [];
      while (pending.length >= 8) {
        const length = pending.readUInt32BE(4);
        if (pending.length < 8 + length) break;
        lines.push(...addText(pending[0] === 2 ? 'stderr' : 'stdout', pending.subarray(8, 8 + length)));
        pending = pending.subarray(8 + length);
      }
      return lines;
    },
    end: () =>
      (['stdout', 'stderr'] as const).flatMap((stream) =>
        unfinished[stream].length > 0 ? [{ stream, text: unfinished[stream].toString('utf8') }] : [],
      ),
  };
}

export interface ServiceLogLine extends LogLine {
  /** As the engine wrote it; empty when there is none. */
  timestamp: string;
  nodeId: string;
  taskId: string;
}

const detailed =
  /^(\d{4}-\d\d-\d\dT\S+) ((?:[^\s=,]+=[^\s,]*,)*[^\s=,]*com\.docker\.swarm\.[^\s=,]+=[^\s,]*(?:,[^\s,]*)*) ?(.*)$/s;

/** A line of a service's log that was asked for with `timestamps` and `details`. */
export function parseServiceLogLine({ stream, text }: LogLine): ServiceLogLine {
  const match = detailed.exec(text);
  if (!match) return { stream, text, timestamp: '', nodeId: '', taskId: '' };
  const [, timestamp = '', details = '', message = ''] = match;
  const read = (name: string): string =>
    details
      .split(',')
      .find((pair) => pair.startsWith(`com.docker.swarm.${name}=`))
      ?.split('=')[1] ?? '';
  return { stream, text: message, timestamp, nodeId: read('node.id'), taskId: read('task.id') };
}
