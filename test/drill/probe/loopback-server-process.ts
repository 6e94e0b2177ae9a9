// The process behind loopback-server.ts.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monotonicMs } from '../../../src/drill/probe/monotonic.ts';
import type { ServerOptions } from './loopback-server.ts';

const { stall } = JSON.parse(process.argv[2]!) as ServerOptions;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
let served = 0;

const server = createServer((request, response) => {
  const readMs = monotonicMs();
  served++;
  // In the middle, so that a short run has its stall, too.
  if (stall !== undefined && served % stall.every === Math.floor(stall.every / 2))
    Atomics.wait(sleeper, 0, 0, stall.ms);
  request.resume().on('end', () => {
    response.setHeader('x-served', `${readMs},${monotonicMs()}`);
    response.end('done');
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', 10_000, () => process.send!((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
