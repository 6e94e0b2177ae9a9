import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import type { ProbeTarget } from '../../../src/drill/probe/options.ts';
import { startProbe } from '../../../src/drill/probe/probe.ts';

const cleanUps: (() => void)[] = [];
afterAll(() => {
  for (const cleanUp of cleanUps) cleanUp();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // The probe closes with a reset.
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

const serveHttp = async (listener: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listen(createServer(listener))}/`;
/** A server that answers or not; `received` resolves when so many requests have come. */
async function serveAndCount(
  count: number,
  answers: boolean,
): Promise<{ url: string; received: Promise<void> }> {
  const { promise: received, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  const url = await serveHttp((_request, response) => {
    if (++seen === count) resolve();
    if (answers) response.end();
  });
  return { url, received };
}

const serveSocket = (onSocket: (socket: Socket) => void): Promise<number> =>
  listen(createSocketServer(onSocket));
// The time limit is for a computer that is busy with other things.
const run = { ratePerSecond: 200, durationMs: 100, warmUpMs: 20, timeoutMs: 30_000 };

// Side by side: each spends its time waiting.
describe.concurrent('a probe', () => {
  test('sends GET and POST in turn and records who answered what', async () => {
    const bodies: string[] = [];
    const connections = { GET: new Set<Socket>(), POST: new Set<Socket>() };
    const url = await serveHttp(async (request, response) => {
      connections[request.method as 'GET' | 'POST'].add(request.socket);
      let body = '';
      for await (const chunk of request) body += chunk;
      bodies.push(`${request.method} ${request.url} ${body}`);
      response.setHeader('X-Server', 'api-1');
      response.statusCode = request.method === 'POST' ? 201 : 200;
      response.end('hello');
    });
    const targets: ProbeTarget[] = [
      { kind: 'http', name: 'read', url: `${url}a?b=c`, serverHeader: 'X-Server' },
      { kind: 'http', name: 'write', url, method: 'POST', body: 'data', connection: 'new' },
    ];
    const { records, warmUp, byTarget, figures } = await startProbe({ targets, ...run }).finished;
    expect([records.length, warmUp, figures.failed]).toEqual([20, { requests: 4, failed: 0 }, 0]);
    expect(records[0]).toMatchObject({
      index: 4,
      target: 'read',
      intendedMs: 0,
      status: 200,
      server: 'api-1',
      bytes: 5,
    });
    expect(records[1]).toMatchObject({ index: 5, target: 'write', intendedMs: 5, status: 201, server: null });
    expect(Object.entries(byTarget).map(([name, { requests }]) => [name, requests])).toEqual([
      ['read', 10],
      ['write', 10],
    ]);
    expect(connections.POST.size).toBe(12);
    expect([...connections.POST].filter((socket) => connections.GET.has(socket))).toEqual([]);
    expect(bodies.toSorted()).toEqual([...Array(12).fill('GET /a?b=c '), ...Array(12).fill('POST / data')]);
  });

  test('tells failures apart', async () => {
    const closed = createSocketServer();
    const refused = await listen(closed);
    closed.close();
    const targets: ProbeTarget[] = [
      {
        kind: 'http',
        name: 'status',
        url: await serveHttp((_request, response) => response.writeHead(503).end()),
      },
      { kind: 'http', name: 'closed', url: await serveHttp((request) => request.socket.destroy()) },
      { kind: 'http', name: 'refused', url: `http://127.0.0.1:${refused}/` },
      { kind: 'tcp', name: 'refused socket', host: '127.0.0.1', port: refused },
      {
        kind: 'mysql',
        name: 'closing socket',
        host: '127.0.0.1',
        port: await serveSocket((socket) => socket.end()),
      },
    ];
    // Far from the time limit, on a busy computer too: only those that say nothing at all run into one.
    const options = { ratePerSecond: 100, durationMs: 70, warmUpMs: 0 };
    const silent: ProbeTarget[] = [
      { kind: 'http', name: 'silent', url: await serveHttp(() => {}) },
      { kind: 'mysql', name: 'silent socket', host: '127.0.0.1', port: await serveSocket(() => {}) },
    ];
    const results = await Promise.all([
      startProbe({ ...options, targets, timeoutMs: 10_000 }).finished,
      startProbe({ ...options, targets: silent, timeoutMs: 100 }).finished,
    ]);
    const failures = results
      .flatMap(({ byTarget }) => Object.entries(byTarget))
      .map(([name, figures]) => [name, Object.keys(figures.failures)]);
    expect(Object.fromEntries(failures)).toEqual({
      status: ['status 503'],
      silent: ['timeout'],
      closed: ['UND_ERR_SOCKET'],
      refused: ['ECONNREFUSED'],
      'refused socket': ['ECONNREFUSED'],
      'silent socket': ['timeout'],
      'closing socket': ['closed before its greeting'],
    });
  });

  test('knows an open port and a MySQL greeting', async () => {
    const packet = Buffer.concat([Buffer.from([8, 0, 0, 0]), Buffer.from('\n8.0.46\0', 'latin1')]);
    const targets: ProbeTarget[] = [
      { kind: 'tcp', name: 'port', host: '127.0.0.1', port: await serveSocket(() => {}) },
      {
        kind: 'mysql',
        name: 'db',
        host: '127.0.0.1',
        port: await serveSocket((socket) => socket.write(packet)),
      },
    ];
    const { figures } = await startProbe({ targets, ...run }).finished;
    expect(figures).toMatchObject({ requests: 20, failed: 0 });
  });

  test('parts its figures at a mark and ends when it is stopped', async () => {
    const { url, received } = await serveAndCount(5, true);
    const probe = startProbe({
      targets: [{ kind: 'http', name: 'GET', url }],
      ratePerSecond: 100,
      durationMs: 60_000,
      warmUpMs: 20,
    });
    await probe.started;
    await received;
    probe.mark('killed');
    const result = await probe.stop();
    expect(result.phases.map(({ name }) => name)).toEqual(['start', 'killed']);
    // Two of the five were the warm-up; the other three were due at 0, 10 and 20 ms.
    expect(result.marks[0]!.atMs).toBeGreaterThan(20);
    expect(result.phases[0]!.figures.requests).toBeGreaterThanOrEqual(3);
    expect(result.interrupted).toBe(false);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  test('gives what it has when the signal aborts', async () => {
    const { url, received } = await serveAndCount(3, false);
    const interrupt = new AbortController();
    const targets: ProbeTarget[] = [{ kind: 'http', name: 'GET', url }];
    const options = { targets, ratePerSecond: 100, durationMs: 60_000, warmUpMs: 0, timeoutMs: 60_000 };
    const probe = startProbe(options, { signal: interrupt.signal });
    await received;
    interrupt.abort();
    const result = await probe.finished;
    expect([result.interrupted, result.records]).toEqual([true, []]);
    expect(result.abandoned).toBeGreaterThanOrEqual(3);
  });

  test('whose signal has aborted before it starts sends nothing that counts', async () => {
    const targets: ProbeTarget[] = [{ kind: 'tcp', name: 'port', host: '127.0.0.1', port: 9 }];
    const probe = startProbe({ targets, ...run, warmUpMs: 10_000 }, { signal: AbortSignal.abort() });
    await probe.started;
    expect(await probe.finished).toMatchObject({ interrupted: true, records: [], figures: { requests: 0 } });
  });
});
