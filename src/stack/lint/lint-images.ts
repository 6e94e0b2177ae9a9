/** What the images on the nodes tell of a stack. Pure. */
import type { StackDefinition } from '../definition.ts';
import type { PlacedLint } from './lint.ts';
import { lintExposed } from './lint-ports.ts';
import { placeLint } from './place-lints.ts';
import { isHeard } from './silence.ts';

/**
 * The lints that only images tell, each with its text.
 *
 * @param exposedPorts image as it is deployed → TCP ports of its EXPOSE; images that are on no node yet are absent.
 */
export function lintImages(
  { services, silences, locate }: StackDefinition,
  exposedPorts: Record<string, number[]> = {},
): { lint: PlacedLint; text: string }[] {
  return services
    .flatMap((service) =>
      lintExposed(service, exposedPorts[service.spec.TaskTemplate.ContainerSpec.Image] ?? []),
    )
    .filter((lint) => isHeard(lint, silences))
    .map((lint) => placeLint(lint, locate));
}
