/** Serves the page and its states to browsers of this computer. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { type Access, judgeRequest, securityHeaders } from './access.ts';
import type { DashboardState } from './state.ts';

export interface DashboardServer {
  /** With the token. */
  url: string;
  /** Sends a state to all who look. */
  publish(state: DashboardState): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

export interface ServeOptions {
  /** 0: any that is free. */
  port: number;
  /** Called for a button; what it returns is the answer's status. */
  act: (id: string) => 'started' | 'busy' | 'unknown';
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const mostBrowsers = 32;
const mostBodyBytes = 1_000;
const actStatus = { started: 202, busy: 409, unknown: 404 } as const;

/** Listens on loopback. @throws UserError when the port is taken. */
export async function serveDashboard({ port, act }: ServeOptions): Promise<DashboardServer> {
  const files = await readPage();
  const access: Access = {
    token: randomBytes(16).toString('base64url'),
    session: randomBytes(16).toString('base64url'),
    folder: randomBytes(6).toString('hex'),
    port,
  };
  const lookers = new Set<ServerResponse>();
  let latest = '';

  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/', headers } = request;
    const verdict = judgeRequest({ method, url, headers }, access);
    if (verdict.kind === 'refused') return say(response, verdict.status, verdict.reason);
    if (verdict.kind === 'enter') {
      response.writeHead(303, {
        ...securityHeaders,
        Location: verdict.location,
        'Set-Cookie': verdict.cookie,
      });
      response.end();
      return;
    }
    if (method === 'POST') {
      if (verdict.path !== 'actions') return say(response, 404, 'there is nothing here');
      const outcome = act(await readId(request));
      return say(response, actStatus[outcome], outcome);
    }
    if (verdict.path === 'events') return stream(response);
    const file = files.get(verdict.path === '' ? 'index.html' : verdict.path);
    if (!file) return say(response, 404, 'there is nothing here');
    response.writeHead(200, { ...securityHeaders, 'Content-Type': file.type });
    response.end(file.content);
  }

  function stream(response: ServerResponse): void {
    if (lookers.size >= mostBrowsers) {
      say(response, 503, 'too many browsers look already');
      return;
    }
    response.writeHead(200, { ...securityHeaders, 'Content-Type': 'text/event-stream' });
    lookers.add(response);
    response.on('close', () => lookers.delete(response));
    // Who couldn't take the last states gets the newest.
    response.on('drain', () => response.write(latest));
    response.write(`retry: 1000\n\n${latest}`);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new UserError(
          `the dashboard can't listen on port ${port} of 127.0.0.1: ${cause.code ?? cause.message}`,
          {
            next: 'choose another --port, or none: a free one is taken then',
            cause,
          },
        ),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  access.port = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${access.port}/?token=${access.token}`,
    publish: (state) => {
      // Each state is whole, so a slow browser simply misses some: nothing piles up for it.
      latest = `data: ${JSON.stringify(state)}\n\n`;
      for (const looker of lookers) if (!looker.writableNeedDrain) looker.write(latest);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...securityHeaders, 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

/** The ID in `{"id": "…"}`; empty where there is none. */
async function readId(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBodyBytes) return '';
    chunks.push(chunk);
  }
  try {
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { id?: unknown } | null;
    return typeof body?.id === 'string' ? body.id : '';
  } catch {
    return '';
  }
}

/** All files of the page, read once: a request never names a path of this computer. */
async function readPage(): Promise<Map<string, { type: string; content: Buffer }>> {
  const folder = join(import.meta.dirname, 'page');
  const names = (await readdir(folder)).filter((name) => types[extname(name)] !== undefined);
  const files = await Promise.all(
    names.map(async (name) => {
      const content = await readFile(join(folder, name));
      return [name, { type: types[extname(name)]!, content }] as const;
    }),
  );
  return new Map(files);
}
