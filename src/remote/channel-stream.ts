import { Duplex } from 'node:stream';
import type { Channel } from 'ssh2';
import type { SshConnection } from './open-ssh.ts';

/**
 * A channel of an SSH connection as a stream that behaves like a socket: it can be destroyed, ends for good when
 * the other side does, and fails with the connection's own error when that is lost. Good as a socket of node:http.
 */
export function wrapChannel(
  channel: Channel,
  connection: SshConnection,
  onClose: () => void = () => {},
): Duplex {
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => void channel.resume(),
    write: (chunk, _encoding, done) => void channel.write(chunk, done),
    final: (done) => {
      channel.end();
      done();
    },
    destroy: (error, done) => {
      forget();
      channel.close();
      onClose();
      done(error);
    },
  });
  channel.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) channel.pause();
  });
  channel.on('end', () => void stream.push(null));
  channel.on('error', (error: Error) => void stream.destroy(error));
  channel.on('close', () => {
    const lost = connection.lost();
    if (lost) stream.destroy(lost);
    // what was received is still to be read: the end of the stream destroys it
    else if (!stream.readableEnded) stream.push(null);
  });
  const forget = connection.onLost((error) => queueMicrotask(() => stream.destroy(error)));
  // node:http treats every stream as a socket
  const socketMethods = ['setTimeout', 'setNoDelay', 'setKeepAlive', 'ref', 'unref'];
  for (const method of socketMethods) Object.assign(stream, { [method]: () => stream });
  Object.assign(stream, { destroySoon: () => stream.end(() => stream.destroy()) });
  return stream;
}
