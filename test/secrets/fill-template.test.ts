import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillTemplate } from '../../src/secrets/fill-template.ts';

const variables = { VIP: '10.0.0.9', EMPTY: '', A_1: 'x' };

describe('a template', () => {
  test.each([
    ['', ''],
    ['plain', 'plain'],
    ['http://${VIP}/api', 'http://10.0.0.9/api'],
    ['${A_1}${VIP}', 'x10.0.0.9'],
    ['${EMPTY}', ''],
    ['${EMPTY:-default}', 'default'],
    ['${NONE:-}', ''],
    ['${NONE:-a:-b}', 'a:-b'],
    ['$$VIP costs 5$$', '$VIP costs 5$'],
    ['$${VIP}', '${VIP}'],
    ['$$${VIP}', '$10.0.0.9'],
  ])('%s reads %s', (template, text) => {
    expect(fillTemplate(template, variables)).toEqual({ text, problems: [] });
  });

  test.each([
    ['${NONE}', ['the variable NONE is not set']],
    ['${A} ${B} ${A}', ['the variable A is not set', 'the variable B is not set']],
    ['${toString}', ['the variable toString is not set']],
    ['$VIP', ['a single "$" stands here: write "$$" for a dollar sign']],
    ['5$', ['a single "$" stands here: write "$$" for a dollar sign']],
    ['${VIP', ['a "${" is not closed']],
    ['${}', ['a "${…}" holds no name of a variable']],
    ['${my secret}', ['a "${…}" holds no name of a variable']],
  ])('%s is refused', (template, problems) => {
    expect(fillTemplate(template, variables)).toEqual({ problems });
  });

  test('gives any text back whose dollar signs are doubled', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fillTemplate(text.replaceAll('$', '$$$$'), {})).toEqual({ text, problems: [] });
      }),
    );
  });

  test('never repeats itself in a problem', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'hunter2') }), (template) => {
        const { problems } = fillTemplate(template.replaceAll('{hunter2', '{-hunter2'), {});
        expect(problems.join()).not.toContain('hunter2');
      }),
    );
  });
});
