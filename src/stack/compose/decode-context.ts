import type { ComposePath } from './compose-document.ts';
import { readNumber } from './decode-values.ts';
import type { Variables } from './interpolate.ts';
import type { Report } from './report.ts';
import type { YamlValue } from './yaml-value.ts';

/** What turning one compose file into typed objects needs from outside. */
export interface DecodeContext {
  /** Absolute path of the folder that relative paths start from: that of the first compose file. */
  folder: string;
  variables: Variables;
  /** Minor number of the format's version. */
  minor: number;
  report: Report;
  /** The content of a file that the compose file names, read beforehand; or why it couldn't be read. */
  readFile: (path: string) => FileContent;
}

export type FileContent =
  /** `isPrivate`: not everybody on this computer may read it. */
  { content: Uint8Array; isPrivate?: true } | { failure: string };

/** A whole number within bounds, or a problem. The format lets 1.5 through where a count is meant; it is refused here. */
export function readCount(
  value: YamlValue | undefined,
  path: ComposePath,
  { report }: DecodeContext,
  bounds: { least?: number; most?: number } = {},
): number | undefined {
  const number = readNumber(value);
  if (number === undefined) return undefined;
  const { least = 0, most = Number.MAX_SAFE_INTEGER } = bounds;
  if (!Number.isInteger(number)) report.problem(path, `expected a whole number, found ${number}`);
  else if (number < least) report.problem(path, `expected ${least} or more, found ${number}`);
  else if (number > most) report.problem(path, `expected ${most} or less, found ${value}`);
  return number;
}
