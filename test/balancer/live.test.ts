import { describe, expect, test } from 'vitest';
import { chooseServers } from '../../src/balancer/choose-servers.ts';
import { compareServers, listDifferences } from '../../src/balancer/describe-live.ts';
import { foldReads, foldReadsStatus } from '../../src/balancer/haproxy/reads.ts';
import { parseLiveBalancer } from '../../src/balancer/haproxy/servers.ts';
import { parseStatistics } from '../../src/balancer/haproxy/stats.ts';
import type { LiveServer } from '../../src/balancer/live-server.ts';
import { findLastServers } from '../../src/balancer/rotation.ts';
import { InputError } from '../../src/errors.ts';
import { buildCluster } from './examples.ts';

const statistics = `# pxname,svname,qcur,scur,stot,ereq,econ,eresp,status,weight,check_status,check_code,req_tot,addr,
web,FRONTEND,,3,90,2,,,OPEN,,,,120,,
web.web,w1-web,1,2,60,,1,2,DRAIN,1,L7OK,200,,192.0.2.14:8000,
web.web,w2-web,0,0,60,,0,0,DOWN,1,* L4CON,,,192.0.2.15:8000,
web.web,BACKEND,0,2,120,,1,2,UP,1,,,,,
`;
const states = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight
3 web.web 1 w1-web 192.0.2.14 2 8 1
3 web.web 2 w2-web 192.0.2.15 0 1 1
`;

describe('a running HAProxy', () => {
  test('is read with what it was told of each server and what it sees of it', () => {
    expect(parseLiveBalancer(statistics, states)).toEqual({
      frontends: [{ name: 'web', status: 'OPEN', sessions: 3, requests: 120, errors: 2 }],
      servers: [
        {
          backend: 'web.web',
          name: 'w1-web',
          address: '192.0.2.14:8000',
          admin: 'drain',
          up: true,
          status: 'DRAIN',
          check: 'L7OK/200',
          weight: 1,
          sessions: 2,
          queued: 1,
          errors: 3,
        },
        {
          backend: 'web.web',
          name: 'w2-web',
          address: '192.0.2.15:8000',
          admin: 'maint',
          up: false,
          status: 'DOWN',
          check: 'L4CON',
          weight: 1,
          sessions: 0,
          queued: 0,
          errors: 0,
        },
      ],
    });
  });
});

describe('a sticky server', () => {
  test.each([
    ['in maintenance is drained', 'MAINT', '0 1', { admin: 'drain', up: false, status: 'DRAIN' }],
    ['that HAProxy calls drained is held back', 'DRAIN', '2 8', { admin: 'hold', up: true, status: 'DRAIN' }],
    ['that takes requests does so', 'UP', '2 0', { admin: 'ready', up: true, status: 'UP' }],
  ])('%s', (_, status, bits, expected) => {
    const stat = `# pxname,svname,status,cookie,\nweb.web,w1-web,${status},12345678,\n`;
    const state = `1\n# be_name srv_name srv_op_state srv_admin_state\nweb.web w1-web ${bits}\n`;
    expect(parseLiveBalancer(stat, state).servers).toEqual([
      expect.objectContaining({ name: 'w1-web', sticky: true, ...expected }),
    ]);
  });
});

function server(name: string, over: Partial<LiveServer> = {}): LiveServer {
  const base = { backend: 'web.web', address: '192.0.2.14:8000', admin: 'ready', up: true, status: 'UP' };
  return { ...base, name, check: '', weight: 1, sessions: 0, queued: 0, errors: 0, ...over } as LiveServer;
}

const view = (balancer: string, ...servers: LiveServer[]) => ({ balancer, live: { frontends: [], servers } });

describe('balancers side by side', () => {
  test.each([
    ['agree', [server('a')], [server('a')], []],
    [
      'differ in what they were told',
      [server('a', { admin: 'drain' })],
      [server('a')],
      ['web.web/a: drain on lb1, ready on lb2'],
    ],
    [
      'differ in what they see',
      [server('a')],
      [server('a', { up: false })],
      ['web.web/a: up on lb1, down on lb2'],
    ],
    ['differ in their servers', [server('a')], [], ['web.web/a: on lb1, not on lb2']],
  ])('%s', (_, first, second, said) => {
    expect(listDifferences([view('lb1', ...first), view('lb2', ...second)])).toEqual(said);
  });

  test('a balancer that does not answer differs from none', () => {
    expect(listDifferences([view('lb1', server('a')), { balancer: 'lb2', unreachable: 'off' }])).toEqual([]);
  });

  test('each server stands once, with its state on each', () => {
    const rows = compareServers([view('lb1', server('a')), view('lb2', server('a', { sessions: 4 }))]);
    expect(rows.map(({ name, on }) => [name, on['lb1']?.sessions, on['lb2']?.sessions])).toEqual([
      ['a', 0, 4],
    ]);
  });
});

describe('the servers a user means', () => {
  const cluster = buildCluster();
  const servers = [
    { backend: 'web.web', name: 'w1-web', address: '192.0.2.14:8000' },
    { backend: 'api.web', name: 'w1-web', address: '192.0.2.14:8000' },
    { backend: 'web.web', name: 'w2-web', address: '192.0.2.15:8000' },
  ];

  test.each([
    ['w1-web', ['web.web/w1-web', 'api.web/w1-web']],
    ['api.web/w1-web', ['api.web/w1-web']],
    ['worker2', ['web.web/w2-web']],
  ])('%s', (wanted, found) => {
    const choose = chooseServers(wanted, cluster, servers);
    expect(servers.filter(choose).map(({ backend, name }) => `${backend}/${name}`)).toEqual(found);
  });

  test('an unknown one names the nearest', () => {
    expect(() => chooseServers('w1-wbe', cluster, servers)).toThrow(InputError);
  });
});

describe('draining', () => {
  test.each([
    ['the last server that takes requests', [server('a'), server('b', { up: false })], ['web.web']],
    ['the last one that is not drained', [server('a'), server('b', { admin: 'drain' })], ['web.web']],
    ['one of two', [server('a'), server('b')], []],
    ['one that takes none anyway', [server('a', { up: false }), server('b', { up: false })], []],
  ])('%s', (_, servers, emptied) => {
    expect(findLastServers([view('lb1', ...servers)], ({ name }) => name === 'a')).toEqual(emptied);
  });
});

describe('a backend whose reads have a section of their own', () => {
  const twin = (over: Partial<LiveServer> = {}) => server('a', { backend: 'web.web:reads', ...over });
  const fold = (...servers: LiveServer[]) => foldReads({ frontends: [], servers }).servers;

  test('is shown as one, its work added up', () => {
    expect(
      fold(server('a', { sessions: 2, errors: 1 }), twin({ sessions: 3, queued: 4 }), server('b')),
    ).toEqual([server('a', { sessions: 5, queued: 4, errors: 1, reads: 'web.web:reads' }), server('b')]);
  });

  test.each([
    [{ admin: 'drain' }, { admin: 'drain' }, { admin: 'drain', up: true }],
    // neither "ready" nor "drain": whatever is wanted, both are told
    [{ admin: 'drain' }, {}, { admin: 'maint', up: true }],
    [{}, { up: false }, { admin: 'ready', up: false }],
    [
      { check: 'L7OK/200' },
      { up: false, status: 'DOWN', check: 'L4CON' },
      { up: false, status: 'DOWN', check: 'L4CON' },
    ],
    [
      { up: false, status: 'DOWN', check: 'L4CON' },
      { check: 'L7OK/200' },
      { up: false, status: 'DOWN', check: 'L4CON' },
    ],
  ] as const)('%j and %j', (first, second, expected) => {
    expect(fold(server('a', first), twin(second))[0]).toMatchObject(expected);
  });

  test('says in status what is wrong in either', () => {
    const line = (backend: string, name: string, state: string) => `${backend},${name},1,${state},\n`;
    const shown = foldReadsStatus(
      parseStatistics(
        `# pxname,svname,scur,status,check_status,\n${[
          line('web', 'a', 'UP,L7OK'),
          line('web', 'b', 'DOWN,L4TOUT'),
          line('web', 'BACKEND', 'UP,'),
          line('web:reads', 'a', 'DOWN,L4CON'),
          line('web:reads', 'b', 'UP,L7OK'),
          line('web:reads', 'BACKEND', 'DOWN,'),
        ].join('')}`,
      ),
    );
    expect(shown).toEqual([
      {
        name: 'web',
        status: 'DOWN',
        servers: [
          expect.objectContaining({
            name: 'a',
            status: 'DOWN',
            check: 'L4CON',
            up: false,
            currentSessions: 2,
          }),
          expect.objectContaining({
            name: 'b',
            status: 'DOWN',
            check: 'L4TOUT',
            up: false,
            currentSessions: 2,
          }),
        ],
      },
    ]);
  });
});
