/** Makes a fault happen, and ends it. */
import type { Fault } from '../scenario/drill.ts';
import type { Stage } from '../stage.ts';
import { deployBadly } from './bad-deploy.ts';
import { busyProcessors } from './busy-processors.ts';
import { breakConfiguration, reloadBalancer } from './configuration.ts';
import { killKawanan, redeploy, runKawanan } from './kawanan.ts';
import { strikeMachines } from './machines.ts';
import { losePackets } from './packets.ts';
import { spoofAdverts } from './spoof-adverts.ts';
import { signalTasks, slowTask } from './tasks.ts';
import { restartUnit, signalUnit } from './units.ts';

/** A fault that is ready to strike: everything that takes time has been looked up. */
export interface ArmedFault {
  /** What is struck, in words: `haproxy on vm-loadbalancer1`. */
  target: string;
  /** Names of the machines that are broken as a whole. */
  machines?: string[];
  strike(): Promise<void>;
  /** Puts right what the fault left; safe to call when nothing was struck, and twice. */
  heal(): Promise<void>;
}

/** How long before a machine heals itself when nobody has healed it. */
export interface FaultTiming {
  atMostMs: number;
}

/**
 * Looks up what a fault is to strike.
 *
 * @throws UserError when there is nothing of that kind in the cluster, or the machines can't be switched off from here.
 */
export async function armFault(fault: Fault, stage: Stage, timing: FaultTiming): Promise<ArmedFault> {
  switch (fault.kind) {
    case 'signal unit':
      return signalUnit(fault, stage, timing);
    case 'restart unit':
      return restartUnit(fault, stage);
    case 'signal task':
      return signalTasks(fault, stage, timing);
    case 'slow task':
      return slowTask(fault, stage, timing);
    case 'machine':
      return strikeMachines(fault, stage);
    case 'lose packets':
      return losePackets(fault, stage, timing);
    case 'busy processors':
      return busyProcessors(fault, stage, timing);
    case 'reload balancer':
      return reloadBalancer(fault, stage);
    case 'break configuration':
      return breakConfiguration(fault, stage, timing);
    case 'spoof adverts':
      return spoofAdverts(fault, stage, timing);
    case 'run kawanan':
      return runKawanan(fault, stage);
    case 'kill kawanan':
      return killKawanan(fault, stage);
    case 'bad deploy':
      return deployBadly(fault, stage);
    case 'redeploy':
      return redeploy(fault, stage);
  }
}
