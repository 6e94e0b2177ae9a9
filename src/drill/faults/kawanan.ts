/** What kawanan itself does while the load runs: as a program of its own, as its users run it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { balancers } from '../../cluster/cluster.ts';
import { UserError } from '../../errors.ts';
import type { Command } from '../../remote/command.ts';
import type { Fault } from '../scenario/drill.ts';
import { findServices, onHost, type Stage, withHosts } from '../stage.ts';
import { configurationPath } from './configuration.ts';
import { healNow, setHealTimer } from './self-healing.ts';
import type { ArmedFault } from './strike.ts';

type RunFault = Extract<Fault, { kind: 'run kawanan' }>;
type KillFault = Extract<Fault, { kind: 'kill kawanan' }>;
type RedeployFault = Extract<Fault, { kind: 'redeploy' }>;

/** What the balancers' files have too much, for kawanan to find. */
const drift = '# changed by a drill';
/** Two runs of kawanan take their time. */
const driftAtMostMs = 600_000;

const program = join(import.meta.dirname, '../../cli.ts');

/** Runs a command line of kawanan to its end, once or several times; another exit code than expected is an error. */
export async function runKawanan(fault: RunFault, stage: Stage): Promise<ArmedFault> {
  const { args, times = 1, expectExitCode = 0 } = fault;
  return {
    target: `kawanan ${args.join(' ')}`,
    strike: async () => {
      for (let time = 0; time < times; time++) {
        const { exitCode, printed } = await run(args, stage);
        if (exitCode !== expectExitCode) throw explainFailure(args, exitCode, printed);
      }
    },
    heal: async () => {},
  };
}

/** Makes every balancer differ from the files, has kawanan mend that, kills it midway and runs it again. */
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
      const first = await run(fault.args, stage, (printed) => printed.includes(fault.whenPrinted));
      if (first.exitCode !== null)
        throw new UserError(`kawanan ${fault.args.join(' ')} ended before it could be killed`, {
          details: lastLines(first.printed),
        });
      const { exitCode, printed } = await run(fault.args, stage);
      if (exitCode !== 0) throw explainFailure(fault.args, exitCode, printed);
    },
    heal: async () => {
      for (const { name } of balancers(stage.cluster)) await healNow(stage, name, 'drift', undo);
    },
  };
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
        const { exitCode, printed } = await run(['deploy', '--yes'], stage);
        if (exitCode !== 0) throw explainFailure(['deploy'], exitCode, printed);
      }
    },
    heal: async () => {},
  };
}

function explainFailure(args: string[], exitCode: number | null, printed: string): UserError {
  return new UserError(
    `kawanan ${args.join(' ')} ended with ${exitCode === null ? 'a signal' : `exit code ${exitCode}`}`,
    {
      details: lastLines(printed),
      next: 'run it by itself to see all of it',
    },
  );
}

function lastLines(printed: string): string[] {
  return printed.trim().split('\n').slice(-8);
}

function run(
  args: string[],
  { clusterFile, signal }: Stage,
  killWhen: (printed: string) => boolean = () => false,
): Promise<{ exitCode: number | null; printed: string }> {
  return new Promise((resolve, reject) => {
    // The drill has a load of its own.
    const child = spawn(process.execPath, [program, ...args, '--no-receipt', '--file', clusterFile], {
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    const read = (chunk: string): void => {
      printed += chunk;
      if (killWhen(printed)) child.kill('SIGKILL');
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    const stop = (): void => void child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    child.on('error', reject);
    child.on('close', (exitCode) => {
      signal.removeEventListener('abort', stop);
      resolve({ exitCode, printed });
    });
  });
}
