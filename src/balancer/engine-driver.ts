import type { EngineName } from '../cluster/engine-name.ts';
import type { Progress } from '../plan/layer.ts';
import type { Command } from '../remote/command.ts';
import type { Host } from '../remote/host.ts';
import { driveHaproxy } from './haproxy/drive-haproxy.ts';
import type { AdminState, ConfiguredServer, LiveBalancer, WantedState } from './live-server.ts';
import { driveNginx } from './nginx/drive-nginx.ts';

/** How an engine is checked, prepared for a new configuration, asked which one it runs, and told of its servers. */
export interface EngineDriver {
  /** Has the program itself read a configuration that isn't in place yet. */
  checkCommand(configPath: string): Command;
  /** What a new process must find; called before the configuration is swapped in. */
  beforeLoad?(host: Host, config: string): Promise<void>;
  /**
   * Brings the running process to a configuration that differs in servers only; false where that takes a reload.
   * Absent: it always does.
   */
  changeServers?(host: Host, change: { before: string; after: string }, progress: Progress): Promise<boolean>;
  /** Called once the new configuration runs, or was given up. */
  afterLoad?(host: Host): Promise<void>;
  /** The digest of the configuration that runs; `undefined` when nothing answers or it isn't ours. */
  readRunningDigest(host: Host): Promise<string | undefined>;
  /** Tells a process from the one that takes over from it; `undefined` when nothing answers. Absent: digests tell. */
  readProcess?(host: Host): Promise<string | undefined>;
  /** The signal on which it takes no new connections, lets those it has end, and ends. */
  leaveSignal: string;
  /** One look at what runs. @throws UserError when it doesn't answer. */
  readLive(host: Host): Promise<LiveBalancer>;
  /** Tells what runs the states of servers, all at once; returns when nothing new reaches those that are drained. */
  tellStates(host: Host, wanted: WantedState[]): Promise<void>;
  /** The servers of a configuration. */
  listServers(config: string): ConfiguredServer[];
  /** Gives what runs more servers. */
  addServers(host: Host, servers: ConfiguredServer[], state: AdminState): Promise<void>;
  /** Balancers are told one after the other: a change takes new processes, and one that fails must leave the other alone. */
  inTurn: boolean;
}

export const engineDrivers: Record<EngineName, EngineDriver> = { haproxy: driveHaproxy, nginx: driveNginx };
