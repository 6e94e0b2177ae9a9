import { expect, test } from 'vitest';
import { chooseStack, chooseStacks } from '../../src/cluster/choose-stack.ts';

const stack = (name: string) => ({ name, files: [`/${name}.yml`] });
const clusterOf = (...names: string[]) => ({ file: '/cluster.yml', stacks: names.map(stack) });

test('the only stack needs no name, and has one all the same', () => {
  expect(chooseStack(clusterOf('shop'), undefined)).toEqual(stack('shop'));
  expect(chooseStack(clusterOf('shop'), 'shop')).toEqual(stack('shop'));
  expect(chooseStack(clusterOf('shop', 'blog'), 'blog')).toEqual(stack('blog'));
});

test('several are chosen in the order of the file, all of them unless told', () => {
  expect(chooseStacks(clusterOf('a', 'b', 'c'), ['c', 'a', 'c'])).toEqual([stack('a'), stack('c')]);
  expect(chooseStacks(clusterOf('a', 'b'))).toEqual([stack('a'), stack('b')]);
});

test.each([
  [
    'none is named where there are several',
    ['shop', 'blog'],
    undefined,
    'which stack? The cluster has shop, blog',
  ],
  ['there is none of that name', ['shop', 'blog'], 'x', 'the cluster has no stack "x"'],
  ['there is none at all', [], undefined, 'the cluster file names no stack'],
])('it is refused where %s', (_when, names, wanted, message) => {
  expect(() => chooseStack(clusterOf(...names), wanted)).toThrow(message);
});

test('every unknown name is told of at once', () => {
  expect(() => chooseStacks(clusterOf('shop'), ['shpo', 'x'])).toThrow('2 problems');
});
