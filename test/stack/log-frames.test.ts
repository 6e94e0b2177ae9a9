import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLogReader, type LogLine, parseServiceLogLine } from '../../src/stack/log-frames.ts';

const frame = (stream: 1 | 2, text: string): Buffer => {
  const bytes = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
};

const readInPieces = (bytes: Buffer, size: number, framed: boolean): LogLine[] => {
  const reader = createLogReader(framed);
  const lines: LogLine[] = [];
  for (let at = 0; at < bytes.length; at += size) lines.push(...reader.push(bytes.subarray(at, at + size)));
  return [...lines, ...reader.end()];
};

describe('a log', () => {
  test('in frames gives its lines, streams apart, an unfinished one last', () => {
    const bytes = Buffer.concat([frame(1, 'one\ntw'), frame(2, 'oops\n'), frame(1, 'o\n\nthree')]);
    expect(readInPieces(bytes, bytes.length, true)).toEqual([
      { stream: 'stdout', text: 'one' },
      { stream: 'stderr', text: 'oops' },
      { stream: 'stdout', text: 'two' },
      { stream: 'stdout', text: '' },
      { stream: 'stdout', text: 'three' },
    ]);
  });

  test('of a terminal has no frames', () => {
    expect(readInPieces(Buffer.from('one\r\ntwo'), 100, false)).toEqual([
      { stream: 'stdout', text: 'one' },
      { stream: 'stdout', text: 'two' },
    ]);
  });

  test('reads the same in whatever pieces it comes', () => {
    const frames = fc.array(fc.tuple(fc.constantFrom<1 | 2>(1, 2), fc.string({ maxLength: 12 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 40 }), (parts, size) => {
        const bytes = Buffer.concat(parts.map(([stream, text]) => frame(stream, text)));
        expect(readInPieces(bytes, size, true)).toEqual(readInPieces(bytes, bytes.length + 1, true));
      }),
    );
  });
});

// As engine 20.10 answered it.
const details =
  'com.docker.swarm.node.id=fa54gdc7ekk3trafg7q2flsfx,com.docker.swarm.service.id=lnfx3cvycwvrtacwm059avsk6,com.docker.swarm.task.id=njnpf7lp9lhxp8x46sf1hi0pf';
const line = {
  timestamp: '2026-11-21T02:57:41.622272050Z',
  nodeId: 'fa54gdc7ekk3trafg7q2flsfx',
  taskId: 'njnpf7lp9lhxp8x46sf1hi0pf',
};

test.each<[string, string, object]>([
  ['a line', `${line.timestamp} ${details} hello a=b`, { ...line, text: 'hello a=b' }],
  ['an empty line', `${line.timestamp} ${details} `, { ...line, text: '' }],
  [
    'a line that looks like details',
    `${line.timestamp} ${details} x=y,z=1 end`,
    { ...line, text: 'x=y,z=1 end' },
  ],
  [
    'a line with more details of a logging driver',
    `${line.timestamp} a=b,${details} hello`,
    { ...line, text: 'hello' },
  ],
  ['anything else', 'hello', { timestamp: '', nodeId: '', taskId: '', text: 'hello' }],
])('%s of a service log tells where it is from', (_, text, expected) => {
  expect(parseServiceLogLine({ stream: 'stdout', text })).toEqual({ stream: 'stdout', ...expected });
});
