/** Carries out one change of a host and returns when it is true. */
import type { Cluster } from '../cluster/cluster.ts';
import type { Progress } from '../plan/layer.ts';
import type { Host, Hosts } from '../remote/host.ts';
import type { HostsAction, HostsChange } from './action.ts';
import { applyRemoval } from './apply-removal.ts';
import { makeBaseline, renderBaseline } from './baseline.ts';
import { replaceHostsBlock } from './hosts-file.ts';
import { installRecorded } from './install-recorded.ts';
import { readHost } from './observe.ts';
import { baselinePath, engineDropInPath, hostsPath, sysctlPath } from './paths.ts';
import { repairPackages } from './run-apt.ts';
import { runSystemctl, setHostname, startEngine } from './services.ts';
import { sysctlFile } from './sysctl.ts';
import { untilAborted } from './until-aborted.ts';

/**
 * Makes one change of the hosts layer.
 *
 * @throws `CommandError` or `UserError` with the last lines of what failed on the host.
 */
export async function applyHostsChange(
  cluster: Cluster,
  hosts: Hosts,
  { action }: HostsChange,
  progress: Progress,
): Promise<void> {
  const host = await hosts.connect(action.host);
  await untilAborted(applyAction(cluster, host, action, progress), progress.signal);
}

async function applyAction(
  cluster: Cluster,
  host: Host,
  action: HostsAction,
  progress: Progress,
): Promise<void> {
  switch (action.type) {
    case 'write-baseline':
      return writeBaseline(cluster, host);
    case 'repair-packages':
      progress.report('finishing interrupted packages');
      return repairPackages(host, progress);
    case 'write-sysctl':
      await host.writeFile(sysctlPath, action.content);
      return setSysctl(host, action.settings, progress);
    case 'set-hostname':
      return setHostname(host, action.hostname, `${action.hostname}\n`, action.restartEngine);
    case 'write-hosts-file': {
      const content = await host.readFile(hostsPath);
      return host.writeFile(hostsPath, replaceHostsBlock(content ?? '127.0.0.1 localhost\n', action.block));
    }
    case 'write-engine-drop-in':
      await host.writeFile(engineDropInPath, action.content);
      await runSystemctl(host, ['daemon-reload']);
      if (!action.restartEngine) return;
      progress.report('restarting the engine');
      await runSystemctl(host, ['restart', 'docker.service']);
      return startEngine(host, progress);
    case 'install-packages':
      await installRecorded(host, action.packages, progress);
      if (action.engine) await startEngine(host, progress);
      return;
    case 'start-engine':
      return startEngine(host, progress);
    default:
      return applyRemoval(host, action, progress);
  }
}

/** From the host as it is now: since the plan was made, the user may have changed something. */
async function writeBaseline(cluster: Cluster, host: Host): Promise<void> {
  const state = await readHost(host);
  if (state.baseline) return;
  // The user's own configuration may hold passwords.
  await host.writeFile(baselinePath, renderBaseline(makeBaseline(cluster.name, state)), { mode: 0o600 });
}

/** Sets running values; one that a container may not set stays, and the next plan says so. */
async function setSysctl(host: Host, settings: Record<string, string>, progress: Progress): Promise<void> {
  for (const [key, value] of Object.entries(settings)) {
    const { exitCode } = await host.run({
      program: 'tee',
      args: [sysctlFile(key)],
      stdin: `${value}\n`,
      asRoot: true,
      accept: [0, 1],
    });
    if (exitCode !== 0) progress.report(`${key} can't be set here`);
  }
}
