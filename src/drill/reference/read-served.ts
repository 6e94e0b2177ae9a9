import { askHaproxy } from '../../balancer/haproxy/runtime-api.ts';
import { readStatisticsRows } from '../../balancer/haproxy/stats.ts';
import { balancers } from '../../cluster/cluster.ts';
import { type Stage, withHosts } from '../stage.ts';
import { type Method, methods, readMethod } from './spread.ts';

/** How many requests each server has had of each method's frontend, on all balancers together. */
export async function readServed(
  stage: Pick<Stage, 'cluster'>,
): Promise<Record<Method, Record<string, number>>> {
  const served = Object.fromEntries(methods.map((method) => [method, {}])) as Record<
    Method,
    Record<string, number>
  >;
  await withHosts(stage, (hosts) =>
    Promise.all(
      balancers(stage.cluster).map(async ({ name }) => {
        for (const field of readStatisticsRows(await askHaproxy(await hosts.connect(name), 'show stat'))) {
          const method = readMethod(field('pxname'));
          const server = field('svname');
          if (!method || server === 'BACKEND' || server === 'FRONTEND') continue;
          served[method][server] = (served[method][server] ?? 0) + (Number(field('stot')) || 0);
        }
      }),
    ),
  );
  return served;
}
