/** Puts lints where they stand in the compose file. Pure. */
import { formatPlace } from '../../errors.ts';
import type { StackDefinition } from '../definition.ts';
import { describeLint, type Lint, type PlacedLint } from './lint.ts';

/** A lint with its place, and as one line of text. */
export function placeLint(
  { path, ...lint }: Lint,
  locate: StackDefinition['locate'],
): { lint: PlacedLint; text: string } {
  const place = { ...locate?.(path), path: path.join('.') };
  return { lint: { ...lint, ...place }, text: `${formatPlace(place)}: ${describeLint(lint)}` };
}
