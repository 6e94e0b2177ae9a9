// The thread behind paced-clock.ts: sleeps until the shared due time, says which turn it was, waits for the next.
import { parentPort, workerData } from 'node:worker_threads';
import { monotonicMs } from './monotonic.ts';
import { takePrecedence } from './take-precedence.ts';

const { shared, originMs } = workerData as { shared: SharedArrayBuffer; originMs: number };
const turn = new Int32Array(shared, 0, 1);
const dueMs = new Float64Array(shared, 8, 1);

takePrecedence();
let told = 0;
for (;;) {
  const current = Atomics.load(turn, 0);
  const restMs = current === told ? Infinity : dueMs[0]! - (monotonicMs() - originMs);
  if (restMs > 0) {
    Atomics.wait(turn, 0, current, restMs);
    continue;
  }
  told = current;
  parentPort!.postMessage(current);
}
