import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type DashboardServer, serveDashboard } from '../../src/dashboard/serve.ts';
import { UserError } from '../../src/errors.ts';
import { exampleState } from './example-state.ts';

let server: DashboardServer;
const act = vi.fn((id: string) => (id === 'sync' ? ('started' as const) : ('unknown' as const)));
beforeEach(async () => {
  act.mockClear();
  server = await serveDashboard({ port: 0, act });
});
afterEach(() => server.close());

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

/** With `until` it reads no further than that: an answer of events never ends. */
function ask(
  path: string,
  options: { method?: string; headers?: object; body?: string; until?: string } = {},
) {
  const { origin } = new URL(server.url);
  const { method = 'GET', headers = {}, body, until } = options;
  return new Promise<Answer>((resolve, reject) => {
    const sent = request(`${origin}${path}`, { method, headers: { ...headers } }, (response) => {
      let text = '';
      const finish = (): void => {
        resolve({ status: response.statusCode!, headers: response.headers, body: text });
        sent.destroy();
      };
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (until !== undefined && text.includes(until)) finish();
      });
      response.on('end', finish);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function enter(): Promise<{ folder: string; cookie: string }> {
  const { headers, status } = await ask(new URL(server.url).pathname + new URL(server.url).search);
  expect(status).toBe(303);
  return { folder: String(headers['location']), cookie: String(headers['set-cookie']).split(';')[0]! };
}

test('listens on loopback only, with a token of 128 bits in the URL', () => {
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{22}$/);
});

test('the page and all that it needs come from here, under a policy that allows nothing else', async () => {
  const { folder, cookie } = await enter();
  const page = await ask(folder, { headers: { cookie } });
  expect(page.status).toBe(200);
  expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
  expect(page.headers['content-security-policy']).not.toMatch(/unsafe|\*|http/);
  expect(page.body).not.toMatch(/<script>|<style|style="| on\w+="|https?:/);
  const files = [...page.body.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, file]) => file!);
  expect(files).toContain('dashboard.js');
  for (const file of files)
    expect((await ask(folder + file, { headers: { cookie } })).status, file).toBe(200);
});

test('no script of the page makes markup or code of text', () => {
  const folder = join(import.meta.dirname, '../../src/dashboard/page');
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'));
  expect(scripts).toContain('dashboard.js');
  for (const name of scripts)
    expect(readFileSync(join(folder, name), 'utf8'), name).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\b|new Function|https?:\/\/(?!www\.w3\.org\/2000\/svg)/,
    );
});

test('nothing but the page is served, and nothing without the cookie', async () => {
  const { folder, cookie } = await enter();
  expect((await ask(folder)).status).toBe(403);
  for (const path of ['serve.ts', '../serve.ts', '..%2fserve.ts', 'page/index.html'])
    expect((await ask(folder + path, { headers: { cookie } })).status, path).toBe(404);
});

test('each browser gets the newest state at once, and those that follow', async () => {
  const { folder, cookie } = await enter();
  server.publish({ ...exampleState, cluster: 'first' });
  const streams = ['second', 'second'].map((until) =>
    ask(`${folder}events`, { headers: { cookie }, until: `"cluster":"${until}"` }),
  );
  const one = await ask(`${folder}events`, { headers: { cookie }, until: '"cluster":"first"' });
  expect(one.headers['content-type']).toBe('text/event-stream');
  server.publish({ ...exampleState, cluster: 'second' });
  for (const { body } of await Promise.all(streams))
    expect(body).toMatch(/"cluster":"first"[\s\S]*"cluster":"second"/);
});

test('a button is heard from the page only', async () => {
  const { folder, cookie } = await enter();
  const { origin } = new URL(server.url);
  const post = (id: unknown, headers: object) =>
    ask(`${folder}actions`, {
      method: 'POST',
      headers: { cookie, origin, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ id }),
    });
  expect((await post('sync', {})).status).toBe(202);
  expect((await post('rm -rf /', {})).status).toBe(404);
  expect((await post('sync', { origin: 'http://evil.example' })).status).toBe(403);
  expect((await post('x'.repeat(5_000), {})).status).toBe(404);
  expect((await post({ not: 'text' }, {})).status).toBe(404);
  expect(act.mock.calls.map(([id]) => id)).toEqual(['sync', 'rm -rf /', '', '']);
});

test('a port that is taken is said to be', async () => {
  const port = Number(new URL(server.url).port);
  const error = await serveDashboard({ port, act }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toBe(
    `the dashboard can't listen on port ${port} of 127.0.0.1: EADDRINUSE`,
  );
});
