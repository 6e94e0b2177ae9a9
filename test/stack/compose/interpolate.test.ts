import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpolateDocument, interpolateText } from '../../../src/stack/compose/interpolate.ts';
import { parseComposeYaml } from '../../../src/stack/compose/parse-yaml.ts';

const variables = { A: 'a', EMPTY: '', N: '3' };

describe('a variable in a text', () => {
  it.each([
    ['$A/${A}', 'a/a'],
    ['$A-b', 'a'],
    ['$$A $${A}', '$A ${A}'],
    ['${NONE}', ''],
    ['${NONE:-x}${EMPTY:-y}${A:-z}', 'xya'],
    ['${NONE-x}${EMPTY-y}', 'x'],
    ['${A:?m}${EMPTY?m}', 'a'],
    ['${NONE:-a:?b}', 'a:?b'],
    ['${NONE:-${A}}', '${A}'],
    ['${NONE:-{}}', '{}'],
    ['${A:?x:-y}', 'y'],
  ])('%s gives %s', (text, filled) => expect(interpolateText(text, variables)).toBe(filled));

  it.each([
    ['${', '"${" is no variable'],
    ['a $1', '"$1" is no variable'],
    ['${A:+x}', '${A:+x} is a form that docker stack deploy doesn\'t know (":+")'],
    ['${NONE:?set it}', 'the required variable NONE is unset or empty: set it'],
    ['${EMPTY:?}', 'the required variable EMPTY is unset or empty'],
    ['${NONE?}', 'the required variable NONE is unset'],
    ['${NONE?first} $A', 'the required variable NONE is unset: first'],
  ])('is refused in %s', (text, message) =>
    expect(interpolateText(text, variables)).toMatchObject({ message }),
  );

  it('may follow a dollar sign that begins none, which is then dropped and told', () => {
    const dropped: string[] = [];
    const onDropped = ({ message }: { message: string }) => dropped.push(message);
    expect(interpolateText('$1 $? $A', variables, onDropped)).toBe('1 ? a');
    expect(dropped).toEqual(['"$1 $? $A" is no variable']);
  });

  it('never throws, whatever the text', () => {
    const piece = fc.constantFrom('$', '{', '}', ':', '-', '?', '+', 'A', 'NONE', ' ', '1', '_', 'é');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((all) => all.join('')),
        ),
        (text) => {
          const result = interpolateText(text, variables);
          expect(typeof result === 'string' || result.message !== '').toBe(true);
        },
      ),
    );
  });

  it('leaves a text without a dollar as it is', () => {
    const plain = fc.string().filter((text) => !text.includes('$'));
    fc.assert(
      fc.property(plain, (text) => {
        expect(interpolateText(text, variables)).toBe(text);
      }),
    );
  });

  it('comes back from an escaped text unchanged', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(interpolateText(text.replaceAll('$', '$$$$'), variables)).toBe(text);
      }),
    );
  });
});

describe('a filled-in value', () => {
  const fill = (text: string) => interpolateDocument(parseComposeYaml(text, 'c.yml'), variables);

  it('becomes a number or a boolean where one is wanted, and only if it was filled in', () => {
    const { root } = fill(
      'services: {web: {deploy: {replicas: $N, labels: {n: $N}}, read_only: "${X:-yes}", tty: "$$yes"}}',
    );
    expect(root).toEqual({
      services: { web: { deploy: { replicas: 3n, labels: { n: '3' } }, read_only: true, tty: '$yes' } },
    });
  });

  it('that is no number where one is wanted is a problem at its place', () => {
    const { problems } = fill('services:\n  web:\n    deploy: {replicas: "${A}"}\n');
    expect(problems).toEqual([
      {
        file: 'c.yml',
        line: 3,
        column: 14,
        path: 'services.web.deploy.replicas',
        message: '${A} gives "a" here; expected an integer',
      },
    ]);
  });
});
