import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  hasHostsBlock,
  removeHostsBlock,
  renderHostsBlock,
  replaceHostsBlock,
} from '../../src/hosts/hosts-file.ts';
import { makeCluster, makeNode } from './states.ts';

const cluster = makeCluster([
  makeNode('lb', '198.18.0.11', 'balancer'),
  makeNode('m', '198.18.0.13', 'manager'),
]);
const block = renderHostsBlock(cluster);

test('the block names every node and the virtual address', () => {
  expect(block).toBe(`# kawanan: nodes of the cluster (begin)
198.18.0.11 lb
198.18.0.13 m
198.18.0.20 test-vip
# kawanan: nodes of the cluster (end)
`);
});

test('a block is replaced where it stands, and what is around it stays', () => {
  const old = renderHostsBlock(makeCluster([makeNode('gone', '198.18.0.99', 'worker')]));
  expect(replaceHostsBlock(`127.0.0.1 localhost\n${old}10.0.0.1 mine\n`, block)).toBe(
    `127.0.0.1 localhost\n${block}10.0.0.1 mine\n`,
  );
});

test('a mark whose partner was deleted goes alone', () => {
  const half = '127.0.0.1 localhost\n# kawanan: nodes of the cluster (begin)\n10.0.0.1 mine\n';
  expect(hasHostsBlock(half)).toBe(true);
  expect(removeHostsBlock(half)).toBe('127.0.0.1 localhost\n10.0.0.1 mine\n');
});

const lines = fc.array(fc.string().map((line) => line.replaceAll('\n', ' '))).map((all) => all.join('\n'));

test('removing is the inverse of writing, and writing twice is writing once', () => {
  fc.assert(
    fc.property(lines, (content) => {
      const written = replaceHostsBlock(content, block);
      expect(replaceHostsBlock(written, block)).toBe(written);
      const removed = removeHostsBlock(written);
      expect([content, `${content}\n`]).toContain(removed);
    }),
  );
});
