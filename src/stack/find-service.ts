/** Finds the service a user means. Pure. */
import { InputError, UserError } from '../errors.ts';
import { findNearestWord, suggestWord } from '../input/nearest-word.ts';
import { nameWithoutColor, readColor } from './blue-green.ts';
import type { ServiceSpec } from './engine-types.ts';

/**
 * The service of a stack by its short name (`web`) or its full one (`stk_web`).
 *
 * @throws UserError that names the nearest one, or all there are.
 */
export function findServiceByName<Service extends NamedService>(
  wanted: string,
  services: Service[],
  stackName: string,
): Service {
  return findServicesByName(wanted, services, stackName)[0]!;
}

interface NamedService {
  Spec: Pick<ServiceSpec, 'Name' | 'Labels'>;
  CreatedAt: string;
}

/**
 * The same, with the second one of a service that is being turned over from blue to green: the one that serves first.
 *
 * @throws UserError that names the nearest one, or all there are.
 */
export function findServicesByName<Service extends NamedService>(
  wanted: string,
  services: Service[],
  stackName: string,
): Service[] {
  const exact = services.filter(({ Spec }) => Spec.Name === wanted && readColor(Spec) === 'green');
  const named = [`${stackName}_${wanted}`, wanted].map((name) =>
    services
      .filter(({ Spec }) => nameWithoutColor(Spec) === name)
      .toSorted((a, b) => Date.parse(a.CreatedAt) - Date.parse(b.CreatedAt)),
  );
  const found = [exact, ...named].find((some) => some.length > 0);
  if (found) return found;
  const names = services
    .map(({ Spec }) => nameWithoutColor(Spec))
    .map((name) => (name.startsWith(`${stackName}_`) ? name.slice(stackName.length + 1) : name))
    .sort();
  const nearest = findNearestWord(wanted, names);
  throw new UserError(`the stack ${stackName} has no service ${JSON.stringify(wanted)}`, {
    next:
      nearest !== undefined
        ? `did you mean ${JSON.stringify(nearest)}?`
        : names.length > 0
          ? `its services are ${names.join(', ')}`
          : '`kawanan up` brings the stack up',
  });
}

/**
 * The name of the only stack that has a service of this name: `web`, `shop_web`, or one of its tasks (`web.2`).
 *
 * @throws InputError where several stacks have one; UserError that names the nearest one where none of several has.
 */
export function chooseStackOf(
  wanted: string,
  stacks: readonly { name: string; services: readonly Pick<NamedService, 'Spec'>[] }[],
): string {
  const service = wanted.split('.')[0] ?? '';
  const namesOf = (name: string, services: readonly Pick<NamedService, 'Spec'>[]): string[] =>
    services.map(({ Spec }) => nameWithoutColor(Spec).replace(`${name}_`, ''));
  const listHaving = (word: string) =>
    stacks.filter(
      ({ name, services }) =>
        namesOf(name, services).includes(word) ||
        services.some(({ Spec }) => Spec.Name === word || nameWithoutColor(Spec) === word),
    );
  // a service may have a dot in its name
  const exact = listHaving(wanted);
  const having = exact.length > 0 ? exact : listHaving(service);
  const names = having.map(({ name }) => name);
  if (having.length > 1)
    throw new InputError({
      message: `which ${service}? The stacks ${names.join(' and ')} have one`,
      next: `say --stack ${names[0]}, or its full name: ${names[0]}_${service}`,
    });
  // Of a single stack the answer names its services.
  const found = having[0] ?? (stacks.length === 1 ? stacks[0] : undefined);
  if (found) return found.name;
  throw new UserError(`no stack of the cluster has a service ${JSON.stringify(service)}`, {
    next: suggestWord(
      service,
      stacks.flatMap(({ name, services }) => namesOf(name, services)),
    ),
  });
}
