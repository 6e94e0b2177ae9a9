import type { Fault } from '../scenario/drill.ts';
import { findMachines, onHost, type Stage } from '../stage.ts';
import { startFault, stopFault } from './self-healing.ts';
import type { ArmedFault, FaultTiming } from './strike.ts';

type BusyFault = Extract<Fault, { kind: 'busy processors' }>;

const name = 'busy';

/** Gives machines more to calculate than they can. */
export async function busyProcessors(
  fault: BusyFault,
  stage: Stage,
  { atMostMs }: FaultTiming,
): Promise<ArmedFault> {
  const nodes = await findMachines(fault.where, stage);
  const script = 'n=$(( $(nproc) * $1 )); for i in $(seq "$n"); do while :; do :; done & done; wait';
  const args = [String(fault.timesCores)];
  return {
    target: nodes.join(' and '),
    strike: async () => {
      await Promise.all(
        nodes.map((node) =>
          onHost(stage, node, (host) => startFault(host, name, { script, args, atMostMs })),
        ),
      );
    },
    heal: async () => {
      await Promise.all(nodes.map((node) => stopFault(stage, node, name)));
    },
  };
}
