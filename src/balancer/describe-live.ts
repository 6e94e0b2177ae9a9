/** The balancers side by side, and where they differ. No I/O here. */

import type { BalancerView } from './live.ts';
import type { LiveServer } from './live-server.ts';

export interface ServerRow {
  backend: string;
  name: string;
  address: string;
  /** By name of the balancer; absent where it has no such server. */
  on: Record<
    string,
    Pick<LiveServer, 'admin' | 'up' | 'status' | 'check' | 'sessions' | 'queued' | 'errors' | 'weight'>
  >;
}

/** Each server once, with its state on each balancer, in the order of the first balancer that has it. */
export function compareServers(views: BalancerView[]): ServerRow[] {
  const rows = new Map<string, ServerRow>();
  for (const { balancer, live } of views) {
    for (const { backend, name, address, ...state } of live?.servers ?? []) {
      const key = `${backend}/${name}`;
      const row = rows.get(key) ?? { backend, name, address, on: {} };
      row.on[balancer] = state;
      rows.set(key, row);
    }
  }
  return [...rows.values()];
}

/** What one balancer says and another doesn't, one line each; empty when they agree. */
export function listDifferences(views: BalancerView[]): string[] {
  const answering = views.filter(({ live }) => live !== undefined);
  const names = answering.map(({ balancer }) => balancer);
  const servers = compareServers(views).flatMap((row) => {
    const name = `${row.backend}/${row.name}`;
    const missing = names.filter((balancer) => !row.on[balancer]);
    const there = names.filter((balancer) => row.on[balancer]);
    if (missing.length > 0) return [`${name}: on ${there.join(', ')}, not on ${missing.join(', ')}`];
    return [
      ...compare(name, there, (balancer) => row.on[balancer]!.admin),
      ...compare(name, there, (balancer) => (row.on[balancer]!.up ? 'up' : 'down')),
      ...compare(name, there, (balancer) => `weight ${row.on[balancer]!.weight}`),
    ];
  });
  const frontends = [...new Set(answering.flatMap(({ live }) => live!.frontends.map(({ name }) => name)))];
  return [
    ...frontends.flatMap((frontend) => {
      const has = (view: BalancerView): boolean => view.live!.frontends.some(({ name }) => name === frontend);
      const missing = answering.filter((view) => !has(view)).map(({ balancer }) => balancer);
      return missing.length > 0 ? [`frontend ${frontend}: not on ${missing.join(', ')}`] : [];
    }),
    ...servers,
  ];
}

function compare(name: string, balancers: string[], read: (balancer: string) => string): string[] {
  const values = new Set(balancers.map(read));
  if (values.size < 2) return [];
  return [`${name}: ${balancers.map((balancer) => `${read(balancer)} on ${balancer}`).join(', ')}`];
}
