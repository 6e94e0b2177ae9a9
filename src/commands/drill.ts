import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { addList } from './drill/list.ts';
import { addProbe } from './drill/probe.ts';
import { addReport } from './drill/report.ts';
import { addRun } from './drill/run.ts';

/** `kawanan drill`: breaks things on purpose and counts what a client lost. */
export function buildCommand(context: CommandContext): Command {
  const command = new Command('drill');
  addList(command, context);
  addRun(command, context);
  addReport(command, context);
  addProbe(command, context);
  return command;
}
