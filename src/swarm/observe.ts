import type { Cluster } from '../cluster/cluster.ts';
import { swarmNodes } from '../cluster/cluster.ts';
import { InterruptedError } from '../errors.ts';
import type { Observation } from '../plan/layer.ts';
import type { Hosts } from '../remote/host.ts';
import { ConnectionError } from '../remote/remote-errors.ts';
import { within } from '../remote/within.ts';
import { describeEngineError } from './describe-engine-error.ts';
import { type InfoAnswer, type NodeAnswer, parseEngine, parseMember } from './parse-swarm.ts';
import type { MemberState, NodeEngine, SwarmObserved } from './swarm-state.ts';

const questionTimeoutMs = 10_000;

/** Reads every engine and every manager's list of nodes, side by side. Unknown while no engine answers at all. */
export async function observeSwarm(
  cluster: Cluster,
  hosts: Hosts,
  signal: AbortSignal,
): Promise<Observation<SwarmObserved>> {
  const nodes = swarmNodes(cluster);
  const read = await Promise.all(nodes.map((node) => readNode(node.name, hosts)));
  if (signal.aborted) throw new InterruptedError('interrupted');
  const value: SwarmObserved = {
    engines: Object.fromEntries(nodes.map((node, index) => [node.name, read[index]!.engine])),
    views: read.flatMap(({ view }) => (view ? [view] : [])),
  };
  const engines = Object.values(value.engines);
  const absent = engines.find((engine) => engine.kind === 'absent');
  if (absent && !engines.some((engine) => engine.kind === 'engine'))
    return { kind: 'unknown', reason: absent.reason };
  return { kind: 'observed', value };
}

async function readNode(
  name: string,
  hosts: Hosts,
): Promise<{ engine: NodeEngine; view?: SwarmObserved['views'][number] }> {
  let host: Awaited<ReturnType<Hosts['connect']>>;
  try {
    host = await hosts.connect(name);
  } catch (error) {
    return { engine: { kind: 'unreachable', error } };
  }
  const docker = host.engine();
  try {
    const engine = parseEngine((await within(questionTimeoutMs, docker.info())) as InfoAnswer);
    if (!engine.manager || engine.clusterId === undefined) return { engine };
    const members = await readMembers(within(questionTimeoutMs, docker.listNodes()));
    return members ? { engine, view: { manager: name, clusterId: engine.clusterId, members } } : { engine };
  } catch (error) {
    if (error instanceof ConnectionError) return { engine: { kind: 'unreachable', error } };
    return {
      engine: { kind: 'absent', reason: `no engine answers on ${name}: ${describeEngineError(error)}` },
    };
  }
}

/** `undefined` from a manager that doesn't answer for its swarm: the quorum is lost. */
async function readMembers(answer: Promise<NodeAnswer[]>): Promise<MemberState[] | undefined> {
  try {
    return (await answer).map(parseMember);
  } catch {
    return undefined;
  }
}
