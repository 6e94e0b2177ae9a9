/** What kawanan itself does while the load runs: as a program of its own, as its users run it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { balancers } from '../../cluster/cluster.ts';
import { UserError } from '../../errors.ts';
import type { Command } from '../../remote/command.ts';
import type { Fault } from '../scenario/drill.ts';
import { findServices, onHost, type Stage, withHosts } from '../stage.ts';
import { configurationPath } from './configuration.ts';
import { explainFailure, lastLines, runProgram } from './kawanan-program.ts';
import { healNow, setHealTimer, startFault } from './self-healing.ts';
import type { ArmedFault } from './strike.ts';

type RunFault = Extract<Fault, { kind: 'run kawanan' }>;
type KillFault = Extract<Fault, { kind: 'kill kawanan' }>;
type RedeployFault = Extract<Fault, { kind: 'redeploy' }>;

/** What the balancers' files have too much, for kawanan to find. */
const drift = '# changed by a drill';
/** Two runs of kawanan take their time. */
const driftAtMostMs = 600_000;

/** Runs a command line of kawanan to its end, once or several times; another exit code than expected is an error. */
export async function runKawanan(fault: RunFault, stage: Stage): Promise<ArmedFault> {
  const { args, times = 1, expectExitCode = 0 } = fault;
  return {
    target: `kawanan ${args.join(' ')}`,
    strike: async () => {
      for (let time = 0; time < times; time++) {
        const { exitCode, printed } = await runProgram(args, stage);
        if (exitCode !== expectExitCode) throw explainFailure(args, exitCode, printed);
      }
    },
    heal: async () => {},
  };
}

/** Makes every balancer differ from the files, has kawanan mend that, ends that midway and runs it again. */
export async function killKawanan(fault: KillFault, stage: Stage): Promise<ArmedFault> {
  const path = configurationPath(stage);
  const undo: Command = { program: 'sed', args: ['-i', `/^${drift}$/d`, path] };
  return {
    target: `kawanan ${fault.args.join(' ')}`,
    strike: async () => {
      for (const { name } of balancers(stage.cluster))
        await onHost(stage, name, async (host) => {
          await setHealTimer(host, 'drift', undo, driftAtMostMs);
          await host.run({
            program: 'sh',
            args: ['-s', '--', path, drift],
            stdin: 'printf "%s\\n" "$2" >> "$1"\n',
            asRoot: true,
          });
        });
      await (fault.how === 'killed' ? runKilled(fault, stage) : runCutOff(fault, stage));
      const { exitCode, printed } = await runProgram(fault.args, stage);
      if (exitCode !== 0) throw explainFailure(fault.args, exitCode, printed);
    },
    heal: async () => {
      for (const { name } of balancers(stage.cluster)) await healNow(stage, name, 'drift', undo);
    },
  };
}

async function runKilled({ args, whenPrinted }: KillFault, stage: Stage): Promise<void> {
  const { exitCode, printed } = await runProgram(args, stage, (soFar, kill) => {
    if (new RegExp(whenPrinted).test(soFar)) kill();
  });
  if (exitCode === null) return;
  throw new UserError(`kawanan ${args.join(' ')} ended before it could be killed`, {
    details: lastLines(printed),
  });
}

/** Longer than a connection is waited for in silence. */
const cutOffMs = 20_000;
/** Until the cut has begun and, at its end, has been undone. */
const reachableAgainMs = 3_000;
// The machine ends it by itself: nobody could tell it to.
const cutOffScript = `
trap 'nft delete table ip kawanan_drill' EXIT
trap 'exit 0' TERM
nft add table ip kawanan_drill
nft add chain ip kawanan_drill input '{ type filter hook input priority -10; }'
nft add rule ip kawanan_drill input tcp dport 22 drop
sleep "$1"
`;

/** However it ends: what counts is that the next run brings the cluster to what is wanted. */
async function runCutOff({ args, whenPrinted }: KillFault, stage: Stage): Promise<void> {
  const [first] = balancers(stage.cluster);
  let cut: Promise<void> | undefined;
  let cutAt = 0;
  const { printed } = await runProgram(args, stage, (soFar) => {
    if (!new RegExp(whenPrinted).test(soFar)) return;
    if (!cut) cutAt = performance.now();
    cut ??= onHost(stage, first!.name, (host) =>
      startFault(host, 'ssh-cut', {
        script: cutOffScript,
        args: [String(cutOffMs / 1000)],
        atMostMs: cutOffMs * 2,
      }),
    );
    // Told below, once the run is over.
    cut.catch(() => {});
  });
  await cut;
  if (!cut)
    throw new UserError(`kawanan ${args.join(' ')} ended before it could be cut off`, {
      details: lastLines(printed),
      next: 'run the drill again',
    });
  const leftMs = Math.max(0, cutAt + cutOffMs + reachableAgainMs - performance.now());
  await sleep(leftMs, undefined, { signal: stage.signal }).catch(() => {});
}

/** Makes all tasks of the drilled service anew, by its own update rules, and waits until they are there. */
export async function redeploy(fault: RedeployFault, stage: Stage): Promise<ArmedFault> {
  const [service] = findServices(stage, 'application');
  if (!service)
    throw new UserError('the balancers serve no application that could be deployed anew', {
      next: 'drills need an http frontend',
    });
  const { connectManager } = await import('../../swarm/connect-manager.ts');
  return {
    target: `${service.name}, ${fault.times} times`,
    strike: async () => {
      for (let time = 1; time <= fault.times; time++) {
        stage.report(`deploying ${service.key} anew, ${time} of ${fault.times}`);
        await withHosts(stage, async (hosts) => {
          const { engine } = await connectManager(stage.cluster, hosts);
          const handle = engine.getService(service.name);
          const { Version, Spec } = (await handle.inspect()) as {
            Version: { Index: number };
            Spec: { TaskTemplate: { ForceUpdate?: number } };
          };
          const { TaskTemplate } = Spec;
          const forced = { ...TaskTemplate, ForceUpdate: (TaskTemplate.ForceUpdate ?? 0) + 1 };
          await handle.update({ ...Spec, TaskTemplate: forced, version: Version.Index });
        });
        const { exitCode, printed } = await runProgram(['deploy', '--yes'], stage);
        if (exitCode !== 0) throw explainFailure(['deploy'], exitCode, printed);
      }
    },
    heal: async () => {},
  };
}
