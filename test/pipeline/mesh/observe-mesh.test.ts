import type Docker from 'dockerode';
import { expect, test } from 'vitest';
import { UserError } from '../../../src/errors.ts';
import { observeMesh } from '../../../src/pipeline/mesh/observe-mesh.ts';
import type { Hosts } from '../../../src/remote/host.ts';
import { buildCluster } from '../../balancer/examples.ts';

const hosts = {
  connect: async () => {
    throw new UserError('nobody is let in');
  },
} as unknown as Hosts;

const answers = {
  listServices: async () => [
    {
      ID: 's',
      Spec: { Name: 'shop_api' },
      Endpoint: {
        VirtualIPs: [
          { NetworkID: 'mesh', Addr: '10.0.0.5/24' },
          { NetworkID: 'mesh', Addr: 'fd00::5/64' },
          { NetworkID: 'gone' },
        ],
      },
    },
    { ID: 'd', Spec: { Name: 'shop_dnsrr' }, Endpoint: {} },
  ],
  listTasks: async () => [
    {
      ServiceID: 's',
      NodeID: 'n1',
      DesiredState: 'running',
      Status: { State: 'running' },
      NetworksAttachments: [{ Network: { ID: 'mesh' }, Addresses: ['fd00::6/64', '10.0.0.6/24'] }],
    },
    { ServiceID: 's', NodeID: 'n2', DesiredState: 'running', Status: { State: 'running' } },
    { ServiceID: 's', DesiredState: 'running', Status: { State: 'pending' }, NetworksAttachments: null },
  ],
  listNodes: async () => [
    { ID: 'n1', Description: { Hostname: 'w1' }, Status: { State: 'ready' } },
    { ID: 'n2', Description: { Hostname: 'w2' }, Status: { State: 'down' } },
  ],
  listNetworks: async () => [{ Id: 'other' }, { Id: 'mesh', Ingress: true }],
};

test('what the swarm wants is read in addresses of IPv4, which the tables have', async () => {
  expect(await observeMesh(buildCluster(), hosts, answers as unknown as Docker)).toEqual({
    tables: [],
    services: [
      { id: 's', name: 'shop_api', virtualAddresses: { mesh: '10.0.0.5' } },
      { id: 'd', name: 'shop_dnsrr', virtualAddresses: {} },
    ],
    tasks: [
      { service: 's', node: 'w1', isWell: true, addresses: { mesh: '10.0.0.6' } },
      { service: 's', node: 'w2', isWell: false, addresses: {} },
      { service: 's', node: 'a node that is gone', isWell: false, addresses: {} },
    ],
    ingressNetwork: 'mesh',
  });
});

test('a swarm that loses its leader meanwhile is told of in words', async () => {
  const refused = Object.assign(new Error('(HTTP code 503)'), {
    statusCode: 503,
    json: { message: 'rpc error: The swarm does not have a leader' },
  });
  const leaderless = { ...answers, listTasks: () => Promise.reject(refused) } as unknown as Docker;
  await expect(observeMesh(buildCluster(), hosts, leaderless)).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringContaining('The swarm does not have a leader'),
    next: expect.stringContaining('managers that are down'),
  });
});
