/** Changes one node of the swarm, outside of any plan: what the `kawanan node` commands do. */
import type { Cluster } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import { within } from '../remote/within.ts';
import { connectManager } from './connect-manager.ts';
import { describeEngineError } from './describe-engine-error.ts';
import { drainedByLabel } from './drained-by.ts';
import { type NodeAnswer, parseMember } from './parse-swarm.ts';
import type { MemberState } from './swarm-state.ts';
import { waitUntil } from './wait-until.ts';

const questionTimeoutMs = 20_000;

/** Every node as the swarm lists it. @throws UserError when no manager answers. */
export async function listMembers(cluster: Cluster, hosts: Hosts): Promise<MemberState[]> {
  const { engine } = await connectManager(cluster, hosts);
  return ((await within(questionTimeoutMs, engine.listNodes())) as NodeAnswer[]).map(parseMember);
}

/** The node of that name. @throws UserError when the swarm has none. */
export function findMember(members: MemberState[], node: string): MemberState {
  const found = members.filter(({ hostname }) => hostname === node);
  // A dead twin of a machine that joined anew bears its name.
  const member = found.find(({ status }) => status === 'ready') ?? found[0];
  if (member) return member;
  throw new UserError(`${node} is not in the swarm`, { next: '`kawanan up` brings it in' });
}

/**
 * Drains a node in the swarm with a mark of who did it, or makes it active and takes the mark away. Idempotent: a node
 * that is drained already keeps its mark.
 */
export async function setAvailability(
  { cluster, hosts, progress }: { cluster: Cluster; hosts: Hosts; progress: Progress },
  nodeId: string,
  wanted: { availability: 'active' | 'drain' | 'pause'; drainedBy?: string },
): Promise<void> {
  await waitUntil(
    async () => {
      const { engine } = await connectManager(cluster, hosts);
      const node = (await engine.getNode(nodeId).inspect()) as NodeAnswer & { Version: { Index: number } };
      const { [drainedByLabel]: mark, ...labels } = node.Spec?.Labels ?? {};
      const keep = wanted.drainedBy === undefined ? undefined : (mark ?? wanted.drainedBy);
      if (node.Spec?.Availability === wanted.availability && mark === keep) return undefined;
      const body = {
        ...node.Spec,
        Availability: wanted.availability,
        Labels: { ...labels, ...(keep !== undefined && { [drainedByLabel]: keep }) },
      };
      try {
        await engine.getNode(nodeId).update({ _query: { version: node.Version.Index }, _body: body });
        return undefined;
      } catch (error) {
        if (/out of sequence/.test(describeEngineError(error))) return 'the swarm is still changing it';
        throw error;
      }
    },
    { what: `the node is ${wanted.availability}`, progress },
  );
}
