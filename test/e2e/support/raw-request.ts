import { connect } from 'node:net';

/** Sends bytes as they are and gives all that comes back within the time; empty where the connection is refused or cut. */
export function sendRaw(host: string, port: number, bytes: string, waitMs = 1_500): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, host);
    const finish = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(waitMs, finish);
    socket.on('connect', () => socket.write(bytes, 'latin1'));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', finish);
    socket.on('close', finish);
  });
}
