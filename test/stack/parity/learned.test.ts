/** Small questions put to the real command, one a line: what it made of each file, or nothing where it refused it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { decodeText } from '../../../src/input/decode-text.ts';
import { buildStack, readComposeFiles } from '../../../src/stack/compose/build-stack.ts';
import { learnedRefused } from './differences.ts';
import { type Recorded, toRecorded } from './oracle-case.ts';

interface LearnedCase {
  name: string;
  files: Record<string, string>;
  variables?: Record<string, string>;
  recorded?: Recorded;
}

const folder = '/case';
const file = path.resolve(import.meta.dirname, '../../fixtures/compose/learned.jsonl');
const cases = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as LearnedCase);

function convert({ files, variables }: LearnedCase): Recorded {
  const names = Object.keys(files).filter((name) => /^compose(\.\d)?\.yml$/.test(name));
  const inOrder = names.sort((a, b) => (a === 'compose.yml' ? -1 : b === 'compose.yml' ? 1 : a < b ? -1 : 1));
  const options = { name: 'oracle', variables: { HOME: '/home/oracle', ...variables }, convertOnly: true };
  const sources = inOrder.map((name) => ({
    file: path.join(folder, name),
    text: decodeText(Buffer.from(files[name] as string), name),
  }));
  const stack = buildStack(readComposeFiles(sources, options), options, (full) => {
    const content = files[path.relative(folder, full)];
    return content === undefined ? { failure: 'there is no such file' } : { content: Buffer.from(content) };
  });
  return toRecorded(stack, folder);
}

describe.each(Object.entries(Object.groupBy(cases, ({ name }) => name.split('/')[0] ?? '')))(
  '%s',
  (_group, members = []) => {
    it.each(members.map((one) => [one.name, one] as const))('%s', (_name, one) => {
      if (one.recorded && !(one.name in learnedRefused)) expect(convert(one)).toEqual(one.recorded);
      else expect(() => convert(one)).toThrow(InputError);
    });
  },
);
