import { connect } from 'node:net';
import { type Ending, judgeAnswer, type Outcome, type Target } from './connection.ts';

const patienceMs = 2_000;

/** Tries a connection from this computer; 2 s to connect and 2 s for the answer. */
export async function connectFromHere(target: Target): Promise<Outcome> {
  return judgeAnswer(target, await tryConnection(target));
}

function tryConnection({ address, port, ask }: Target): Promise<Ending> {
  return new Promise((resolve) => {
    let connected = false;
    const socket = connect({ host: address, port });
    const end = (ending: Ending): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(ending);
    };
    const timer = setTimeout(() => end({ kind: connected ? 'silent' : 'timeout' }), patienceMs);
    socket.once('connect', () => {
      connected = true;
      timer.refresh();
      if (ask.kind === 'tcp') end({ kind: 'taken', firstBytes: Buffer.alloc(0) });
      if (ask.kind === 'http')
        socket.write(
          `${ask.method} ${ask.path} HTTP/1.1\r\nHost: ${address}:${port}\r\nUser-Agent: kawanan-doctor\r\nConnection: close\r\n\r\n`,
        );
    });
    socket.once('data', (bytes: Buffer) => end({ kind: 'taken', firstBytes: bytes }));
    socket.once('end', () => end({ kind: 'taken', firstBytes: Buffer.alloc(0) }));
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') end({ kind: 'refused' });
      else if (connected || code === 'ECONNRESET') end({ kind: 'taken', firstBytes: Buffer.alloc(0) });
      else if (code === 'ETIMEDOUT') end({ kind: 'timeout' });
      else end({ kind: 'unreachable', detail: code ?? message });
    });
  });
}
