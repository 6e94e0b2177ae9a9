import { expect, test } from 'vitest';
import { createSlots } from '../../src/remote/slots.ts';

test('no more than the number of places are taken, and who waits is served in order', async () => {
  const slots = createSlots(2);
  const first = await slots.take();
  const second = await slots.take();
  expect(slots.takeNow()).toBeUndefined();
  const served: string[] = [];
  const third = slots.take().then((release) => {
    served.push('third');
    return release;
  });
  const fourth = slots.take().then((release) => {
    served.push('fourth');
    return release;
  });
  first();
  first(); // a place is freed once only
  const releaseThird = await third;
  expect(served).toEqual(['third']);
  second();
  const releaseFourth = await fourth;
  expect(slots.takeNow()).toBeUndefined();
  releaseThird();
  releaseFourth();
  expect(slots.takeNow()).toBeDefined();
});
