import type { Cluster } from '../cluster/cluster.ts';
import type { Change } from '../plan/change.ts';
import type { Layer, Progress } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import type { StackDefinition } from '../stack/definition.ts';
import { applyEngine } from './apply-engine.ts';
import { type BalancerModel, planBackends } from './backends.ts';
import { warnOfExpiry } from './certificate-expiry.ts';
import { displaceEngine } from './displace-engine.ts';
import { applyKeepalived } from './keepalived/apply-keepalived.ts';
import { applyNftables } from './keepalived/apply-nftables.ts';
import { type Certificate, type Materials, noMaterials } from './materials.ts';
import { type ObservedBalancers, observeBalancers } from './observe.ts';
import { isEngine } from './parts.ts';
import { type BalancerAction, planBalancerRemoval, planBalancers } from './plan.ts';
import { removePart } from './remove-part.ts';

export interface BalancerLayerOptions {
  /** Certificates and pages that the files name. */
  materials?: Materials | undefined;
  /** What a balancer that can't be reached means for removal: `refuse` (unless told) ends the plan, `skip` leaves it as it is. */
  unreachable?: 'refuse' | 'skip';
}

/**
 * The layer of the engine (HAProxy or NGINX) and keepalived on the balancers.
 *
 * @throws InputError when the stack's `x-balancer` is wrong: nothing is changed then.
 */
export function createBalancerLayer(
  definition: StackDefinition | undefined,
  cluster: Cluster,
  hosts: Hosts,
  { materials = noMaterials, unreachable = 'refuse' }: BalancerLayerOptions = {},
): Layer<ObservedBalancers, BalancerAction> {
  const model = planBackends(definition, cluster, materials);
  return {
    name: 'balancer',
    async observe() {
      const value = await observeBalancers(cluster, hosts);
      const { engine } = model;
      const bare = value.hosts
        .filter((host) => (engine === 'nginx' ? host.nginxVersion : host.haproxyVersion) === undefined)
        .map((host) => host.node);
      const untouched = value.hosts.every((host) => Object.keys(host.files).length === 0);
      if (bare.length > 0 && untouched)
        return { kind: 'unknown', reason: `${engine} is not installed on ${bare.join(', ')}` };
      return { kind: 'observed', value };
    },
    plan: (observed) => {
      const away = observed.away.map(({ host }) => host);
      const plan = planBalancers(model, cluster, observed.hosts, away);
      return { ...plan, warnings: [...plan.warnings, ...warnOfExpiry(model, Date.now())] };
    },
    warnUnobserved: () => model.warnings,
    planRemoval: (observed) => {
      // what isn't looked at would be left behind without a word
      if (observed.away[0] && unreachable === 'refuse') throw observed.away[0];
      const plan = planBalancerRemoval(cluster, observed.hosts);
      const left = observed.away.map(({ host }) => `${host} can't be reached and is left as it is`);
      return { ...plan, warnings: [...plan.warnings, ...left] };
    },
    apply: (change, progress) => applyBalancer(change, progress, { model, cluster, hosts }),
  };
}

async function applyBalancer(
  { action }: Change<BalancerAction>,
  progress: Progress,
  { model, cluster, hosts }: { model: BalancerModel; cluster: Cluster; hosts: Hosts },
): Promise<void> {
  const host = await hosts.connect(action.host);
  if (action.type === 'remove') return removePart(host, action.part, cluster);
  if (action.type === 'displace') return displaceEngine(host, action.part);
  const { part, files, obsolete, serversOnly } = action;
  if (isEngine(part)) {
    const findKey = (fingerprint: string) => findCertificate(model, fingerprint)?.key;
    return applyEngine(host, { engine: part, files, obsolete, serversOnly, model, findKey }, progress);
  }
  if (part === 'keepalived') return applyKeepalived(host, action, { cluster, hosts, progress });
  return applyNftables(host, files);
}

function findCertificate(model: BalancerModel, fingerprint: string): Certificate | undefined {
  const certificates = model.frontends.flatMap(({ tls }) => tls?.certificates ?? []);
  return certificates.find((one) => one.fingerprint === fingerprint);
}
