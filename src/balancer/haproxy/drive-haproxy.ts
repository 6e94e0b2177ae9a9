import type { Host } from '../../remote/host.ts';
import type { EngineDriver } from '../engine-driver.ts';
import { readSeal } from '../seal.ts';
import { changeServers } from './change-servers.ts';
import { serverStatePath } from './render-haproxy.ts';
import { askHaproxy, readRunningDigest } from './runtime-api.ts';
import { renderRuntimeMarker, runtimeMarkerPath } from './runtime-marker.ts';
import { compareServers } from './runtime-servers.ts';
import { emptyServerState, pickServerState } from './server-state.ts';

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
  // what was true at this reload must not be believed at a later start
  afterLoad: (host) => host.writeFile(serverStatePath, emptyServerState),
  readRunningDigest,
  leaveSignal: 'SIGUSR1',
};

/** So that a server that is down or drained stays so in the new process, instead of being tried once more by clients. */
async function saveServerState(host: Host, config: string): Promise<void> {
  const running = (await readRunningDigest(host)) !== undefined;
  const state = running
    ? pickServerState(await askHaproxy(host, 'show servers state'), config)
    : emptyServerState;
  await host.writeFile(serverStatePath, state);
}
