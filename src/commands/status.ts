import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';
import { narrowStacks } from '../cluster/choose-stack.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { loadCluster } from '../cluster/load-cluster.ts';
import { readClusterStatus } from '../pipeline/read-status.ts';
import { renderStatus } from './render-status.ts';
import { addClusterOptions, addStackOption, openHosts, printJson, type StackOptions } from './session.ts';

interface StatusOptions extends StackOptions {
  watch?: boolean;
}

export function buildCommand(context: CommandContext): Command {
  return addStackOption(addClusterOptions(new Command('status')))
    .option('-w, --watch', 'stay and show what changes, until Ctrl-C; with --json one line a change')
    .action((options: StatusOptions) => showStatus(options, context));
}

async function showStatus(options: StatusOptions, context: CommandContext): Promise<void> {
  const { terminal, cwd } = context;
  const cluster = narrowStacks(await loadCluster(options.file, cwd), options.stack);
  if (options.watch) return watch(cluster, options, context);
  await using hosts = openHosts(cluster, context);
  const status = await readClusterStatus(cluster, hosts);
  if (options.json) printJson(context, status);
  else terminal.out(renderStatus(status, terminal.colors));
}

const alternateScreen = { on: '\x1b[?1049h\x1b[?25l', off: '\x1b[?25h\x1b[?1049l' };

/** On a terminal the picture is drawn over itself; elsewhere each change is printed once. */
async function watch(cluster: Cluster, options: StatusOptions, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const { watchStatus } = await import('../pipeline/watch-status.ts');
  const redraw = terminal.interactive && !options.json;
  if (redraw) terminal.out(alternateScreen.on);
  let last = '';
  try {
    for await (const status of watchStatus(cluster, {
      signal,
      openHosts: (watching) => openHosts(cluster, context, watching),
    })) {
      const at = new Date().toISOString();
      const text = options.json ? stringifyLasting(status) : renderStatus(status, terminal.colors);
      if (redraw)
        terminal.out(drawOver(`${cluster.name} · ${at.slice(11, 19)} UTC · Ctrl-C ends\n\n${text}`));
      else if (text !== last)
        terminal.out(options.json ? `${JSON.stringify({ at, ...status })}\n` : `${at}\n${text}\n`);
      last = text;
    }
  } finally {
    if (redraw) terminal.out(alternateScreen.off);
  }
}

/** Every line to its end, and what was below the last. */
function drawOver(text: string): string {
  return `\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[J`;
}

const passing = /^(sinceSeconds|(.*S|s)essions|.*(Bytes|Count|Requests|Errors|Rate|Queue))$/;

/** JSON without what changes with every look though nothing happens: how long a server has been as it is, how much it serves. */
function stringifyLasting(status: unknown): string {
  return JSON.stringify(status, (key, value) =>
    typeof value === 'number' && passing.test(key) ? undefined : value,
  );
}
