/** Whether records that the system said yes to are there later. */
import { setTimeout as sleep } from 'node:timers/promises';
import { makePicture } from './make-picture.ts';
import { logIn, storePicture, type TourTarget } from './tour.ts';

export interface StoredRecords {
  /** ID → checksum of the picture, of records that were acknowledged. */
  acknowledged: Map<number, string>;
  /** Uploads without an acknowledgement: they may be there or not. */
  refused: number;
}

/** Stores four pictures a second, each begun whatever became of those before. */
export async function storeSteadily(target: TourTarget, durationMs: number): Promise<StoredRecords> {
  const { value: token } = await logIn(target);
  const stored: StoredRecords = { acknowledged: new Map(), refused: 0 };
  const uploads: Promise<void>[] = [];
  const everyMs = 250;
  for (let number = 0; number * everyMs < durationMs; number++) {
    uploads.push(
      storePicture(target, token, makePicture(245, 1_000 + number)).then(
        ({ value }) => void stored.acknowledged.set(value.id, value.sha256),
        () => void stored.refused++,
      ),
    );
    await sleep(everyMs);
  }
  await Promise.all(uploads);
  return stored;
}

/** IDs of acknowledged records that aren't there, or aren't what they were. */
export async function findLostRecords(
  target: TourTarget,
  { acknowledged }: StoredRecords,
): Promise<number[]> {
  const { value: token } = await logIn(target);
  const lost: number[] = [];
  for (const [id, sha256] of acknowledged) {
    const answer = await fetch(`http://${target.address}/api/v1/sirip-hiu/${id}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(15_000),
    });
    const record = answer.ok ? ((await answer.json()) as { sha256?: string }) : {};
    if (record.sha256 !== sha256) lost.push(id);
  }
  return lost;
}
