/** Carries out one change of the swarm and returns when the swarm itself says that it is true. */
import type Docker from 'dockerode';
import type { Cluster } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import { readStatusCode } from '../remote/engine-call.ts';
import type { Hosts } from '../remote/host.ts';
import type { MemberSettings, SwarmAction, SwarmChange } from './action.ts';
import { connectManager } from './connect-manager.ts';
import { describeEngineError } from './describe-engine-error.ts';
import { mergeLabels } from './node-labels.ts';
import { type InfoAnswer, type NodeAnswer, parseEngine, parseMember } from './parse-swarm.ts';
import type { EngineState, MemberState } from './swarm-state.ts';
import { waitUntil } from './wait-until.ts';

/** The swarm's port for control traffic. */
const swarmPort = 2377;

/** What every step of a change needs. */
interface Work {
  cluster: Cluster;
  hosts: Hosts;
  progress: Progress;
}

/** Makes one change of the swarm layer. */
export async function applySwarmChange(
  cluster: Cluster,
  hosts: Hosts,
  { action }: SwarmChange,
  progress: Progress,
): Promise<void> {
  try {
    await applyAction(action, { cluster, hosts, progress });
  } catch (error) {
    if (readStatusCode(error) === undefined) throw error;
    const text = describeEngineError(error);
    // The engine's own error isn't passed on: it may quote what it was asked, a join token included.
    throw new UserError(`the engine refused: ${text}`, {
      place: { host: action.node },
      next: 'mend it and run the same command again',
    });
  }
}

async function applyAction(action: SwarmAction, work: Work): Promise<void> {
  switch (action.type) {
    case 'init':
      return init(action, work);
    case 'join':
      return join(action, work);
    case 'update':
      return updateMember(action.node, action.nodeId, action.settings, work);
    case 'remove-twin':
      return removeTwin(action, work);
    case 'leave':
      return leave(action, work);
  }
}

async function init(action: Extract<SwarmAction, { type: 'init' }>, work: Work): Promise<void> {
  const engine = (await work.hosts.connect(action.node)).engine();
  if (action.leaveFirst) await leaveSwarm(engine, work.progress);
  work.progress.report('making a swarm');
  await engine.swarmInit({
    ...makeAddresses(action.node, work.cluster),
    ...(action.addressPool === undefined ? {} : { DefaultAddrPool: [action.addressPool], SubnetSize: 24 }),
  });
  await settle(action.node, action.settings, work);
}

async function join(action: Extract<SwarmAction, { type: 'join' }>, work: Work): Promise<void> {
  const { cluster, hosts, progress } = work;
  const engine = (await hosts.connect(action.node)).engine();
  if (action.leaveFirst) await leaveSwarm(engine, progress);
  const { engine: manager } = await connectManager(cluster, hosts);
  const members = await readMembers(manager);
  const reachable = members.filter(({ reachability }) => reachability === 'reachable');
  const { JoinTokens: tokens } = (await manager.swarmInspect()) as {
    JoinTokens: { Manager: string; Worker: string };
  };
  progress.report(`joining as ${action.settings.role}`);
  try {
    await engine.swarmJoin({
      ...makeAddresses(action.node, cluster),
      RemoteAddrs: reachable.map(({ address }) => `${address}:${swarmPort}`),
      JoinToken: action.settings.role === 'manager' ? tokens.Manager : tokens.Worker,
    });
  } catch (error) {
    // The engine gives the request up after 20 s, not the join.
    if (!/Timeout was reached/.test(describeEngineError(error))) throw error;
  }
  await settle(action.node, action.settings, work);
}

/** Addresses are always said: an engine that has to guess takes the wrong one on a host with two. */
function makeAddresses(nodeName: string, cluster: Cluster): Record<string, string> {
  const { address } = cluster.nodes.find(({ name }) => name === nodeName)!;
  return {
    ListenAddr: `${address}:${swarmPort}`,
    AdvertiseAddr: `${address}:${swarmPort}`,
    DataPathAddr: address,
  };
}

/** Waits until a node that joined is known to the swarm, then gives it its labels and availability. */
async function settle(nodeName: string, settings: MemberSettings, work: Work): Promise<void> {
  const engine = (await work.hosts.connect(nodeName)).engine();
  let state: EngineState | undefined;
  await waitUntil(
    async () => {
      state = await readEngine(engine);
      return state.state === 'active' && state.nodeId !== '' ? undefined : (state.error ?? state.state);
    },
    { what: 'the node is in the swarm', host: nodeName, progress: work.progress },
  );
  await updateMember(nodeName, state!.nodeId, settings, work);
}

async function updateMember(
  nodeName: string,
  nodeId: string,
  settings: MemberSettings,
  work: Work,
): Promise<void> {
  const { cluster, hosts, progress } = work;
  await waitUntil(
    async () => {
      const { engine } = await connectManager(cluster, hosts);
      return (await writeSettings(engine, nodeId, settings)) ? undefined : 'the swarm is still changing it';
    },
    { what: 'its settings are written', host: nodeName, progress },
  );
  await waitUntil(
    async () => {
      const { engine } = await connectManager(cluster, hosts);
      const members = await readMembers(engine);
      return explainUnready(
        members.find(({ id }) => id === nodeId),
        settings,
      );
    },
    { what: 'the node is ready', host: nodeName, progress },
  );
}

/** Whether the node has its settings; false when another change came between and it must be tried again. */
async function writeSettings(manager: Docker, nodeId: string, settings: MemberSettings): Promise<boolean> {
  let node: NodeAnswer & { Version: { Index: number } };
  try {
    node = (await manager.getNode(nodeId).inspect()) as typeof node;
  } catch (error) {
    // A node that has just joined isn't known to every manager yet.
    if (readStatusCode(error) === 404) return false;
    throw error;
  }
  const labels = mergeLabels(node.Spec?.Labels ?? {}, settings.labels);
  const wanted = { ...node.Spec, Role: settings.role, Availability: settings.availability, Labels: labels };
  const member = parseMember(node);
  const same =
    member.role === settings.role &&
    member.availability === settings.availability &&
    JSON.stringify(Object.entries(member.labels).toSorted()) ===
      JSON.stringify(Object.entries(labels).toSorted());
  if (same) return true;
  try {
    await manager.getNode(nodeId).update({ _query: { version: node.Version.Index }, _body: wanted });
    return true;
  } catch (error) {
    if (/out of sequence/.test(describeEngineError(error))) return false;
    throw error;
  }
}

/** Why a member isn't what it should be, in words; `undefined` when it is. */
export function explainUnready(
  member: MemberState | undefined,
  settings: MemberSettings,
): string | undefined {
  if (!member) return 'the swarm does not list it yet';
  if (member.status !== 'ready') return [member.status, member.message].filter(Boolean).join(': ');
  if (settings.role === 'manager' && member.reachability !== 'reachable')
    return 'the other managers do not reach it yet';
  if (settings.role === 'worker' && member.reachability !== undefined)
    return 'the managers have not let it go yet';
  return undefined;
}

async function removeTwin(action: Extract<SwarmAction, { type: 'remove-twin' }>, work: Work): Promise<void> {
  const { cluster, hosts, progress } = work;
  await waitUntil(
    async () => {
      const { engine } = await connectManager(cluster, hosts);
      const member = (await readMembers(engine)).find(({ id }) => id === action.nodeId);
      if (!member) return undefined;
      if (member.role === 'manager') {
        const { availability } = member;
        await writeSettings(engine, action.nodeId, { role: 'worker', availability, labels: {} });
        return 'taking its vote away';
      }
      try {
        await engine.getNode(action.nodeId).remove({ force: true });
        return undefined;
      } catch (error) {
        if (readStatusCode(error) === 404) return undefined;
        return describeEngineError(error);
      }
    },
    { what: 'its dead twin is gone', host: action.node, progress },
  );
}

async function leave(action: Extract<SwarmAction, { type: 'leave' }>, work: Work): Promise<void> {
  const { cluster, hosts, progress } = work;
  const engine = (await hosts.connect(action.node)).engine();
  if (action.demoteFirst) {
    const { nodeId } = await readEngine(engine);
    await waitUntil(
      async () => {
        if (!(await readEngine(engine)).manager) return undefined;
        const { engine: manager } = await connectManager(cluster, hosts);
        const member = (await readMembers(manager)).find(({ id }) => id === nodeId);
        if (member?.role === 'manager') {
          const { availability } = member;
          await writeSettings(manager, nodeId, { role: 'worker', availability, labels: {} });
        }
        return 'handing its vote over';
      },
      { what: 'it is no manager any more', host: action.node, progress },
    );
  }
  await leaveSwarm(engine, progress);
  try {
    // The bridge that swarms make for themselves: an engine that stays wouldn't take it away, one that joins makes it.
    await engine.getNetwork('docker_gwbridge').remove();
  } catch (error) {
    // Not there, or still in use by a container that isn't the swarm's.
    if (readStatusCode(error) === undefined) throw error;
  }
}

async function leaveSwarm(engine: Docker, progress: Progress): Promise<void> {
  progress.report('leaving the swarm');
  try {
    await engine.swarmLeave({ force: true });
  } catch (error) {
    // 503: it is in none.
    if (readStatusCode(error) !== 503 && readStatusCode(error) !== 406) throw error;
  }
  await waitUntil(
    async () => {
      const { state } = await readEngine(engine);
      return state === 'inactive' ? undefined : state;
    },
    { what: 'the node has left', progress },
  );
}

async function readEngine(engine: Docker): Promise<EngineState> {
  return parseEngine((await engine.info()) as InfoAnswer);
}

async function readMembers(manager: Docker): Promise<MemberState[]> {
  return ((await manager.listNodes()) as NodeAnswer[]).map(parseMember);
}
