import type { Command } from 'commander';
import type { CommandContext } from '../../cli.ts';
import { drills, undrilled } from '../../drill/scenario/catalogue.ts';
import { renderTable } from '../../output/table.ts';

/** Adds `kawanan drill ls`. */
export function addList(command: Command, { terminal }: CommandContext): void {
  command
    .command('ls')
    .description('list the drills, and the faults that no drill makes')
    .option('--json', 'print the result as JSON', false)
    .action(({ json }: { json: boolean }) => {
      if (json) {
        terminal.out(`${JSON.stringify({ drills, undrilled }, undefined, 2)}\n`);
        return;
      }
      const rows = [
        ...drills.map(({ number, name, title, reach }) => [String(number), name, reach, title]),
        ...undrilled.map(({ number, name, title, why }) => [
          String(number),
          name,
          'no drill',
          `${title}: ${why}`,
        ]),
      ].toSorted((a, b) => Number(a[0]) - Number(b[0]));
      terminal.out(renderTable(['', 'DRILL', 'REACH', 'WHAT HAPPENS'], rows));
    });
}
