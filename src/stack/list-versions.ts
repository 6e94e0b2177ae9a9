/** The versions of all that a plan of the stack looked at. Pure. */
import type { StackObserved } from './observed.ts';

interface Versioned {
  ID: string;
  Version?: { Index: number };
}

/** Configs of our own that come and go while nothing of the stack changes. */
const fleeting = new Set(['kawanan.lock']);

/** Object (`service shop_web`) → the version index the swarm gives it; a network, which has none, by its ID. */
export function listVersions(observed: StackObserved): Record<string, string> {
  const index = ({ ID, Version }: Versioned): string => `${Version?.Index ?? ''} (${ID.slice(0, 12)})`.trim();
  return Object.fromEntries([
    ...observed.services.map((one) => [`service ${one.Spec.Name}`, index(one)]),
    ...observed.networks.map((one) => [`network ${one.Name}`, one.Id.slice(0, 12)]),
    ...observed.configs
      .filter(({ Spec }) => !fleeting.has(Spec.Name))
      .map((one) => [`config ${one.Spec.Name}`, index(one)]),
    ...observed.secrets.map((one) => [`secret ${one.Spec.Name}`, index(one)]),
    ...observed.nodes.map((one) => [`node ${one.hostname}`, `${one.version ?? ''} (${one.id.slice(0, 12)})`]),
  ]);
}
