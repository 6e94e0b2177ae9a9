import { connect } from 'node:net';
import { readGreeting } from './mysql-greeting.ts';
import type { SocketTarget } from './options.ts';
import { nameFailure, type Sender } from './sender.ts';

/** Connects, for MySQL also awaits the greeting, and closes: a new connection each time. */
export function createSocketSender({ kind, host, port }: SocketTarget): Sender {
  return (done) => {
    const socket = connect({ host, port, noDelay: true });
    let received = Buffer.alloc(0);
    const finish = (failure: string | null): void => {
      // A reset leaves no port behind in TIME_WAIT; thousands a minute would use them up.
      socket.resetAndDestroy();
      done({ failure, status: null, server: null, bytes: received.length });
    };
    if (kind === 'tcp') socket.on('connect', () => finish(null));
    socket.on('data', (chunk) => {
      if (kind === 'tcp') return;
      received = Buffer.concat([received, chunk]);
      const greeting = readGreeting(received);
      if (greeting !== null) finish(greeting.failure);
    });
    socket.on('error', (error) => finish(nameFailure(error)));
    socket.on('end', () => finish('closed before its greeting'));
    return () => socket.destroy();
  };
}
