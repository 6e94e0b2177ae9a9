/** Finds the service a user means. Pure. */
import { UserError } from '../errors.ts';
import { findNearestWord } from '../input/nearest-word.ts';

/**
 * The service of a stack by its short name (`web`) or its full one (`stk_web`).
 *
 * @throws UserError that names the nearest one, or all there are.
 */
export function findServiceByName<Service extends { Spec: { Name: string } }>(
  wanted: string,
  services: Service[],
  stackName: string,
): Service {
  const found =
    services.find((service) => service.Spec.Name === `${stackName}_${wanted}`) ??
    services.find((service) => service.Spec.Name === wanted);
  if (found) return found;
  const names = services
    .map(({ Spec }) =>
      Spec.Name.startsWith(`${stackName}_`) ? Spec.Name.slice(stackName.length + 1) : Spec.Name,
    )
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
