/** Frontends of two stacks that can't stand on one balancer. No I/O here. */
import { formatPlace, type Problem } from '../errors.ts';
import { formatPath } from '../input/schema-problems.ts';
import type { StackDefinition } from '../stack/definition.ts';

/** The frontends of one stack. */
export interface StackFrontends {
  definition: Pick<StackDefinition, 'name' | 'file' | 'xBalancer' | 'services' | 'locate'>;
  frontends: readonly { name: string; listen: number }[];
}

interface Placed {
  stack: string;
  name: string;
  listen: number;
  place: (key?: string) => Pick<Problem, 'file' | 'line' | 'column' | 'path'>;
}

/**
 * Every frontend whose port or name an earlier stack has; each with its place and, in words, that of the other. Where
 * `about` names stacks, only what concerns one of them.
 */
export function listFrontendClashes(stacks: readonly StackFrontends[], about?: readonly string[]): Problem[] {
  const all = stacks.flatMap(({ definition, frontends }) =>
    frontends.map(
      ({ name, listen }): Placed => ({
        stack: definition.name,
        name,
        listen,
        place: (key) => placeOf(definition, name, listen, key),
      }),
    ),
  );
  return all.flatMap((second, index) =>
    all
      .slice(0, index)
      .filter(({ stack }) => stack !== second.stack)
      .filter(({ stack }) => !about || about.includes(stack) || about.includes(second.stack))
      .flatMap((first) => compare(first, second)),
  );
}

function compare(first: Placed, second: Placed): Problem[] {
  const [there, other] = [formatPlace(first.place('listen')), `the stack ${first.stack}`];
  if (first.listen === second.listen)
    return [
      {
        ...second.place('listen'),
        message: `port ${second.listen} is listened on by ${JSON.stringify(first.name)} of ${other} already (${there})`,
        next: 'the balancers serve all stacks of the cluster: give one of the two another port',
      },
    ];
  if (first.name !== second.name) return [];
  return [
    {
      ...second.place(),
      message: `${other} has a frontend ${JSON.stringify(second.name)} already (${formatPlace(first.place())})`,
      next: 'the balancers serve all stacks of the cluster: call one of the two otherwise',
    },
  ];
}

/** Where a frontend is written; one that follows from a published port, at the ports of its service. */
function placeOf(
  { file, xBalancer, services, locate }: StackFrontends['definition'],
  name: string,
  listen: number,
  key?: string,
): Pick<Problem, 'file' | 'line' | 'column' | 'path'> {
  if (xBalancer) {
    const path = [name, ...(key === undefined ? [] : [key])];
    return {
      file: xBalancer.file ?? file,
      ...xBalancer.locate(path),
      path: formatPath(['x-balancer', ...path]),
    };
  }
  const service = services.find(({ spec }) =>
    spec.EndpointSpec?.Ports?.some(({ PublishedPort }) => PublishedPort === listen),
  );
  const path = service ? ['services', service.key, 'ports'] : [];
  return { file, ...locate?.(path), path: formatPath(path) };
}
