import { expect, test } from 'vitest';
import { limitConcurrency, takeTurns } from '../../src/images/limit.ts';

/** Work that ends when told, and says when it began. */
function createWork(began: string[]) {
  const ends = new Map<string, () => void>();
  const work = (name: string) => () =>
    new Promise<string>((resolve) => {
      began.push(name);
      ends.set(name, () => resolve(name));
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)!();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { work, end };
}

test('at most so many run at once, the others in the order they came, also after a failure', async () => {
  const began: string[] = [];
  const { work, end } = createWork(began);
  const limit = limitConcurrency(2);
  const failing = limit(() => Promise.reject(new Error('no')));
  const results = ['a', 'b', 'c', 'd'].map((name) => limit(work(name)));
  await expect(failing).rejects.toThrow('no');
  expect(began).toEqual(['a', 'b']);
  await end('b');
  expect(began).toEqual(['a', 'b', 'c']);
  await end('a');
  expect(began).toEqual(['a', 'b', 'c', 'd']);
  await end('c');
  await end('d');
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd']);
});

test('work of one key takes turns; other keys go on', async () => {
  const began: string[] = [];
  const { work, end } = createWork(began);
  const inTurn = takeTurns();
  const results = [inTurn('x', work('x1')), inTurn('x', work('x2')), inTurn('y', work('y1'))];
  expect(began).toEqual(['x1', 'y1']);
  await end('x1');
  expect(began).toEqual(['x1', 'y1', 'x2']);
  await end('x2');
  await end('y1');
  expect(await Promise.all(results)).toEqual(['x1', 'x2', 'y1']);
});
