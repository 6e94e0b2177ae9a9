import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { exitCodes, UserError } from '../../errors.ts';
import type { Fault } from '../scenario/drill.ts';
import { findServices, type Stage } from '../stage.ts';
import { explainFailure, runProgram } from './kawanan-program.ts';
import type { ArmedFault } from './strike.ts';

type BadDeploy = Extract<Fault, { kind: 'bad deploy' }>;

/** Deploys the application with a program that ends at once: that must fail, and the one that runs must stay. */
export async function deployBadly(_fault: BadDeploy, stage: Stage): Promise<ArmedFault> {
  const [service] = findServices(stage, 'application');
  const stack = stage.cluster.stacks.find(({ name }) => service?.name === `${name}_${service?.key}`);
  if (!service || !stack)
    throw new UserError('the balancers serve no application that could be deployed', {
      next: 'drills need an http frontend',
    });
  const folder = await mkdtemp(join(tmpdir(), 'kawanan-drill-'));
  const override = join(folder, 'compose.yml');
  const clusterFile = nameOwnFile(stage);
  return {
    target: service.name,
    strike: async () => {
      const entrypoint = ['sh', '-c', 'echo made to fail by a drill >&2; exit 3'];
      await writeFile(override, stringify({ services: { [service.key]: { entrypoint, command: [] } } }));
      const text = addComposeFile(await readFile(stage.clusterFile, 'utf8'), stack, override);
      await writeFile(clusterFile, text, { mode: 0o600 });
      const args = ['deploy', '--yes'];
      const { exitCode, printed } = await runProgram(args, { ...stage, clusterFile });
      if (exitCode !== exitCodes.failed) throw explainFailure(args, exitCode, printed);
    },
    heal: async () => {
      await rm(clusterFile, { force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The cluster file of this drill: beside the real one, for its paths begin there. */
export function nameOwnFile({ clusterFile }: Pick<Stage, 'clusterFile'>): string {
  return join(dirname(clusterFile), '.kawanan-drill.yml');
}

/** A cluster file whose stack has one compose file more, laid over the others. */
export function addComposeFile(
  text: string,
  { name, files }: { name: string; files: readonly string[] },
  more: string,
): string {
  const settings = parse(text) as { stack?: object; stacks?: Record<string, string | object> };
  const file = [...files, more];
  if (settings.stack) return stringify({ ...settings, stack: { ...settings.stack, file } });
  const former = settings.stacks?.[name];
  const changed = typeof former === 'object' && !Array.isArray(former) ? { ...former, file } : { file };
  return stringify({ ...settings, stacks: { ...settings.stacks, [name]: changed } });
}
