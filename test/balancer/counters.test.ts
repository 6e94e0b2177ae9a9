import { expect, test } from 'vitest';
import { parseHaproxyCounters, parseNginxCounters } from '../../src/balancer/counters.ts';

const columns =
  '# pxname,svname,scur,stot,econ,eresp,status,check_status,check_code,hrsp_5xx,req_tot,addr,mode,rtime,';

test("HAProxy's statistics become what frontends and servers have counted", () => {
  const csv = [
    columns,
    'web,FRONTEND,3,40,,,OPEN,,,2,1317,,http,,',
    'web.api,w1-api,1,700,1,2,UP,L7OK,200,0,,10.0.0.4:8000,http,5,',
    'web.api,w2-api,0,617,4,0,DOWN,* L4CON,,0,,10.0.0.5:8000,http,,',
    'web.api,w3-api,0,0,0,0,DRAIN,L7OK,200,0,,10.0.0.6:8000,http,0,',
    'web.api,w4-api,0,0,0,0,MAINT,,,0,,10.0.0.7:8000,http,0,',
    'web.api,w5-api,0,0,0,0,UP 1/2,L7STS,500,0,,10.0.0.8:8000,http,0,',
    'web.api,BACKEND,1,1317,5,2,UP,,,2,,,http,5,',
    'sql,FRONTEND,2,9,,,OPEN,,,,,,tcp,,',
    'sql.mysql,w1-mysql,2,9,3,1,no check,,,,,10.0.0.4:3306,tcp,0,',
    'sql.mysql,BACKEND,2,9,3,1,UP,,,,,,tcp,0,',
    'kawanan,FRONTEND,1,1573,,,OPEN,,,9,1573,,http,,',
    'kawanan.no-route,BACKEND,0,0,0,0,UP,,,0,,,http,0,',
    '',
  ].join('\n');
  const server = (backend: string, name: string, address: string, more: object): object => ({
    backend,
    name,
    address,
    sessions: 0,
    requests: 0,
    errors: 0,
    responseMs: 0,
    ...more,
  });
  expect(parseHaproxyCounters(csv)).toEqual({
    total: { sessions: 5, requests: 1326, errors: 6 },
    frontends: [
      { name: 'web', sessions: 3, requests: 1317, errors: 2 },
      { name: 'sql', sessions: 2, requests: 9, errors: 4 },
    ],
    servers: [
      server('web.api', 'w1-api', '10.0.0.4:8000', {
        state: 'up',
        says: 'UP (L7OK/200)',
        sessions: 1,
        requests: 700,
        errors: 3,
        responseMs: 5,
      }),
      server('web.api', 'w2-api', '10.0.0.5:8000', {
        state: 'down',
        says: 'DOWN (L4CON)',
        requests: 617,
        errors: 4,
      }),
      server('web.api', 'w3-api', '10.0.0.6:8000', { state: 'drain', says: 'DRAIN (L7OK/200)' }),
      server('web.api', 'w4-api', '10.0.0.7:8000', { state: 'maint', says: 'MAINT' }),
      server('web.api', 'w5-api', '10.0.0.8:8000', { state: 'up', says: 'UP 1/2 (L7STS/500)' }),
      server('sql.mysql', 'w1-mysql', '10.0.0.4:3306', {
        state: 'up',
        says: 'no check',
        sessions: 2,
        requests: 9,
        errors: 4,
      }),
    ],
  });
});

test('a server whose reads have a section of their own is counted as one, down where one of the two is', () => {
  const csv = [
    columns,
    'web.api,w1-api,1,700,1,2,UP,L7OK,200,0,,10.0.0.4:8000,http,5,',
    'web.api:reads,w1-api,2,50,3,0,DOWN,L4CON,,0,,10.0.0.4:8000,http,9,',
  ].join('\n');
  expect(parseHaproxyCounters(csv).servers).toEqual([
    {
      backend: 'web.api',
      name: 'w1-api',
      address: '10.0.0.4:8000',
      state: 'down',
      says: 'DOWN (L4CON)',
      sessions: 3,
      requests: 750,
      errors: 6,
      responseMs: 9,
    },
  ]);
});

test("NGINX's page tells of requests and open connections, and of no errors", () => {
  const page = [
    'HTTP/1.1 200 OK',
    'Server: nginx',
    'Content-Length: 100',
    '',
    'Active connections: 3 ',
    'server accepts handled requests',
    ' 241 241 1309 ',
    'Reading: 0 Writing: 1 Waiting: 2 ',
    '',
  ].join('\r\n');
  expect(parseNginxCounters(page)).toEqual({
    total: { sessions: 3, requests: 1309 },
    frontends: [],
    servers: [],
  });
});

test('no answer counts as nothing', () => {
  const nothing = { frontends: [], servers: [] };
  expect(parseHaproxyCounters('')).toEqual({ total: { sessions: 0, requests: 0, errors: 0 }, ...nothing });
  expect(parseNginxCounters('')).toEqual({ total: { sessions: 0, requests: 0 }, ...nothing });
});
