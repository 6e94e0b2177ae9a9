import { engines } from '../../balancer/engines.ts';
import type { Command } from '../../remote/command.ts';
import type { Fault } from '../scenario/drill.ts';
import { findMachines, onHost, type Stage } from '../stage.ts';
import { healNow, setHealTimer } from './self-healing.ts';
import type { ArmedFault, FaultTiming } from './strike.ts';
import { nameUnit } from './units.ts';

type ReloadFault = Extract<Fault, { kind: 'reload balancer' }>;
type BreakFault = Extract<Fault, { kind: 'break configuration' }>;

const brokenLine = 'kawanan-drill: this line is wrong';

/** Reloads the proxy of a balancer again and again, each time once the last one is done. */
export async function reloadBalancer(fault: ReloadFault, stage: Stage): Promise<ArmedFault> {
  const [node] = await findMachines(fault.where, stage);
  const unit = nameUnit('haproxy', stage);
  return {
    target: `${unit} on ${node}`,
    strike: async () => {
      await onHost(stage, node!, (host) =>
        host.run({
          program: 'sh',
          args: ['-s', '--', String(fault.times), unit],
          stdin: 'for i in $(seq "$1"); do systemctl reload "$2" || exit 1; done\n',
          asRoot: true,
          timeoutMs: 60_000 + fault.times * 2_000,
        }),
      );
    },
    heal: async () => {},
  };
}

/** The file that a proxy reads. */
export function configurationPath({ cluster }: Pick<Stage, 'cluster'>): string {
  return engines[cluster.balancer?.engine ?? 'haproxy'].configPath;
}

/** Writes a line that is wrong into a proxy's configuration and has it loaded: it must refuse and go on as it was. */
export async function breakConfiguration(
  fault: BreakFault,
  stage: Stage,
  { atMostMs }: FaultTiming,
): Promise<ArmedFault> {
  const [node] = await findMachines(fault.where, stage);
  const path = configurationPath(stage);
  const undo: Command = { program: 'sed', args: ['-i', `/^${brokenLine}$/d`, path] };
  return {
    target: `${path} on ${node}`,
    strike: () =>
      onHost(stage, node!, async (host) => {
        await setHealTimer(host, 'configuration', undo, atMostMs);
        await host.run({
          program: 'sh',
          args: ['-s', '--', brokenLine, path, nameUnit('haproxy', stage)],
          stdin: 'printf "%s\\n" "$1" >> "$2"\n! systemctl reload "$3"\n',
          asRoot: true,
        });
      }),
    heal: () => healNow(stage, node!, 'configuration', undo),
  };
}
