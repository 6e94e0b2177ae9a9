// The thread of probe.ts: the loop and the network run here, undisturbed by what the rest of the program does.
import { parentPort, workerData } from 'node:worker_threads';
import { monotonicMs } from './monotonic.ts';
import type { ProbeSettings } from './options.ts';
import { createPacedClock } from './paced-clock.ts';
import { runOpenLoop } from './run-open-loop.ts';
import { planSchedule } from './schedule.ts';
import { takePrecedence } from './take-precedence.ts';
import { createTransport } from './transport.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

// The pacer thread needs a moment to start; the first request should not be late for that.
const headStartMs = 200;

const settings = workerData as ProbeSettings;
const port = parentPort!;
const send = (message: FromWorker): void => port.postMessage(message);

const realTime = takePrecedence();
const originMs = monotonicMs() + headStartMs + settings.warmUpMs;
const transport = createTransport(settings);
const loop = runOpenLoop(planSchedule(settings), settings, createPacedClock(originMs), transport);
port.on('message', (order: ToWorker) => loop[order]());
send({ type: 'scheduled', originMs, realTime });
send({ type: 'finished', ...(await loop.finished) });
