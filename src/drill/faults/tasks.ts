import { UserError } from '../../errors.ts';
import type { Command } from '../../remote/command.ts';
import type { Fault } from '../scenario/drill.ts';
import { type FoundContainer, findContainers, findServices, onHost, type Stage } from '../stage.ts';
import { healNow, setHealTimer } from './self-healing.ts';
import type { ArmedFault, FaultTiming } from './strike.ts';

type SignalTask = Extract<Fault, { kind: 'signal task' }>;
type SlowTask = Extract<Fault, { kind: 'slow task' }>;

/** Sends a signal to every process of one or more tasks of a service. */
export async function signalTasks(
  fault: SignalTask,
  stage: Stage,
  { atMostMs }: FaultTiming,
): Promise<ArmedFault> {
  const containers = await chooseContainers(fault, stage);
  const ids = await Promise.all(containers.map((container) => listProcesses(stage, container)));
  const send = (signal: string, index: number): Command => ({
    program: 'kill',
    args: ['-s', signal, '--', ...ids[index]!],
  });
  const name = (index: number): string => `signal-task-${containers[index]!.id.slice(0, 12)}`;
  return {
    target: containers.map(({ node, id }) => `container ${id.slice(0, 12)} on ${node}`).join(', '),
    strike: async () => {
      await Promise.all(
        containers.map(({ node }, index) =>
          onHost(stage, node, async (host) => {
            if (fault.signal === 'STOP') await setHealTimer(host, name(index), send('CONT', index), atMostMs);
            await host.run({ ...send(fault.signal, index), asRoot: true, accept: [0, 1] });
          }),
        ),
      );
    },
    // What was killed is started anew by the swarm.
    heal: async () => {
      if (fault.signal !== 'STOP') return;
      await Promise.all(
        containers.map(({ node }, index) => healNow(stage, node, name(index), send('CONT', index))),
      );
    },
  };
}

/** Process IDs on the node of everything in a container. */
async function listProcesses(stage: Stage, { node, id }: FoundContainer): Promise<string[]> {
  return onHost(stage, node, async (host) => {
    const { Titles, Processes } = (await host.engine().getContainer(id).top({ ps_args: '-eo pid' })) as {
      Titles: string[];
      Processes: string[][];
    };
    const column = Titles.indexOf('PID');
    return Processes.map((row) => row[column]!);
  });
}

async function chooseContainers({ role, count = 1 }: SignalTask, stage: Stage): Promise<FoundContainer[]> {
  const services = findServices(stage, role ?? 'application');
  const found = (
    await Promise.all(
      (role ? services : services.slice(0, 1)).map((service) => findContainers(stage, service)),
    )
  ).flat();
  if (found.length >= count && found.length > 0) return found.slice(0, count);
  throw new UserError(`the stack has no ${role ?? 'application'} with ${count} running tasks`, {
    next: 'this drill is about stacks that have one; kawanan ps shows what runs',
  });
}

const periodUs = 100_000;

/** Takes almost all of a processor away from one task. */
export async function slowTask(fault: SlowTask, stage: Stage): Promise<ArmedFault> {
  const [container] = await chooseContainers({ kind: 'signal task', signal: 'STOP' }, stage);
  const { node, id } = container!;
  const setQuota = (quotaUs: number): Promise<void> =>
    onHost(stage, node, async (host) => {
      await host.engine().getContainer(id).update({ CpuPeriod: periodUs, CpuQuota: quotaUs });
    });
  return {
    target: `container ${id.slice(0, 12)} on ${node}`,
    strike: () => setQuota(Math.round(fault.processors * periodUs)),
    heal: () => setQuota(-1),
  };
}
