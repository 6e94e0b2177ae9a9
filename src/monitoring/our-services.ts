/** Whether a stack called `monitoring` is the one that `kawanan monitor up` made. No I/O here. */
import { monitoringStack } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { ObservedService } from '../stack/observed.ts';
import { passwordSecret } from './exporters.ts';

/** What stacks/monitoring builds. */
const images = ['monitoring/server:', 'monitoring/exporters:'];

/**
 * The services of the stack where they are ours, however few of them a run that was killed has made; none where the
 * stack is somebody else's and only has the name.
 */
export function selectOurs(services: readonly ObservedService[]): ObservedService[] {
  return services.some(isOurs) ? [...services] : [];
}

/** @throws UserError where the stack of that name is somebody else's: `monitor up` would take its services away. */
export function refuseStranger(services: readonly ObservedService[]): void {
  if (services.length === selectOurs(services).length) return;
  throw new UserError(
    `the swarm has a stack called ${monitoringStack} that is not the one of \`kawanan monitor\`; nothing was changed`,
    {
      details: [`its services: ${services.map(({ Spec }) => Spec.Name).join(', ')}`],
      next: `deploy it under another name and take this one away (docker stack rm ${monitoringStack}), then run the same command again`,
    },
  );
}

function isOurs({ Spec }: ObservedService): boolean {
  const { Image, Secrets = [] } = Spec.TaskTemplate.ContainerSpec;
  return (
    images.some((name) => Image.startsWith(name)) || Secrets.some(({ File }) => File?.Name === passwordSecret)
  );
}
