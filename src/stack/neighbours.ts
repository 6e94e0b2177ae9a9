/** Services of other stacks on the networks of one. Pure. */
import type { NeighbourService, StackObserved } from './observed.ts';

/** Those on a network, but for services of the stacks named. */
export function listNeighbours(
  { Id, Name }: { Id: string; Name: string },
  { neighbours = [] }: Pick<StackObserved, 'neighbours'>,
  except: readonly string[] = [],
): NeighbourService[] {
  return neighbours
    .filter(({ stack }) => stack === undefined || !except.includes(stack))
    .filter(({ networks }) => networks.includes(Id) || networks.includes(Name));
}

/** `blog_web of the stack blog`, each once. */
export function nameNeighbours(neighbours: readonly NeighbourService[]): string {
  return neighbours
    .map(({ name, stack }) => (stack === undefined ? name : `${name} of the stack ${stack}`))
    .sort()
    .join(', ');
}
