/** In which order the stacks of a cluster come: those that make networks before those that use them. Pure. */
import { InputError } from '../errors.ts';
import type { StackDefinition } from './definition.ts';

/** Network in the swarm → name of the stack that makes it. */
export function nameMakers(
  definitions: readonly Pick<StackDefinition, 'name' | 'networks'>[],
): Record<string, string> {
  return Object.fromEntries(
    definitions.flatMap(({ name, networks }) => networks.map(({ spec }) => [spec.Name, name])),
  );
}

/**
 * Each stack after those whose networks it uses as external ones; otherwise in the given order.
 *
 * @throws InputError where stacks wait for each other.
 */
export function orderStacks(definitions: readonly StackDefinition[]): StackDefinition[] {
  const makers = nameMakers(definitions);
  const ordered: StackDefinition[] = [];
  const visit = (definition: StackDefinition, above: readonly StackDefinition[]): void => {
    if (ordered.includes(definition)) return;
    if (above.includes(definition))
      throw explainCircle([...above.slice(above.indexOf(definition)), definition]);
    for (const network of definition.external.networks) {
      const maker = definitions.find(({ name }) => name === makers[network]);
      if (maker && maker !== definition) visit(maker, [...above, definition]);
    }
    ordered.push(definition);
  };
  for (const definition of definitions) visit(definition, []);
  return ordered;
}

function explainCircle(circle: readonly StackDefinition[]): InputError {
  const links = circle.slice(1).map((maker, index) => {
    const user = circle[index]!;
    const network = user.external.networks.find((name) =>
      maker.networks.some(({ spec }) => spec.Name === name),
    )!;
    return { user, maker, network };
  });
  return new InputError(
    links.map(({ user, maker, network }) => ({
      ...placeNetwork(user, network),
      message: `${user.name} uses the network ${network} of ${maker.name}, and the stacks wait for each other: ${circle.map(({ name }) => name).join(' → ')}`,
      next: 'let one of the stacks make both networks, and the other use them as external ones',
    })),
  );
}

/** Where a stack's files speak of a network, by its key; of an external one by its name, which may be another. */
export function placeNetwork(
  { file, locate }: Pick<StackDefinition, 'file' | 'locate'>,
  network: string,
): { file: string; line?: number; column?: number; path: string } {
  const path = ['networks', network];
  return { file, ...locate?.(path), path: path.join('.') };
}
