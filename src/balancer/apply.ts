/** Carries out one change of the balancer layer. */
import type { Cluster } from '../cluster/cluster.ts';
import type { Change } from '../plan/change.ts';
import type { Progress } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import { applyEngine } from './apply-engine.ts';
import type { BalancerModel } from './backends.ts';
import { displaceEngine } from './displace-engine.ts';
import { applyKeepalived } from './keepalived/apply-keepalived.ts';
import { applyNftables } from './keepalived/apply-nftables.ts';
import type { Certificate } from './materials.ts';
import { isEngine } from './parts.ts';
import type { BalancerAction } from './plan.ts';
import { removePart } from './remove-part.ts';

/** Makes one change of a balancer true. @throws UserError that says why not. */
export async function applyBalancer(
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
