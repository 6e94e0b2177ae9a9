/** Whatever stands in a compose file: it is loaded, or refused with an explanation; nothing else. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { buildStack, readComposeFiles } from '../../../src/stack/compose/build-stack.ts';
import { interpolateText } from '../../../src/stack/compose/interpolate.ts';
import { parseDuration } from '../../../src/stack/compose/parse-duration.ts';
import { parseSize } from '../../../src/stack/compose/parse-size.ts';
import { composeSchema } from '../../../src/stack/compose/schema.ts';
import type { SchemaNode } from '../../../src/stack/compose/schema-nodes.ts';
import { formatBytes, formatNanoseconds } from '../../../src/stack/format-values.ts';
import { anyText } from '../../any-text.ts';

const options = { name: 's', variables: { A: 'a', N: '5' } };

function loadAny(text: string): void {
  try {
    const read = readComposeFiles([{ file: '/f/c.yml', text }], options);
    buildStack(read, options, (file) =>
      file.length % 2 ? { content: Buffer.from('A=1\n') } : { failure: 'it is not there' },
    );
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
  }
}

/** Every place that the format has, by its path; `*` keys get names that others refer to. */
function listPlaces(node: SchemaNode, path: (string | number)[] = []): (string | number)[][] {
  const inner = (() => {
    if (node.kind === 'either') return node.options.flatMap((option) => listPlaces(option, path));
    if (node.kind === 'list') return listPlaces(node.items, [...path, 0]);
    if (node.kind === 'dictionary') return listPlaces(node.values, [...path, 'web']);
    if (node.kind === 'map')
      return Object.entries(node.fields).flatMap(([key, field]) => listPlaces(field.schema, [...path, key]));
    return [];
  })();
  return [path, ...inner];
}

const places = [...new Map(listPlaces(composeSchema).map((path) => [path.join('.'), path])).values()].filter(
  (path) => path.length > 0,
);

/** A document with the value at the place, and around it what the format wants. */
function plant(path: (string | number)[], value: unknown): unknown {
  const planted = path.reduceRight<unknown>(
    (inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }),
    value,
  ) as { services?: { web?: unknown } };
  const web = planted.services?.web;
  if (planted.services !== undefined && (typeof web !== 'object' || web === null || Array.isArray(web)))
    return planted;
  return { ...planted, services: { web: { image: 'i:1', ...(web ?? {}) } } };
}

const oddTexts = fc.constantFrom(
  '',
  ' ',
  ':',
  '::',
  '/',
  '-',
  '80:80',
  '1-',
  '$',
  '${',
  '${A',
  '${N}',
  '$$',
  '__proto__',
  'constructor',
  '1e999',
  '.',
  '=',
  'a=b',
  '0x',
  '5m',
  '-5s',
  'web',
  '\u0000',
  '\ud7ff',
  'C:\\',
  '~',
);
const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    oddTexts,
    fc.string(),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(oddTexts, fc.constantFrom('source', 'target', 'type', 'file', 'external', 'name', 'ignore')),
      tie('value'),
      { maxKeys: 3 },
    ),
  ),
})).value;

test('any value at any place of the format is loaded or explained', () => {
  expect(places.length).toBeGreaterThan(150);
  fc.assert(
    fc.property(fc.constantFrom(...places), anyValue, (path, value) =>
      loadAny(JSON.stringify(plant(path, value)) ?? 'null'),
    ),
    { numRuns: 600 },
  );
});

test('any text is loaded or explained', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string()), (text) => loadAny(text)),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(...'services: web image i\n - & * {} [] "\' # | > ! ? , \t <<'.split(/(?<= )|(?= )/)),
        { maxLength: 20 },
      ),
      (words) => loadAny(words.join('')),
    ),
    { numRuns: 300 },
  );
});

test('any text with variables is filled or explained', () => {
  const piece = fc.oneof(
    anyText,
    fc.constantFrom('$', '$$', '${', '}', 'A', ':-', ':?', '-', '?', ':+', '{', 'N'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const filled = interpolateText(pieces.join(''), options.variables);
      if (typeof filled !== 'string') expect(filled.message).not.toBe('');
    }),
    { numRuns: 500 },
  );
});

test('durations and sizes are printed as they are read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9e12 }), (microseconds) => {
      const nanoseconds = microseconds * 1e3;
      expect(parseDuration(formatNanoseconds(nanoseconds))).toBe(nanoseconds);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      expect(parseSize(formatBytes(bytes))).toBe(bytes);
    }),
  );
});
