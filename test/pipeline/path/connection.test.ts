import { createServer, type Server, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { connectFromHere } from '../../../src/pipeline/path/connect-from-here.ts';
import { parseEndings } from '../../../src/pipeline/path/connect-from-host.ts';
import { type Ending, judgeAnswer, type Target } from '../../../src/pipeline/path/connection.ts';

const tcp: Target = { address: '127.0.0.1', port: 1, ask: { kind: 'tcp' } };
const mysql: Target = { ...tcp, ask: { kind: 'mysql' } };
const http: Target = { ...tcp, ask: { kind: 'http', method: 'GET', path: '/healthz' } };
const taken = (text: string): Ending => ({ kind: 'taken', firstBytes: Buffer.from(text, 'latin1') });

test.each([
  [
    'a connection is all a TCP check wants',
    tcp,
    taken(''),
    { kind: 'answered', detail: 'takes connections' },
  ],
  ['a greeting of MySQL', mysql, taken('\x4a\0\0\0\x0a8.4'), { kind: 'answered', detail: 'greets as MySQL' }],
  [
    'a refusal of MySQL',
    mysql,
    taken('\x4a\0\0\0\xffno'),
    { kind: 'wrong', detail: 'refuses with an error of MySQL or speaks another protocol' },
  ],
  ['HTTP 204', http, taken('HTTP/1.1 204 No Content\r\n'), { kind: 'answered', detail: 'HTTP 204' }],
  ['HTTP 404', http, taken('HTTP/1.0 404 Not Found\r\n'), { kind: 'wrong', detail: 'HTTP 404' }],
  ['another protocol', http, taken('SSH-2.0-x\r\n'), { kind: 'wrong', detail: 'answers, but not in HTTP' }],
  ['nothing at all', http, taken(''), { kind: 'wrong', detail: 'closes the connection without an answer' }],
  ['a refused connection', http, { kind: 'refused' } as Ending, { kind: 'refused' }],
])('judges %s', (_name, target, ending, expected) => {
  expect(judgeAnswer(target, ending)).toEqual(expected);
});

test('reads the lines that the program on a host prints, in any order, and no others', () => {
  expect(
    parseEndings('1 refused\n0 taken 485454502f\nnoise\n3 unreachable No route to host\n2 timeout\n'),
  ).toEqual(
    new Map<number, Ending>([
      [1, { kind: 'refused' }],
      [0, { kind: 'taken', firstBytes: Buffer.from('HTTP/') }],
      [3, { kind: 'unreachable', detail: 'No route to host' }],
      [2, { kind: 'timeout' }],
    ]),
  );
});

async function listen(onConnection: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port };
}

test('tells from here an answer, a failing application and a closed port apart', async () => {
  const { server, port } = await listen((socket) => {
    socket.once('data', (bytes) =>
      socket.end(`HTTP/1.1 ${String(bytes).startsWith('GET /healthz') ? 200 : 500} X\r\n\r\n`),
    );
  });
  const ask = { kind: 'http', method: 'GET', path: '/healthz' } as const;
  expect(await connectFromHere({ address: '127.0.0.1', port, ask })).toEqual({
    kind: 'answered',
    detail: 'HTTP 200',
  });
  expect(await connectFromHere({ address: '127.0.0.1', port, ask: { ...ask, path: '/' } })).toEqual({
    kind: 'wrong',
    detail: 'HTTP 500',
  });
  await new Promise((resolve) => server.close(resolve));
  expect(await connectFromHere({ address: '127.0.0.1', port, ask })).toEqual({ kind: 'refused' });
});
