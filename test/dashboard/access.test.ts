import { expect, test } from 'vitest';
import { cookieName, judgeRequest } from '../../src/dashboard/access.ts';

const access = { token: 'right-token', session: 'right-session', folder: 'abc', port: 4711 };
const host = '127.0.0.1:4711';
const cookie = `other=1; ${cookieName}=right-session`;
const json = { 'content-type': 'application/json', origin: `http://${host}` };

const ask = (method: string, url: string, headers: Record<string, string> = {}) =>
  judgeRequest({ method, url, headers: { host, ...headers } }, access);

test('the token leads to the page, with a cookie that no script and no other site can use', () => {
  expect(ask('GET', '/?token=right-token')).toEqual({
    kind: 'enter',
    location: '/abc/',
    cookie: `${cookieName}=right-session; Path=/abc/; HttpOnly; SameSite=Strict`,
  });
  expect(ask('GET', '/?token=right-token', { host: 'localhost:4711' }).kind).toBe('enter');
});

test('the cookie opens what lies in the folder', () => {
  expect(ask('GET', '/abc/', { cookie })).toEqual({ kind: 'allowed', path: '' });
  expect(ask('GET', '/abc/events?x=1', { cookie })).toEqual({ kind: 'allowed', path: 'events' });
  expect(ask('POST', '/abc/actions', { cookie, ...json })).toEqual({ kind: 'allowed', path: 'actions' });
});

test.each<[string, number, string, string, Record<string, string>]>([
  ['no token', 403, 'GET', '/', {}],
  ['another token', 403, 'GET', '/?token=wrong', {}],
  ['an empty token', 403, 'GET', '/?token=', {}],
  ['the token of a POST', 405, 'POST', '/?token=right-token', json],
  ['a name that was made to resolve to this computer', 421, 'GET', '/abc/', { host: 'evil.example', cookie }],
  ['that name with our port', 421, 'GET', '/?token=right-token', { host: 'evil.example:4711' }],
  ['another port', 421, 'GET', '/abc/', { host: '127.0.0.1:80', cookie }],
  ['no cookie', 403, 'GET', '/abc/', {}],
  ['another cookie', 403, 'GET', '/abc/events', { cookie: `${cookieName}=wrong` }],
  ['a cookie of a similar name', 403, 'GET', '/abc/', { cookie: `x${cookieName}=right-session` }],
  ['the token in place of the cookie', 403, 'GET', '/abc/?token=right-token', {}],
  [
    'a POST from another site',
    403,
    'POST',
    '/abc/actions',
    { cookie, ...json, origin: 'http://evil.example' },
  ],
  [
    'a POST from another server of this computer',
    403,
    'POST',
    '/abc/actions',
    { cookie, ...json, origin: 'http://127.0.0.1:80' },
  ],
  [
    'a POST that hides where it is from',
    403,
    'POST',
    '/abc/actions',
    { cookie, 'content-type': 'application/json' },
  ],
  ['a form', 403, 'POST', '/abc/actions', { cookie, ...json, 'content-type': 'text/plain' }],
  ['another method', 405, 'PUT', '/abc/actions', { cookie, ...json }],
  ['outside the folder', 404, 'GET', '/other', { cookie }],
  ['a way out of the folder', 404, 'GET', '/abc/../etc/passwd', { cookie }],
])('%s is refused', (_, status, method, url, headers) => {
  expect(ask(method, url, headers)).toMatchObject({ kind: 'refused', status });
});

test('a request without a host is refused', () => {
  expect(judgeRequest({ method: 'GET', url: '/?token=right-token', headers: {} }, access)).toMatchObject({
    status: 421,
  });
});
