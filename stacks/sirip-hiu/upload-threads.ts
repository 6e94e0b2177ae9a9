/** The load that the reference's authors put on the system in their JMeter record. */
import { setTimeout as sleep } from 'node:timers/promises';
import { makePicture } from './make-picture.ts';
import { logIn, storePicture, type TourTarget } from './tour.ts';

export interface Uploads {
  /** Without an acknowledgement, as the authors count. */
  lost: number;
  /** Of those, without one also when they were sent once more under the same key, as a conveyor of ours would. */
  lostAgain: number;
  /** Of those that were stored, the shortest first. */
  latenciesMs: number[];
}

/** Ten threads that each store ten pictures of about 180 kB, one after the other, in about 20 s. */
export async function uploadInThreads(target: TourTarget): Promise<Uploads> {
  const { value: token } = await logIn(target);
  const latenciesMs: number[] = [];
  const run = Date.now();
  let [lost, lostAgain] = [0, 0];
  const thread = async (number: number): Promise<void> => {
    await sleep(number * 170);
    for (let turn = 0; turn < 10; turn++) {
      const startedAt = performance.now();
      const store = (): Promise<unknown> =>
        storePicture(target, token, makePicture(245, number * 10 + turn), `threads-${run}-${number}-${turn}`);
      await store().then(
        () => latenciesMs.push(performance.now() - startedAt),
        async () => {
          lost++;
          await store().catch(() => lostAgain++);
        },
      );
      await sleep(Math.max(0, 1_940 - (performance.now() - startedAt)));
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, number) => thread(number)));
  return { lost, lostAgain, latenciesMs: latenciesMs.toSorted((a, b) => a - b) };
}

/** `1 of 100 lost, 0 when sent again, median 157 ms, p95 293 ms, worst 964 ms`. */
export function describeUploads({ lost, lostAgain, latenciesMs }: Uploads): string {
  const at = (share: number): string =>
    `${Math.round(latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? 0)} ms`;
  const again = lost === 0 ? '' : `, ${lostAgain} when sent again`;
  return `${lost} of ${lost + latenciesMs.length} lost${again}, median ${at(0.5)}, p95 ${at(0.95)}, worst ${at(1)}`;
}
