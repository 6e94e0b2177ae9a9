import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createEngineApi } from '../../src/remote/engine-api.ts';

const folder = mkdtempSync(join(tmpdir(), 'kawanan-engine-'));
const socket = join(folder, 'docker.sock');
let server: Server;
let streams = 0;
let api: ReturnType<typeof createEngineApi>;

/** As much of an engine as shows how requests travel. */
beforeAll(async () => {
  server = createServer(async (request, response) => {
    if (request.url === '/_ping') return response.end('OK');
    if (request.url?.startsWith('/images/load'))
      return response.end(JSON.stringify({ received: (await text(request)).length }));
    response.statusCode = 404;
    response.end(JSON.stringify({ message: `no ${request.url} here` }));
  });
  server.on('upgrade', (_request: IncomingMessage, stream) => {
    stream.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
    stream.pipe(stream);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => api.close());

function openApi(): typeof api {
  streams = 0;
  api = createEngineApi(async () => {
    streams++;
    return connect(socket);
  });
  return api;
}

test('requests one after the other use one stream, whatever DOCKER_HOST says', async () => {
  process.env['DOCKER_HOST'] = 'nonsense';
  try {
    const { engine } = openApi();
    for (let time = 0; time < 5; time++) expect(String(await engine.ping())).toBe('OK');
    expect(streams).toBe(1);
    expect(process.env['DOCKER_HOST']).toBe('nonsense');
  } finally {
    delete process.env['DOCKER_HOST'];
  }
});

test('an upload streams in, and what the engine says comes back', async () => {
  const { engine } = openApi();
  const archive = new PassThrough();
  const answer = engine.loadImage(archive);
  archive.write('x'.repeat(100_000));
  archive.end('end');
  expect(JSON.parse(await text(await answer))).toEqual({ received: 100_003 });
});

test('a hijacked stream goes both ways', async () => {
  const { engine } = openApi();
  const stream = await engine
    .getContainer('a')
    .attach({ stream: true, hijack: true, stdin: true, stdout: true });
  stream.end('there and back');
  expect(await text(stream)).toBe('there and back');
});

test("an engine's refusal and a socket that does not open are errors of the request", async () => {
  await expect(openApi().engine.getContainer('nope').inspect()).rejects.toThrow(
    'no /containers/nope/json here',
  );
  const broken = new Error('no socket');
  api.close();
  api = createEngineApi(() => Promise.reject(broken));
  await expect(api.engine.ping()).rejects.toBe(broken);
});
