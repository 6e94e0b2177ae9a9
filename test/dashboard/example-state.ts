import type { Cluster, ClusterNode, NodeRole } from '../../src/cluster/cluster.ts';
import { describeState, type Observed } from '../../src/dashboard/describe-state.ts';
import { createFigureKeeper } from '../../src/dashboard/figures.ts';
import type { BalancerRates } from '../../src/dashboard/rates.ts';
import type { ClusterStatus } from '../../src/pipeline/read-status.ts';

const ssh = { user: 'root', port: 22 };
const node = (name: string, number: number, role: NodeRole): ClusterNode => ({
  name,
  address: `10.0.0.${number}`,
  role,
  labels: {},
  availability: 'active',
  ssh,
});

export const exampleCluster: Cluster = {
  name: 'shop',
  file: '/shop/cluster.yml',
  nodes: [
    node('lb1', 1, 'balancer'),
    node('lb2', 2, 'balancer'),
    node('m1', 3, 'manager'),
    node('w1', 4, 'worker'),
  ],
  balancer: { engine: 'haproxy', vip: { address: '10.0.0.20', prefixLength: 24 }, failover: 'safe' },
  images: { archives: {} },
  stacks: [{ name: 'shop', files: [] }],
  variables: {},
  warnings: [],
};

const member = (hostname: string, role: 'manager' | 'worker', leader = false) => ({
  id: `id-${hostname}`,
  hostname,
  address: '',
  role,
  availability: 'active' as const,
  labels: {},
  status: 'ready',
  leader,
  ...(role === 'manager' && { reachability: 'reachable' }),
});

const balancer = (name: string, holds: string[]) => ({
  name,
  address: '',
  engine: 'haproxy' as const,
  engineState: 'active',
  engineVersion: '3.0.11-1',
  keepalived: 'active',
  holds,
  backends: [],
  certificates: [],
});

const vip = { address: '10.0.0.20', holders: ['lb1'] };

export const exampleStatus: ClusterStatus = {
  cluster: 'shop',
  nodes: exampleCluster.nodes.map(({ name, address, role }) => ({
    name,
    address,
    role,
    ...(role !== 'balancer' && { swarm: member(name, role, role === 'manager') }),
  })),
  stacks: [
    {
      name: 'shop',
      services: [
        {
          name: 'shop_api',
          key: 'api',
          mode: 'replicated',
          image: 'api:1',
          wanted: 1,
          running: 1,
          completed: 0,
          done: true,
          reasons: [],
          nodes: ['w1'],
          ports: [],
          tasks: [{ id: 't1', name: 'shop_api.1', node: 'w1', state: 'running', image: 'api:1' }],
        },
      ],
    },
  ],
  balancers: [balancer('lb1', ['10.0.0.20']), balancer('lb2', [])],
  vip,
  vips: [vip],
  degraded: [],
};

/** What one balancer does whose only server is in this state. */
export function exampleRates(state: 'up' | 'down' | 'drain' = 'up', name = 'w1-api'): BalancerRates {
  const rates = { sessions: 1, requestsPerSecond: 5, errorsPerSecond: 0 };
  return {
    total: rates,
    frontends: [{ name: 'web', ...rates }],
    servers: [
      {
        backend: 'web.api',
        name,
        address: '10.0.0.4:8000',
        state,
        says: 'UP (L7OK/200)',
        responseMs: 3,
        ...rates,
      },
    ],
  };
}

/** A small cluster of which all is well. */
export const exampleObserved: Observed = {
  cluster: exampleCluster,
  now: 1_000_000,
  look: { at: 999_500, status: exampleStatus },
  silent: new Map(),
  rates: new Map([
    ['lb1', exampleRates()],
    ['lb2', exampleRates()],
  ]),
  figures: createFigureKeeper().read(),
  noProbe: null,
  revisions: [],
  history: [],
  results: [],
  events: [],
  action: null,
  readOnly: false,
};

export const exampleState = describeState(exampleObserved).state;
