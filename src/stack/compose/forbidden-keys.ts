/** Keys that `docker stack deploy` knows from older formats and refuses, and those it reads and ignores. */
import type { Problem } from '../../errors.ts';
import type { ComposeDocument } from './compose-document.ts';
import { isMap } from './yaml-value.ts';

const useLimits = 'set the limit under deploy.resources.limits';

const forbidden: Record<string, string> = {
  extends: 'write the service out, or share its parts with a YAML anchor (&name, *name)',
  volume_driver: 'define a volume under the top-level volumes: and set the driver there',
  volumes_from: 'define a volume under the top-level volumes: and mount it in each service',
  cpu_quota: useLimits,
  cpu_shares: useLimits,
  cpuset: useLimits,
  mem_limit: 'set the limit under deploy.resources.limits.memory',
  memswap_limit: 'set the limit under deploy.resources.limits.memory',
};

/** Every forbidden key of every service. */
export function findForbiddenKeys(document: ComposeDocument): Problem[] {
  const services = document.root.services;
  if (!isMap(services)) return [];
  return Object.entries(services).flatMap(([name, service]) =>
    Object.keys(isMap(service) ? service : {})
      .filter((key) => Object.hasOwn(forbidden, key))
      .map((key) => {
        const path = ['services', name, key];
        const place = { file: document.file, ...document.locate(path), path: path.join('.') };
        return { ...place, message: `${key} can't be used in a swarm stack`, next: forbidden[key] as string };
      }),
  );
}
