import { expect, test } from 'vitest';
import { parseBalancer } from '../../src/balancer/definition.ts';
import { markBlueGreen } from '../../src/balancer/mark-blue-green.ts';
import { InputError } from '../../src/errors.ts';
import { buildService, buildStack, fullSection, services } from './examples.ts';

function problemsOf(section: string, all = services): unknown[] {
  try {
    parseBalancer(buildStack(section, all));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.problems.map(({ line, path, message, next }) => [line, path, message, next]);
  }
  return [];
}

test('reads routes, lists of services, checks and defaults', () => {
  const { frontends } = parseBalancer(buildStack(fullSection));
  const shown = frontends.map(({ routes, ...rest }) => ({
    ...rest,
    routes: routes.map(({ ports, ...route }) => ({
      ...route,
      ports: ports.map((port) => `${port.service}:${port.published}`),
    })),
  }));
  expect(shown).toEqual([
    {
      name: 'web',
      listen: 80,
      mode: 'http',
      balance: 'leastconn',
      timeouts: { client: '60s', server: '30s', queue: '10s', connect: '300ms' },
      weights: {},
      backups: [],
      maxconn: 64,
      routes: [
        { path: '/api', check: { kind: 'http', method: 'GET', path: '/healthz' }, ports: ['fastapi:8000'] },
        { path: '/x', host: 'admin.example.org', check: { kind: 'tcp' }, ports: ['flask:5000'] },
        { check: { kind: 'http', method: 'HEAD', path: '/healthz' }, ports: ['flask:5000'] },
      ],
    },
    {
      name: 'mysql',
      listen: 3306,
      mode: 'tcp',
      balance: 'leastconn',
      timeouts: { client: '8h', server: '8h', queue: '10s', connect: '300ms' },
      weights: {},
      backups: [],
      routes: [{ check: { kind: 'mysql' }, ports: ['mysql:3306'] }],
    },
    {
      name: 's3',
      listen: 9000,
      mode: 'http',
      balance: 'source',
      timeouts: { client: '60s', server: '60s', queue: '10s', connect: '300ms' },
      weights: {},
      backups: [],
      routes: [
        {
          check: { kind: 'http', method: 'GET', path: '/minio/health/live' },
          // the container port is the same for both, the published ones differ
          ports: ['minio1:9001', 'minio2:9002'],
        },
      ],
    },
  ]);
});

test('a published port is preferred to a container port of the same number', () => {
  const app = buildService('app', [
    [8080, 80],
    [80, 8080],
  ]);
  const { frontends } = parseBalancer(buildStack('web: {listen: 80, service: app, port: 80}', [app]));
  expect(frontends[0]?.routes[0]?.ports[0]).toMatchObject({ published: 80, target: 8080 });
});

test.each<[string, string, unknown[]]>([
  [
    'an unknown key',
    'web:\n  listen: 80\n  service: flask\n  ballance: leastconn',
    [[4, 'x-balancer.web.ballance', 'unknown key "ballance"', 'did you mean "balance"?']],
  ],
  [
    'an unknown key of a route',
    'web:\n  listen: 80\n  routes:\n    - {service: flask, pth: /}',
    [[4, 'x-balancer.web.routes[0].pth', 'unknown key "pth"', 'did you mean "path"?']],
  ],
  [
    'a service that is not in the stack',
    'web: {listen: 80, service: flsk}',
    [[1, 'x-balancer.web.service', 'there is no service "flsk" in the stack', 'did you mean "flask"?']],
  ],
  [
    'a service that is named twice',
    'web: {listen: 80, service: [flask, flask]}',
    [[1, 'x-balancer.web.service', 'a service is named twice', undefined]],
  ],
  [
    'a port that is not published',
    'web:\n  listen: 80\n  service: flask\n  port: 5001',
    [
      [
        4,
        'x-balancer.web.port',
        'the service "flask" doesn\'t publish port 5001',
        '"flask" publishes 5000 (host)',
      ],
    ],
  ],
  [
    'neither service nor routes',
    'web: {listen: 80}',
    [
      [
        1,
        'x-balancer.web',
        'says neither which service answers nor which routes there are',
        'add "service:" or "routes:"',
      ],
    ],
  ],
  [
    'both service and routes',
    'web: {listen: 80, service: flask, routes: [{service: flask}]}',
    [
      [
        1,
        'x-balancer.web',
        'has routes and a service of its own',
        'move service, port, check and update into a last route without a path',
      ],
    ],
  ],
  [
    'two frontends on one port, and the port of the statistics',
    'web: {listen: 80, service: flask}\nmore: {listen: 80, service: flask}\npage: {listen: 8404, service: flask}',
    [
      [2, 'x-balancer.more.listen', 'port 80 is listened on by "web" already', 'choose another port'],
      [
        3,
        'x-balancer.page.listen',
        "port 8404 is the balancers' own, for statistics and metrics",
        'choose another port',
      ],
    ],
  ],
  [
    'a path in a tcp frontend',
    'db: {listen: 3306, mode: tcp, routes: [{path: /a, service: mysql}]}',
    [
      [
        1,
        'x-balancer.db.routes[0]',
        'a tcp frontend sees neither paths nor host names',
        'use mode http, or one service without routes',
      ],
    ],
  ],
  [
    'a route behind one that takes all of it',
    'web:\n  listen: 80\n  routes:\n    - {path: /api, service: flask}\n    - {path: /api/v2, service: fastapi}',
    [
      [
        5,
        'x-balancer.web.routes[1]',
        'this route is never reached: route 1 takes all of it',
        'put it before that one',
      ],
    ],
  ],
  [
    'a port that does not exist and a check in no known form',
    'web: {listen: 70000, service: flask, check: POST /x}',
    [
      [1, 'x-balancer.web.listen', 'a port is a number from 1 to 65535', undefined],
      [
        1,
        'x-balancer.web.check',
        'a check is "tcp", "mysql", or a method and a path: "GET /healthz"',
        undefined,
      ],
    ],
  ],
])('refuses %s', (_name, section, expected) => {
  expect(problemsOf(section)).toEqual(expected);
});

test('asks which port is meant when a service publishes several, and tells when it publishes none', () => {
  const all = [
    buildService('two', [
      [80, 80],
      [8443, 443],
    ]),
    buildService('none', [{ TargetPort: 80, PublishMode: 'ingress' }]),
  ];
  expect(problemsOf('a: {listen: 80, service: two}\nb: {listen: 81, service: none}', all)).toEqual([
    [
      1,
      'x-balancer.a.service',
      '"two" publishes 80 (host), 8443 (host, container port 443): which of them is meant?',
      'add "port: 80"',
    ],
    [
      2,
      'x-balancer.b.service',
      'the service "none" publishes no TCP port at a fixed number, so no balancer can reach it',
      'publish it: ports: [{target: 80, published: 8080, mode: host}]',
    ],
  ]);
});

test('/api does not take /apiary', () => {
  const section =
    'web: {listen: 80, routes: [{path: /api, service: flask}, {path: /apiary, service: fastapi}]}';
  expect(problemsOf(section)).toEqual([]);
});

test('without a section each published port is a TCP frontend of its number, and what cannot be balanced is said', () => {
  const all = [
    buildService('db', [[3306, 3306]]),
    buildService('minio1', [[9000, 9000]]),
    buildService('minio2', [[9000, 9000]]),
    buildService('dns', [{ Protocol: 'udp', PublishedPort: 53, TargetPort: 53 }, { TargetPort: 80 }]),
  ];
  const { frontends, warnings } = parseBalancer(buildStack(undefined, all));
  expect(
    frontends.map(({ name, listen, mode, routes }) => [
      name,
      listen,
      mode,
      routes[0]?.check.kind,
      routes[0]?.ports.length,
    ]),
  ).toEqual([
    ['db-3306', 3306, 'tcp', 'mysql', 1],
    ['port-9000', 9000, 'tcp', 'tcp', 2],
  ]);
  expect(warnings).toEqual([
    'dns: published port 53 is udp: not balanced',
    'dns: published port 80 has no fixed number: not balanced',
  ]);
});

test('reads what NGINX calls otherwise, sizes, periods, cookies and certificates', () => {
  const section = `
a: {listen: 1, service: flask, balance: round_robin, max_body: 512k, sticky: true}
b: {listen: 2, service: flask, balance: least_conn, rate_limit: {requests: 5, per: 1m}, sticky: {cookie: ID}}
c: {listen: 3, service: flask, balance: ip_hash, tls: {certificate: one, more: [{certificate: two, key: three}], hsts: 1d}}
d: {listen: 4, redirect: https}`;
  const { frontends } = parseBalancer(buildStack(section));
  const [a, b, c, d] = frontends;
  expect([a?.balance, a?.maxBodyBytes, a?.sticky]).toEqual(['roundrobin', 524_288, { cookie: 'SERVER' }]);
  expect([b?.balance, b?.rateLimit, b?.sticky]).toEqual([
    'leastconn',
    { requests: 5, periodMs: 60_000 },
    { cookie: 'ID' },
  ]);
  expect([c?.balance, c?.tls]).toEqual([
    'ip_hash',
    {
      certificates: [
        { certificate: 'one', path: ['c', 'tls'] },
        { certificate: 'two', key: 'three', path: ['c', 'tls', 'more', 0] },
      ],
      hstsSeconds: 86_400,
    },
  ]);
  expect([d?.redirect, d?.routes]).toEqual(['https', []]);
});

test.each<[string, string, [number, string, string][]]>([
  [
    'a redirect that leads nowhere',
    'web: {listen: 80, redirect: https}',
    [[1, 'x-balancer.web.redirect', 'no http frontend has "tls"']],
  ],
  [
    'a redirect that could lead to two frontends',
    'web: {listen: 80, redirect: https}\na: {listen: 444, service: flask, tls: {certificate: a}}\nb: {listen: 445, service: flask, tls: {certificate: a}}',
    [[1, 'x-balancer.web.redirect', 'there are several frontends with "tls", none of them on port 443']],
  ],
  [
    'a redirect with a service',
    'web:\n  listen: 80\n  redirect: https\n  service: flask\nb: {listen: 443, service: flask, tls: {certificate: a}}',
    [[4, 'x-balancer.web.service', 'a frontend that redirects everything needs no "service"']],
  ],
  [
    'rules for requests in a tcp frontend',
    'db:\n  listen: 3306\n  mode: tcp\n  service: mysql\n  max_body: 1M\n  sticky: true\n  tls: {certificate: a, hsts: 1d}\n  timeouts: {hold: 5s, retry: 1s}',
    [
      [6, 'x-balancer.db.sticky', 'a tcp frontend sees no requests, so it has no "sticky"'],
      [5, 'x-balancer.db.max_body', 'a tcp frontend sees no requests, so it has no "max_body"'],
      [8, 'x-balancer.db.timeouts.retry', 'a tcp frontend sees no requests, so none can be asked again'],
      [8, 'x-balancer.db.timeouts.hold', 'a tcp frontend sees no requests, so none can wait for a server'],
      [7, 'x-balancer.db.tls.hsts', 'a tcp frontend sends no headers, so it has no "hsts"'],
    ],
  ],
])('refuses %s', (_name, section, problems) => {
  expect(problemsOf(section).map((problem) => (problem as unknown[]).slice(0, 3))).toEqual(problems);
});

test.each<[string, string, string]>([
  ['a sticky cookie', 'sticky: true', 'web.sticky'],
  ['a queue', 'timeouts: {queue: 5s}', 'web.timeouts.queue'],
  ['backups beside hashing', 'balance: source, backup: worker1', 'web.backup'],
  ['two timeouts for one connection', 'mode: tcp, timeouts: {client: 1h, server: 2h}', 'web.timeouts'],
  ['less than a request a minute', 'rate_limit: {requests: 1, per: 5m}', 'web.rate_limit'],
])('NGINX is refused %s, HAProxy does it', (_name, keys, path) => {
  const stack = buildStack(`web: {listen: 81, service: flask, ${keys}}`);
  expect(() => parseBalancer(stack, 'haproxy')).not.toThrow();
  try {
    parseBalancer(stack, 'nginx');
    expect.unreachable();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.problems.map((one) => [one.line, one.path, one.message.slice(0, 21), one.next !== '']))
      // the reason stands behind it
      .toEqual([[1, `x-balancer.${path}`, "NGINX can't do this: ", true]]);
  }
});

test.each([
  ['blue-green', undefined, 18000],
  ['{blue-green: {port: 8001}}', undefined, 8001],
  ['blue-green', 60000, 50000],
])('the second port of a service with update: %s', (update, published = 8000, green) => {
  const all = [buildService('web', [[published, 80]])];
  const section = `web: {listen: 80, service: web, update: ${update}}`;
  const { frontends } = parseBalancer(buildStack(section, all));
  expect(frontends[0]?.routes[0]?.ports[0]).toMatchObject({ published, green });
  expect(markBlueGreen(buildStack(section, all)).services[0]?.blueGreen).toEqual({ blue: published, green });
});

const ingress = { Protocol: 'tcp', PublishedPort: 8000, TargetPort: 80, PublishMode: 'ingress' };

test.each([
  ['a port of the ingress mesh', buildService('web', [ingress]), 'through the ingress mesh'],
  [
    'several ports',
    buildService('web', [
      [8000, 80],
      [8443, 443],
    ]),
    'publishes several ports',
  ],
])('no service is updated blue-green with %s', (_, service, reason) => {
  const section = 'web: {listen: 80, service: web, port: 8000, update: blue-green}';
  expect(JSON.stringify(problemsOf(section, [service]))).toContain(reason);
});

test('a service behind two routes is updated in one way', () => {
  const section = `
a: {listen: 80, service: fastapi, update: blue-green}
b: {listen: 81, service: fastapi}
`;
  expect(problemsOf(section)).toEqual([
    [
      3,
      'x-balancer.b',
      'fastapi is updated in another way than behind another route',
      'write the same "update" at each of its routes',
    ],
  ]);
});
