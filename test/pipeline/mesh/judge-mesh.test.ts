import { expect, test } from 'vitest';
import { judgeMesh } from '../../../src/pipeline/mesh/judge-mesh.ts';
import { keepLasting } from '../../../src/pipeline/mesh/keep-lasting.ts';
import type { MeshEvidence, MeshTask } from '../../../src/pipeline/mesh/mesh-tables.ts';
import { parseTables } from '../../../src/pipeline/mesh/parse-tables.ts';

/** As a node of the swarm prints them: port 8000 of `api` through the mesh, `api` on an overlay network. */
const printed = `sandbox ingress_sbox
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
FWM  00000100 rr
  -> 0A000006:0000      Masq    1      0          0
  -> 0A000007:0000      Masq    1      0          3
-P INPUT ACCEPT
-A INPUT -d 10.0.0.5/32 -j MARK --set-xmark 0x100/0xffffffff
sandbox lb_abcdefghi
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
FWM  00000101 rr
  -> 0A000106:0000      Masq    1      0          0
  -> 0A000107:0000      Masq    0      1          0
-A INPUT -d 10.0.1.5/32 -j MARK --set-mark 0x101
`;

test('reads the tables and the rules that mark', () => {
  expect(parseTables(printed)).toEqual([
    {
      name: 'ingress_sbox',
      services: [
        {
          mark: 0x100,
          servers: [
            { address: '10.0.0.6', weight: 1 },
            { address: '10.0.0.7', weight: 1 },
          ],
        },
      ],
      marks: { '10.0.0.5': 0x100 },
    },
    {
      name: 'lb_abcdefghi',
      services: [
        {
          mark: 0x101,
          servers: [
            { address: '10.0.1.6', weight: 1 },
            { address: '10.0.1.7', weight: 0 },
          ],
        },
      ],
      marks: { '10.0.1.5': 0x101 },
    },
  ]);
  expect(parseTables('')).toEqual([]);
});

test('passes over what is none of the swarm: services by address, IPv6, lines that mean nothing here', () => {
  const odd = `what a shell says before
sandbox ingress_sbox
  -> 0A000001:0000      Masq    1      0          0
FWM  00000100 rr ops
  -> 0A000006:0000      Masq    1      0          0
  -> [fd00:0000:0000:0000:0000:0000:0000:0006]:0000      Masq    1      0          0
TCP  0A000009:0050 rr persistent 300
  -> 0A000008:0050      Masq    1      0          0
TCP  [fd00:0000:0000:0000:0000:0000:0000:0009]:0050 rr
  -> 0A00000A:0050      Masq    1      0          0
FWM  xyz rr
-A INPUT -d fd00::5/128 -j MARK --set-xmark 0x100/0xffffffff
-A INPUT -p tcp -j ACCEPT
sandbox lb_empty
  -> 0A00000B:0000      Masq    1      0          0
`;
  expect(parseTables(odd)).toEqual([
    {
      name: 'ingress_sbox',
      services: [{ mark: 0x100, servers: [{ address: '10.0.0.6', weight: 1 }] }],
      marks: {},
    },
    { name: 'lb_empty', services: [], marks: {} },
  ]);
});

const overlay = 'abcdefghijklmnop';
const task = (node: string, last: number, part: Partial<MeshTask> = {}): MeshTask => ({
  service: 'a1',
  node,
  isWell: true,
  addresses: { mesh: `10.0.0.${last}`, [overlay]: `10.0.1.${last}` },
  ...part,
});
const well: MeshEvidence = {
  tables: [{ node: 'w1', sandboxes: parseTables(printed) }],
  services: [{ id: 'a1', name: 's_api', virtualAddresses: { mesh: '10.0.0.5', [overlay]: '10.0.1.5' } }],
  // the second leaves: what it has it keeps, and its weight is 0 already on the overlay network
  tasks: [task('w1', 6), task('w2', 7, { addresses: { mesh: '10.0.0.7' } })],
  ingressNetwork: 'mesh',
};

test('a table with an entry for each task and no others is well', () => {
  expect(judgeMesh(well)).toEqual([
    { verdict: 'ok', about: 'w1', message: 'IPVS has an entry for each task and no others' },
  ]);
});

test('a swarm whose nodes have no tables isn’t told of here', () => {
  expect(judgeMesh({ ...well, tables: [{ node: 'w1', sandboxes: [] }] })).toEqual([]);
});

test.each<[string, Partial<MeshEvidence>, string[]]>([
  [
    'an entry of a task that is gone',
    { tasks: [task('w1', 6)] },
    ['the ingress mesh, s_api: 10.0.0.7 is no address of a task'],
  ],
  [
    'an entry of a task whose node is down',
    { tasks: [task('w1', 6), task('w2', 7, { isWell: false })] },
    [
      "the ingress mesh, s_api: 10.0.0.7 is the address of a task on w2 that doesn't run, or of another service",
    ],
  ],
  [
    'an address that another service has by now',
    { tasks: [task('w1', 6), task('w2', 7, { service: 'b2' })] },
    [
      "the ingress mesh, s_api: 10.0.0.7 is the address of a task on w2 that doesn't run, or of another service",
    ],
  ],
  [
    'a task without an entry',
    { tasks: [...well.tasks, task('w3', 8, { addresses: { [overlay]: '10.0.1.8' } })] },
    ['virtual addresses, s_api: no entry for its task on w3 (10.0.1.8)'],
  ],
  [
    'a service none of whose entries is there',
    {
      tables: [
        { node: 'w1', sandboxes: parseTables(printed.replace(/^FWM {2}00000101\b(?:.*\n)*?(?=-A)/m, '')) },
        { node: 'w2', sandboxes: parseTables(printed.replaceAll(/^(?:FWM| {2}->) .*\n/gm, '')) },
      ],
    },
    ['virtual addresses, s_api: no entry for its task on w1 (10.0.1.6)'],
  ],
  [
    'a service of which not even the rule is there',
    {
      services: [
        ...well.services,
        { id: 'b2', name: 's_b', virtualAddresses: { mesh: '10.0.0.9', other: '10.0.2.9' } },
      ],
      tasks: [...well.tasks, task('w2', 10, { service: 'b2', addresses: { mesh: '10.0.0.10' } })],
    },
    ['the ingress mesh, s_b: no entry for its task on w2 (10.0.0.10)'],
  ],
  [
    'a service that is gone',
    { services: [{ id: 'b2', name: 's_b', virtualAddresses: { mesh: '10.0.0.9' } }], tasks: [task('w1', 6)] },
    ['the ingress mesh, a service at 10.0.0.5 that is gone: 10.0.0.7 is no address of a task'],
  ],
])('finds %s, and names the node', (_, change, evidence) => {
  expect(judgeMesh({ ...well, ...change })).toEqual([
    {
      verdict: 'broken',
      about: 'w1',
      message: expect.stringMatching(/^its IPVS table is stale: /),
      evidence,
      next: 'restart its engine, which makes the table anew (its tasks start anew, too): systemctl restart docker on w1',
      mend: { kind: 'restart-unit', host: 'w1', unit: 'docker.service' },
    },
  ]);
});

test('what only one of two looks found was on its way', () => {
  const gone = judgeMesh({ ...well, tasks: [task('w1', 6)] });
  const late = judgeMesh({
    ...well,
    tasks: [task('w1', 6), task('w3', 8, { addresses: { [overlay]: '10.0.1.8' } })],
  });
  expect(keepLasting(gone, judgeMesh(well))).toEqual(judgeMesh(well));
  expect(keepLasting(late, gone)).toEqual(gone);
  expect(
    keepLasting(
      judgeMesh({ ...well, tasks: [...well.tasks, task('w3', 8, { addresses: { [overlay]: '10.0.1.8' } })] }),
      gone,
    ),
  ).toEqual([]);
});
