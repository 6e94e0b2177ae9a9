import { UserError } from '../../errors.ts';
import type { Host } from '../../remote/host.ts';
import type { EngineDriver } from '../engine-driver.ts';
import { readSeal } from '../seal.ts';
import { addServer } from './add-server.ts';
import { changeServers } from './change-servers.ts';
import { addLeftBehind, leftBehindScript, masterSocketPath } from './left-behind.ts';
import { foldReads } from './reads.ts';
import { serverStatePath } from './render-haproxy.ts';
import { askHaproxy, readProcess, readRunningDigest } from './runtime-api.ts';
import { renderRuntimeMarker, runtimeMarkerPath } from './runtime-marker.ts';
import { compareServers, listRuntimeServers } from './runtime-servers.ts';
import { emptyServerState, pickServerState } from './server-state.ts';
import { parseLiveBalancer } from './servers.ts';
import { renderState } from './sticky.ts';

/** HAProxy: checked by `haproxy -c`, asked over its Runtime API. */
export const driveHaproxy: EngineDriver = {
  checkCommand: (configPath) => ({ program: 'haproxy', args: ['-c', '-f', configPath], asRoot: true }),
  beforeLoad: async (host, config) => {
    // what is written next isn't what the process was brought to
    await host.removeFile(runtimeMarkerPath);
    await saveServerState(host, config);
  },
  changeServers: async (host, { before, after }, progress) => {
    const difference = compareServers(before, after);
    const started = await readRunningDigest(host);
    const now = readSeal(after);
    if (!difference || started === undefined || now === undefined) return false;
    if (!(await changeServers(host, difference, progress))) return false;
    await host.writeFile(runtimeMarkerPath, renderRuntimeMarker(started, now));
    return true;
  },
  // what was true at this reload must not be believed at a later one; a start takes it away by itself
  afterLoad: (host) => host.writeFile(serverStatePath, emptyServerState),
  readRunningDigest,
  readProcess,
  leaveSignal: 'SIGUSR1',
  readLive: async (host) => {
    const [statistics, states, leftBehind] = await Promise.all([
      askHaproxy(host, 'show stat'),
      askHaproxy(host, 'show servers state'),
      host.run({
        program: 'perl',
        args: ['-e', leftBehindScript, masterSocketPath],
        title: 'asking what processes work on that a reload left behind',
        asRoot: true,
      }),
    ]);
    return foldReads(addLeftBehind(parseLiveBalancer(statistics, states), leftBehind.stdout));
  },
  tellStates: async (host, wanted) => {
    // all in one line, so that they change together
    const commands = wanted.flatMap((one) =>
      [one.server.backend, one.server.reads]
        .filter((section) => section !== undefined)
        .map((section) => renderState(section, one)),
    );
    const answer = (await askHaproxy(host, commands.join('; '))).trim();
    if (answer === '') return;
    throw new UserError(`HAProxy refuses to change the state of servers: ${answer.split('\n')[0]}`, {
      place: { host: host.name },
      next: 'kawanan balancer show tells which servers it has; kawanan balancer sync brings them up to date',
    });
  },
  listServers: listRuntimeServers,
  addServers: async (host, servers, state) => {
    for (const server of servers) await addServer(host, server, state);
  },
  inTurn: false,
};

/** So that a server that is down or drained stays so in the new process, instead of being tried once more by clients. */
async function saveServerState(host: Host, config: string): Promise<void> {
  const running = (await readRunningDigest(host)) !== undefined;
  const state = running
    ? pickServerState(await askHaproxy(host, 'show servers state'), config)
    : emptyServerState;
  await host.writeFile(serverStatePath, state);
}
