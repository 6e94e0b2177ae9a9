import type { Host } from '../../remote/host.ts';
import type { EngineDriver } from '../engine-driver.ts';
import { serverStatePath } from './render-haproxy.ts';
import { askHaproxy, readRunningDigest } from './runtime-api.ts';
import { emptyServerState, pickServerState } from './server-state.ts';

/** HAProxy: checked by `haproxy -c`, asked over its Runtime API. */
export const driveHaproxy: EngineDriver = {
  checkCommand: (configPath) => ({ program: 'haproxy', args: ['-c', '-f', configPath], asRoot: true }),
  beforeLoad: saveServerState,
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
