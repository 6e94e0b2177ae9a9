import { Command } from 'commander';
import type { CommandContext } from '../cli.ts';

export function buildCommand(_context: CommandContext): Command {
  return new Command('doctor');
}
