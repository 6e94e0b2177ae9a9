import { engines } from '../../balancer/engines.ts';
import type { Command } from '../../remote/command.ts';
import type { Fault } from '../scenario/drill.ts';
import { findMachines, onHost, type Stage } from '../stage.ts';
import { healNow, setHealTimer } from './self-healing.ts';
import type { ArmedFault, FaultTiming } from './strike.ts';

type SignalUnit = Extract<Fault, { kind: 'signal unit' }>;
type RestartUnit = Extract<Fault, { kind: 'restart unit' }>;

/** The proxy of this cluster under its own name: drills say `haproxy` and mean whichever it is. */
export function nameUnit(unit: string, { cluster }: Pick<Stage, 'cluster'>): string {
  return unit === 'haproxy' ? engines[cluster.balancer?.engine ?? 'haproxy'].unit : `${unit}.service`;
}

function signalAll(unit: string, signal: string): Command {
  return { program: 'systemctl', args: ['kill', '-s', signal, unit] };
}

/** Sends a signal to all processes of a unit. */
export async function signalUnit(
  fault: SignalUnit,
  stage: Stage,
  { atMostMs }: FaultTiming,
): Promise<ArmedFault> {
  const [node] = await findMachines(fault.where, stage);
  const unit = nameUnit(fault.unit, stage);
  const name = `signal-${fault.unit}`;
  // keepalived isn't started again by systemd when it was told to stop.
  const undo: Command =
    fault.signal === 'STOP' ? signalAll(unit, 'CONT') : { program: 'systemctl', args: ['start', unit] };
  return {
    target: `${unit} on ${node}`,
    strike: () =>
      onHost(stage, node!, async (host) => {
        await setHealTimer(host, name, undo, atMostMs);
        await host.run({ ...signalAll(unit, fault.signal), asRoot: true });
      }),
    heal: () => healNow(stage, node!, name, undo),
  };
}

/** Restarts a unit. */
export async function restartUnit(fault: RestartUnit, stage: Stage): Promise<ArmedFault> {
  const [node] = await findMachines(fault.where, stage);
  const unit = nameUnit(fault.unit, stage);
  return {
    target: `${unit} on ${node}`,
    ...(fault.unit === 'docker' && { machines: [node!] }),
    strike: () =>
      onHost(stage, node!, async (host) => {
        await host.run({ program: 'systemctl', args: ['restart', unit], asRoot: true, timeoutMs: 120_000 });
      }),
    heal: async () => {},
  };
}
