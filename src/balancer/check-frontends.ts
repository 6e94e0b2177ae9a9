/** What frontends ask for that the machines of the cluster don't have. No I/O here. */
import { balancers, type Cluster, swarmNodes } from '../cluster/cluster.ts';
import { suggestWord } from '../input/nearest-word.ts';
import type { InputPath } from '../input/schema-problems.ts';
import type { Frontend } from './definition.ts';

/** A problem with its place under `x-balancer`. */
export interface FrontendProblem {
  path: InputPath;
  message: string;
  next: string;
}

/** Frontends on the port that SSH has. */
export function listSshConflicts(frontends: Frontend[], cluster: Cluster): FrontendProblem[] {
  return frontends.flatMap(({ name, listen }) =>
    balancers(cluster)
      .filter((node) => node.ssh.port === listen)
      .map((node) => ({
        path: [name, 'listen'],
        message: `port ${listen} is where SSH listens on ${node.name}`,
        next: 'give the frontend another port under x-balancer',
      })),
  );
}

/** Weights and backups of what is neither a service of the frontend nor a swarm node. */
export function listUnknownNames(
  { name, weights, backups, routes }: Frontend,
  cluster: Cluster,
): FrontendProblem[] {
  const services = routes.flatMap(({ ports }) => ports.map(({ service }) => service));
  const known = [...new Set([...services, ...swarmNodes(cluster).map((node) => node.name)])];
  const wanted: [path: string, name: string][] = [
    ...Object.keys(weights).map((one): [string, string] => ['weights', one]),
    ...backups.map((one): [string, string] => ['backup', one]),
  ];
  return wanted
    .filter(([, one]) => !known.includes(one))
    .map(([key, one]) => ({
      path: key === 'weights' ? [name, key, one] : [name, key],
      message: `${JSON.stringify(one)} is neither a service of this frontend nor a node of the swarm`,
      next: suggestWord(one, known),
    }));
}
