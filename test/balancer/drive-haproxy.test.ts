import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { driveHaproxy } from '../../src/balancer/haproxy/drive-haproxy.ts';
import { UserError } from '../../src/errors.ts';
import { FakeHost } from './fake-host.ts';

/** A HAProxy that answers every command line with one text. */
function buildHost(answer: string): { host: FakeHost; asked: string[] } {
  const asked: string[] = [];
  const host = new FakeHost();
  host.openSocket = async () =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        asked.push(String(chunk).trim());
        this.push(answer);
        this.push(null);
        done();
      },
    });
  return { host, asked };
}

test('all servers are told in one line, those whose reads stand apart in both of their backends', async () => {
  const { host, asked } = buildHost('\n');
  await driveHaproxy.tellStates(host, [
    { server: { backend: 'web.web', name: 'w1-web', reads: 'web.web:reads' }, state: 'drain' },
    { server: { backend: 's3.s3', name: 'w1-s3' }, state: 'ready' },
  ]);
  expect(asked).toEqual([
    'set server web.web/w1-web state drain; set server web.web:reads/w1-web state drain; set server s3.s3/w1-s3 state ready',
  ]);
});

test('what HAProxy refuses is told in its own words', async () => {
  const { host } = buildHost('No such server.\n\n');
  const told = driveHaproxy.tellStates(host, [{ server: { backend: 'a', name: 'b' }, state: 'ready' }]);
  await expect(told).rejects.toThrow(UserError);
  await expect(told).rejects.toThrow(/No such server/);
});
