import type { Command } from '../../remote/command.ts';
import type { Fault } from '../scenario/drill.ts';
import { findMachines, onHost, type Stage } from '../stage.ts';
import type { ArmedFault, FaultTiming } from './strike.ts';

type BusyFault = Extract<Fault, { kind: 'busy processors' }>;

const unit = 'kawanan-drill-busy.service';
const stop: Command = { program: 'systemctl', args: ['stop', unit], asRoot: true, accept: [0, 1, 5] };

/** Gives machines more to calculate than they can, in a unit that systemd ends by itself. */
export async function busyProcessors(
  fault: BusyFault,
  stage: Stage,
  { atMostMs }: FaultTiming,
): Promise<ArmedFault> {
  const nodes = await findMachines(fault.where, stage);
  const script = `n=$(( $(nproc) * ${fault.timesCores} )); for i in $(seq "$n"); do while :; do :; done & done; wait`;
  return {
    target: nodes.join(' and '),
    strike: async () => {
      await Promise.all(
        nodes.map((node) =>
          onHost(stage, node, (host) =>
            host.run({
              program: 'systemd-run',
              args: [
                '--quiet',
                '--collect',
                `--unit=${unit}`,
                `--property=RuntimeMaxSec=${Math.ceil(atMostMs / 1000)}`,
                'sh',
                '-c',
                script,
              ],
              asRoot: true,
            }),
          ),
        ),
      );
    },
    heal: async () => {
      await Promise.all(nodes.map((node) => onHost(stage, node, (host) => host.run(stop))));
    },
  };
}
