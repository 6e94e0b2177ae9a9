/** Puts right what drills that were killed have left behind. */
import { rm } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { healNode, resumeNode, startNode } from '../lab/faults.ts';
import { readLabStatus } from '../lab/status.ts';
import { nameOwnFile } from './faults/bad-deploy.ts';
import { undoLeftovers } from './faults/self-healing.ts';
import { type Stage, withHosts } from './stage.ts';

/** Switches on, resumes and plugs in machines of the lab, and undoes at once what machines would undo later; says what it did. */
export async function healLeftovers(stage: Stage): Promise<string[]> {
  await rm(nameOwnFile(stage), { force: true });
  const machines = await healMachines(stage);
  const undone = await withHosts(stage, (hosts) =>
    Promise.all(
      stage.cluster.nodes.map(async ({ name }) => {
        try {
          return (await undoLeftovers(await hosts.connect(name))).map((what) => `${name}: undid ${what}`);
        } catch (error) {
          if (error instanceof UserError) return [];
          throw error;
        }
      }),
    ),
  );
  return [...machines, ...undone.flat()];
}

async function healMachines({ lab, report }: Stage): Promise<string[]> {
  if (!lab) return [];
  const status = await readLabStatus(lab);
  const progress = { report, signal: new AbortController().signal };
  const done: string[] = [];
  for (const node of status.nodes) {
    if (node.power === 'off') {
      await startNode(lab, node.name, progress);
      done.push(`${node.name}: switched on`);
      continue;
    }
    if (node.power === 'paused') {
      await resumeNode(lab, node.name, progress);
      done.push(`${node.name}: resumed`);
    }
    if (node.cable !== 'plugged') {
      await healNode(lab, node.name, progress);
      done.push(`${node.name}: plugged in`);
    }
  }
  return done;
}
