import { expect, test } from 'vitest';
import { chooseStrategies } from '../../src/commands/secrets/choose-strategies.ts';
import { createRandomStrategy } from '../../src/rotation/strategies/value.ts';

const strategies = Object.fromEntries(
  ['shop_key', 'blog_key', 'both'].map((name) => [name, createRandomStrategy(name, {})]),
);
const stack = (name: string, own: string[], external: string[]) => ({
  definition: { name, file: `${name}.yml`, external: { secrets: external } },
  rotations: own.map((key) => strategies[key]!),
});
const open = {
  stacks: [
    stack('shop', ['shop_key'], ['shop_key', 'both']),
    stack('blog', ['blog_key'], ['blog_key', 'both']),
  ],
  find: (secret: string) => strategies[secret]!,
  world: { now: () => new Date(), swarm: { rotations: { list: async () => [] } } },
} as never;
const context = { terminal: { err: () => {} } } as never;

test.each([
  ['all of both', [], { all: true }, ['shop_key', 'blog_key']],
  ['all of one stack', [], { all: true, stack: 'blog' }, ['blog_key']],
  ['named ones', ['both', 'shop_key'], {}, ['both', 'shop_key']],
  ['named ones of one stack', ['both', 'shop_key'], { stack: 'shop' }, ['both', 'shop_key']],
])('%s are rotated', async (_name, names, options, expected) => {
  const chosen = await chooseStrategies(names, options, open, context);
  expect(chosen.map(({ secrets }) => secrets[0])).toEqual(expected);
});

test('a name that the stack does not have is refused, with the nearest that it has', async () => {
  const chosen = chooseStrategies(['shop_key'], { stack: 'blog' }, open, context);
  await expect(chosen).rejects.toThrow('the stack blog has no secret shop_key');
});
