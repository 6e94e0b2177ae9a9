import { createServer, type Server } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tryTargets } from '../../../src/drill/probe/try-targets.ts';

let server: Server;
let port: number;
let closedPort: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/silent') return;
    response.writeHead(request.url === '/absent' ? 404 : 200).end('x');
  });
  port = await new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  const other = createSocketServer();
  closedPort = await new Promise((resolve) =>
    other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)),
  );
  await new Promise((resolve) => other.close(resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('one request to each tells what it answers', async () => {
  const base = `http://127.0.0.1:${port}`;
  const answers = await tryTargets(
    [
      { kind: 'http', name: 'well', url: `${base}/` },
      { kind: 'http', name: 'absent', url: `${base}/absent` },
      { kind: 'tcp', name: 'line', host: '127.0.0.1', port },
      { kind: 'tcp', name: 'closed', host: '127.0.0.1', port: closedPort },
    ],
    10_000,
  );
  expect(answers.map(({ failure }) => failure)).toEqual([null, 'status 404', null, 'ECONNREFUSED']);
});

test('who keeps silent has failed', async () => {
  const url = `http://127.0.0.1:${port}/silent`;
  const [answer] = await tryTargets([{ kind: 'http', name: 'silent', url }], 20);
  expect(answer).toEqual({ failure: 'timeout', status: null, server: null, bytes: 0 });
});

test('nothing asked, nothing answered', async () => {
  expect(await tryTargets([], 1)).toEqual([]);
});
