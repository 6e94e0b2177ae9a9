/** The balancers as the stack turns services over on them, by whatever their engine is told with. */
import { type Cluster, swarmNodes } from '../cluster/cluster.ts';
import { InterruptedError, UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import type { Traffic } from '../plan/traffic.ts';
import type { Hosts } from '../remote/host.ts';
import type { Color } from '../stack/blue-green.ts';
import type { StackDefinition } from '../stack/definition.ts';
import { nameServer, planBackends } from './backends.ts';
import { type Clock, systemClock } from './clock.ts';
import { engineDrivers } from './engine-driver.ts';
import { engines } from './engines.ts';
import { type BalancerView, viewBalancers } from './live.ts';
import type { LiveServer } from './live-server.ts';
import { drainServers, setStates } from './rotation.ts';

const checksMs = 60_000;
/** A sticky server whose checks begin anew; where no task of it runs it stays down. */
const checksAnewMs = 5_000;
const idleMs = 60_000;
const pollMs = 150;

/** For the services of one stack. */
export function createTraffic(
  definition: StackDefinition,
  cluster: Cluster,
  hosts: Hosts,
  clock: Clock = systemClock,
): Traffic {
  const model = planBackends(definition, cluster);
  const { listServers, addServers } = engineDrivers[model.engine];
  const rendered = listServers(engines[model.engine].render(model, {}));
  // Another stack may have a service of the same name: its servers stand in backends of other frontends.
  const own = new Set([...model.backends.map(({ name }) => name), ...rendered.map(({ backend }) => backend)]);
  const isOf =
    (service: string, color: Color, nodes = swarmNodes(cluster).map(({ name }) => name)) =>
    ({ name, backend }: Pick<LiveServer, 'name' | 'backend'>): boolean =>
      own.has(backend) && nodes.some((node) => nameServer(node, service, color) === name);

  return {
    async hold({ service, serving, holding }, progress) {
      const [serves, holds] = [isOf(service, serving), isOf(service, holding)];
      await addMissing(service, holding, 'drain');
      const before = await viewBalancers(cluster, hosts);
      // Only what a killed run turned away comes back: a server that a person drained stays so.
      const comesBack = (server: LiveServer): boolean =>
        serves(server) &&
        before.some(({ live }) => isTurned(live?.servers ?? [], server.backend, serves, holds));
      await resumeChecks(before, comesBack);
      const { views } = await lookUntilUp(
        (server) => server.sticky === true && comesBack(server),
        checksAnewMs,
        progress,
      );
      await setOn(views, (server) => {
        if (holds(server)) return 'drain';
        return comesBack(server) ? 'ready' : undefined;
      });
      await drainServers({ cluster, hosts, progress }, holds, { timeoutMs: idleMs, clock });
    },

    async turn({ service, to, from, nodes }, progress) {
      await addMissing(service, to, 'drain');
      const [takes, leaves] = [isOf(service, to), isOf(service, from)];
      await resumeChecks(await viewBalancers(cluster, hosts), takes);
      const views = await waitForChecks({ service, takes: isOf(service, to, nodes) }, progress);
      const byHand = listHeldByHand(views, service, { to, from });
      await setOn(views, (server) => {
        if (leaves(server)) return 'drain';
        if (!takes(server)) return undefined;
        if (byHand.has(server.name)) return server.admin === 'hold' ? 'drain' : undefined;
        return 'ready';
      });
      const { sessions, away } = await drainServers({ cluster, hosts, progress }, leaves, {
        timeoutMs: idleMs,
        clock,
      });
      if (sessions > 0)
        progress.report(`${sessions} requests or connections are cut: they lasted over ${idleMs / 1000} s`);
      for (const { balancer } of away) progress.report(`${balancer} does not answer; its checks tell it`);
    },

    async release({ service, color }) {
      const released = isOf(service, color);
      await setOn(await viewBalancers(cluster, hosts), (server) => (released(server) ? 'ready' : undefined));
    },
  };

  async function setOn(
    views: BalancerView[],
    wanted: (server: LiveServer) => 'ready' | 'hold' | 'drain' | undefined,
  ): Promise<void> {
    await setStates(views, { cluster, hosts }, wanted);
  }

  /**
   * Sticky servers that are drained aren't checked, and nobody turns over to one that isn't. Late, for while they are held
   * clients come that have their cookie from an earlier turn.
   */
  async function resumeChecks(views: BalancerView[], held: (server: LiveServer) => boolean): Promise<void> {
    await setOn(views, (server) =>
      server.sticky && server.admin === 'drain' && held(server) ? 'hold' : undefined,
    );
  }

  /** Servers that the balancers will get with their next configuration, but that are needed now. */
  async function addMissing(service: string, color: Color, state: 'ready' | 'drain'): Promise<void> {
    const wanted = rendered.filter(isOf(service, color));
    for (const { balancer, live } of await viewBalancers(cluster, hosts)) {
      const known = live?.servers ?? [];
      const stands = ({ backend, reads }: LiveServer, where: string): boolean =>
        [backend, reads].includes(where);
      const missing = wanted.filter(
        (server) =>
          known.some((one) => stands(one, server.backend)) &&
          !known.some((one) => stands(one, server.backend) && one.name === server.name),
      );
      if (missing.length > 0) await addServers(await hosts.connect(balancer), missing, state);
    }
  }

  async function waitForChecks(
    { service, takes }: { service: string; takes: (server: LiveServer) => boolean },
    progress: Progress,
  ): Promise<BalancerView[]> {
    const { views, down } = await lookUntilUp(takes, checksMs, progress);
    if (down.length === 0) return views;
    throw new UserError(`the new tasks of ${service} run, but the balancers' checks don't pass`, {
      details: down,
      next: 'does the check under x-balancer fit the new version? The old tasks serve on',
    });
  }

  /** The last look, and what was down in it: nothing, unless the time was up. */
  async function lookUntilUp(
    takes: (server: LiveServer) => boolean,
    timeoutMs: number,
    progress: Progress,
  ): Promise<{ views: BalancerView[]; down: string[] }> {
    const endsAt = clock.now() + timeoutMs;
    for (;;) {
      const views = await viewBalancers(cluster, hosts);
      const down = views.flatMap(({ balancer, live }) =>
        (live?.servers ?? [])
          .filter((server) => takes(server) && !server.up)
          .map(({ name, status, check }) => `${name} is ${status} (${check}) on ${balancer}`),
      );
      if (down.length === 0) return { views, down };
      if (progress.signal.aborted)
        throw new InterruptedError('interrupted', {
          next: 'run the same command again: it goes on where it stopped',
        });
      if (clock.now() > endsAt) return { views, down };
      progress.report(`waiting for the balancers' checks: ${down[0]}`);
      await clock.pause(pollMs);
    }
  }

  /** New servers of nodes whose old server a person had drained: they stay out of the rotation, too. */
  function listHeldByHand(
    views: BalancerView[],
    service: string,
    { to, from }: { to: Color; from: Color },
  ): Set<string> {
    const held = views.flatMap(({ live }) => {
      const old = (live?.servers ?? []).filter(isOf(service, from));
      // All of them: a run was killed after it had turned them away.
      if (old.every(({ admin }) => admin !== 'ready')) return [];
      return old.filter(({ admin }) => admin !== 'ready').map(({ name }) => name);
    });
    return new Set(
      swarmNodes(cluster)
        .filter(({ name }) => held.includes(nameServer(name, service, from)))
        .map(({ name }) => nameServer(name, service, to)),
    );
  }
}

/** Whether a run had turned a backend over before it was killed: all that served is held, and some of the others serve. */
function isTurned(
  servers: LiveServer[],
  backend: string,
  serves: (server: LiveServer) => boolean,
  holds: (server: LiveServer) => boolean,
): boolean {
  const own = servers.filter((server) => server.backend === backend);
  return (
    own.filter(serves).every(({ admin }) => admin !== 'ready') &&
    own.filter(holds).some(({ admin, up }) => admin === 'ready' && up)
  );
}
