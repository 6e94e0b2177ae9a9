import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createEngineApi } from '../../src/remote/engine-api.ts';
import { SocketError } from '../../src/remote/remote-errors.ts';

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
  }, 'vm-a');
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
  api = createEngineApi(() => Promise.reject(broken), 'vm-a');
  await expect(api.engine.ping()).rejects.toBe(broken);
});

describe('an engine that hangs', () => {
  const limits = { readMs: 50, changeMs: 100, silenceMs: 60_000 };

  test('accepts and never answers: each call ends by itself, and says which', async () => {
    // what is written is taken, and nothing ever comes back
    const silence = async (): Promise<Duplex> =>
      Duplex.from({ writable: new PassThrough(), readable: new PassThrough() });
    api = createEngineApi(silence, 'vm-a', limits);
    const { engine } = api;
    const [read, change] = await Promise.all([
      engine.listTasks({ filters: '{}' }).catch((thrown: unknown) => thrown),
      engine
        .getService('s')
        .remove()
        .catch((thrown: unknown) => thrown),
    ]);
    expect(read).toBeInstanceOf(SocketError);
    expect(read).toMatchObject({
      failure: 'silent',
      message: 'the engine did not answer GET /tasks within 0.05 s',
      place: { host: 'vm-a' },
      next: expect.stringContaining('systemctl restart docker'),
    });
    expect(change).toMatchObject({ message: 'the engine did not answer DELETE /services/s within 0.1 s' });
  });

  test('one whose stream never opens is given up, too', async () => {
    api = createEngineApi(() => new Promise(() => {}), 'vm-a', limits);
    await expect(api.engine.ping()).rejects.toMatchObject({ failure: 'silent' });
  });

  test('one that stops in the middle of its answer is given up, and not asked over that stream again', async () => {
    let half: ((response: ServerResponse) => void) | undefined = (response) => response.write('[{"Id":');
    const slow = createServer((_request, response) => {
      if (half) half(response);
      else response.end('[]');
      half = undefined;
    });
    const path = join(folder, 'half.sock');
    await new Promise<void>((resolve) => slow.listen(path, resolve));
    try {
      api = createEngineApi(async () => connect(path), 'vm-a', { ...limits, readMs: 300 });
      await expect(api.engine.listImages()).rejects.toMatchObject({ failure: 'silent' });
      expect(await api.engine.listImages()).toEqual([]);
    } finally {
      slow.closeAllConnections();
      slow.close();
    }
  });

  test('one that takes nothing more of an upload, or says nothing more of a download, is given up', async () => {
    const stuck = createServer((request, response) => {
      if (request.url?.startsWith('/images/load')) return request.pause();
      return response.write('begun');
    });
    const path = join(folder, 'stuck.sock');
    await new Promise<void>((resolve) => stuck.listen(path, resolve));
    try {
      api = createEngineApi(async () => connect(path), 'vm-a', { ...limits, silenceMs: 200 });
      const silent = (call: string) => ({
        failure: 'silent',
        message: `the engine did not answer ${call} within 0.2 s`,
      });
      await expect(api.engine.loadImage(new PassThrough())).rejects.toMatchObject(
        silent('POST /images/load'),
      );
      const saved = await api.engine.getImage('i').get();
      await expect(text(saved)).rejects.toMatchObject(silent('GET /images/i/get'));
    } finally {
      stuck.closeAllConnections();
      stuck.close();
    }
  });

  test('one that says a little now and then is not', async () => {
    const slow = createServer((_request, response) => {
      let left = 12;
      const timer = setInterval(() => {
        if (left-- > 0) response.write('.');
        else response.end(() => clearInterval(timer));
      }, 60);
    });
    const path = join(folder, 'slow.sock');
    await new Promise<void>((resolve) => slow.listen(path, resolve));
    try {
      api = createEngineApi(async () => connect(path), 'vm-a', { ...limits, silenceMs: 600 });
      expect(await text(await api.engine.getImage('i').get())).toBe('.'.repeat(12));
    } finally {
      slow.close();
    }
  });
});
