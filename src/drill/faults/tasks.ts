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

// The machine has no client of its engine: it must ask the engine itself, should nobody be left to do it.
const unlimitScript = `
my $engine = IO::Socket::UNIX->new('/run/docker.sock') or die "no engine: $!\\n";
my $body = '{"CpuQuota":-1}';
print $engine "POST /containers/$ARGV[0]/update HTTP/1.0\\r\\nContent-Type: application/json\\r\\nContent-Length: ",
  length $body, "\\r\\n\\r\\n$body";
print <$engine>;
`;

/** Takes almost all of a processor away from one task. */
export async function slowTask(
  { processors }: SlowTask,
  stage: Stage,
  { atMostMs }: FaultTiming,
): Promise<ArmedFault> {
  const [container] = await chooseContainers({ kind: 'signal task', signal: 'STOP' }, stage);
  const { node, id } = container!;
  const name = `slow-task-${id.slice(0, 12)}`;
  const undo: Command = { program: 'perl', args: ['-MIO::Socket::UNIX', '-e', unlimitScript, id] };
  return {
    target: `container ${id.slice(0, 12)} on ${node}`,
    strike: () =>
      onHost(stage, node, async (host) => {
        await setHealTimer(host, name, undo, atMostMs);
        const quotaUs = Math.round(processors * periodUs);
        await host.engine().getContainer(id).update({ CpuPeriod: periodUs, CpuQuota: quotaUs });
      }),
    heal: () => healNow(stage, node, name, undo),
  };
}
