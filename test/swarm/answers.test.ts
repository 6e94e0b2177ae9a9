import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pickAddressPool } from '../../src/swarm/address-pool.ts';
import { explainUnready } from '../../src/swarm/apply.ts';
import { describeEngineError, hideJoinTokens } from '../../src/swarm/describe-engine-error.ts';
import { mergeLabels, ownLabelsKey } from '../../src/swarm/node-labels.ts';
import { parseEngine, parseMember } from '../../src/swarm/parse-swarm.ts';
import { hasQuorum } from '../../src/swarm/quorum.ts';
import { makeMember } from './states.ts';

test('an engine outside any swarm', () => {
  const info = {
    Name: 'vm-a',
    Swarm: {
      NodeID: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
  };
  expect(parseEngine(info)).toEqual({
    kind: 'engine',
    hostname: 'vm-a',
    state: 'inactive',
    nodeId: '',
    managerAddresses: [],
    manager: false,
  });
});

test('an engine that manages a swarm', () => {
  const info = {
    Name: 'vm-a',
    Swarm: {
      NodeID: 'n1',
      LocalNodeState: 'active',
      ControlAvailable: true,
      RemoteManagers: [{ NodeID: 'n1', Addr: '198.18.0.13:2377' }],
      Cluster: { ID: 'c1' },
    },
  };
  expect(parseEngine(info)).toEqual({
    kind: 'engine',
    hostname: 'vm-a',
    state: 'active',
    nodeId: 'n1',
    managerAddresses: ['198.18.0.13'],
    manager: true,
    clusterId: 'c1',
  });
});

test('a manager whose status says 0.0.0.0 is known by the address that managers call it by', () => {
  const node = {
    ID: 'n1',
    Spec: { Role: 'manager', Availability: 'drain', Labels: null },
    Description: { Hostname: 'vm-a' },
    Status: { State: 'ready', Addr: '0.0.0.0' },
    ManagerStatus: { Leader: true, Reachability: 'reachable', Addr: '198.18.0.13:2377' },
  };
  expect(parseMember(node)).toEqual({
    id: 'n1',
    hostname: 'vm-a',
    address: '198.18.0.13',
    role: 'manager',
    availability: 'drain',
    labels: {},
    status: 'ready',
    reachability: 'reachable',
    leader: true,
  });
});

test('a worker that is down keeps its reason', () => {
  const node = {
    ID: 'n2',
    Description: { Hostname: 'vm-b' },
    Status: { State: 'down', Message: 'heartbeat failure', Addr: '198.18.0.14' },
  };
  expect(parseMember(node)).toMatchObject({
    role: 'worker',
    status: 'down',
    message: 'heartbeat failure',
    address: '198.18.0.14',
  });
});

describe('labels', () => {
  const labels = fc.dictionary(
    fc
      .string({ minLength: 1 })
      .filter((key) => !key.includes(',') && key !== ownLabelsKey && key !== '__proto__'),
    fc.string(),
  );
  test('what we set and no longer want leaves those of others as they were', () => {
    fc.assert(
      fc.property(labels, labels, (theirs, ours) => {
        const disjoint = Object.fromEntries(Object.entries(ours).filter(([key]) => !(key in theirs)));
        expect(mergeLabels(mergeLabels(theirs, disjoint), {})).toEqual(theirs);
      }),
    );
  });
  test('setting them twice is setting them once', () => {
    fc.assert(
      fc.property(labels, labels, (theirs, ours) => {
        const once = mergeLabels(theirs, ours);
        expect(mergeLabels(once, ours)).toEqual(once);
        expect(once).toMatchObject(ours);
      }),
    );
  });
});

test.each([
  [0, 0, false],
  [1, 1, true],
  [2, 1, false],
  [3, 2, true],
  [4, 2, false],
  [5, 3, true],
])('of %i managers, %i reachable: quorum %s', (total, reachable, expected) => {
  expect(hasQuorum({ total, reachable })).toBe(expected);
});

test.each([
  ['not listed', undefined, 'worker', 'the swarm does not list it yet'],
  ['down', makeMember('w1', 'worker', { status: 'down', message: 'gone' }), 'worker', 'down: gone'],
  ['a ready worker', makeMember('w1', 'worker'), 'worker', undefined],
  ['not a manager yet', makeMember('w1', 'worker'), 'manager', 'the other managers do not reach it yet'],
  ['a ready manager', makeMember('m1', 'manager'), 'manager', undefined],
  ['still a manager', makeMember('m1', 'manager'), 'worker', 'the managers have not let it go yet'],
] as const)('a member that is %s', (_, member, role, expected) => {
  expect(explainUnready(member, { role, availability: 'active', labels: {} })).toBe(expected);
});

test.each([
  [['198.18.0.11', '192.168.1.13'], undefined],
  [['198.18.0.11', '10.0.0.13'], '10.224.0.0/11'],
  [['10.0.0.13', '10.230.1.1'], '10.96.0.0/11'],
  [['10.240.0.1', '10.100.0.1'], '172.24.0.0/14'],
])('machines at %j get their networks from %s', (addresses, pool) => {
  expect(pickAddressPool(addresses)).toBe(pool);
});

test('an engine that quotes a join token does not get it into a message', () => {
  const token = 'SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-7p73s1dx5in4tatdymyhg9hu2';
  const error = Object.assign(new Error(`(HTTP code 400) bad parameter - invalid token ${token} `), {
    statusCode: 400,
    json: { message: `invalid join token "${token}"` },
  });
  expect(describeEngineError(error)).toBe('invalid join token "[join token]"');
  expect(hideJoinTokens(error.message)).not.toContain('SWMTKN');
});
