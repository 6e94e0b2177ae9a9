/** The load that the reference's authors put on the system in their JMeter record. */
import { setTimeout as sleep } from 'node:timers/promises';
import { makePicture } from './make-picture.ts';
import { logIn, storePicture, type TourTarget } from './tour.ts';

export interface Uploads {
  lost: number;
  /** Of those that were stored, the shortest first. */
  latenciesMs: number[];
}

/** Ten threads that each store ten pictures of about 180 kB, one after the other, in about 20 s. */
export async function uploadInThreads(target: TourTarget): Promise<Uploads> {
  const { value: token } = await logIn(target);
  const latenciesMs: number[] = [];
  let lost = 0;
  const thread = async (number: number): Promise<void> => {
    await sleep(number * 170);
    for (let turn = 0; turn < 10; turn++) {
      const startedAt = performance.now();
      await storePicture(target, token, makePicture(245, number * 10 + turn)).then(
        () => latenciesMs.push(performance.now() - startedAt),
        () => lost++,
      );
      await sleep(Math.max(0, 1_940 - (performance.now() - startedAt)));
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, number) => thread(number)));
  return { lost, latenciesMs: latenciesMs.toSorted((a, b) => a - b) };
}

/** `0 of 100 lost, median 157 ms, p95 293 ms, worst 964 ms`. */
export function describeUploads({ lost, latenciesMs }: Uploads): string {
  const at = (share: number): string =>
    `${Math.round(latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? 0)} ms`;
  return `${lost} of ${lost + latenciesMs.length} lost, median ${at(0.5)}, p95 ${at(0.95)}, worst ${at(1)}`;
}
