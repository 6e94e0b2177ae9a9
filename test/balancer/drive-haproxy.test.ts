import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { driveHaproxy } from '../../src/balancer/haproxy/drive-haproxy.ts';
import { UserError } from '../../src/errors.ts';
import { FakeHaproxy } from './fake-haproxy.ts';
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
    {
      server: { backend: 'web.web', name: 'w1-web', reads: 'web.web:reads', admin: 'ready' },
      state: 'drain',
    },
    { server: { backend: 's3.s3', name: 'w1-s3', admin: 'drain' }, state: 'ready' },
  ]);
  expect(asked).toEqual([
    'set server web.web/w1-web state drain; set server web.web:reads/w1-web state drain; set server s3.s3/w1-s3 state ready',
  ]);
});

// HAProxy gives a server that drains, or whose check is answered with 404, all requests that carry its cookie.
test.each([
  ['ready', 'drain', 'set server web/w1 state maint'],
  ['hold', 'drain', 'set server web/w1 state maint'],
  ['ready', 'hold', 'set server web/w1 state drain'],
  // it serves from that moment on
  ['hold', 'ready', 'set server web/w1 state ready'],
  // nobody has looked at it meanwhile, so its checks say when it is up
  ['drain', 'ready', 'set server web/w1 state ready; set server web/w1 health down'],
  ['maint', 'ready', 'set server web/w1 state ready; set server web/w1 health down'],
  ['drain', 'hold', 'set server web/w1 state drain; set server web/w1 health down'],
] as const)('a sticky server that is %s is told %s', async (admin, state, line) => {
  const { host, asked } = buildHost('\n');
  await driveHaproxy.tellStates(host, [
    { server: { backend: 'web', name: 'w1', admin, sticky: true }, state },
  ]);
  expect(asked).toEqual([line]);
});

test('what HAProxy refuses is told in its own words', async () => {
  const { host } = buildHost('No such server.\n\n');
  const server = { backend: 'a', name: 'b', admin: 'drain' as const };
  const told = driveHaproxy.tellStates(host, [{ server, state: 'ready' }]);
  await expect(told).rejects.toThrow(UserError);
  await expect(told).rejects.toThrow(/No such server/);
});

test('one look tells what servers work on, connections from before a reload included', async () => {
  const host = new FakeHaproxy('lb1', [
    { backend: 'web.web', name: 'w1-web', admin: 'drain', up: true },
    { backend: 'web.web:reads', name: 'w1-web', admin: 'drain', up: true },
  ]);
  const run = host.run.bind(host);
  host.run = async (command) =>
    command.args?.includes('/run/haproxy-master.sock')
      ? { exitCode: 0, stdout: 'web.web w1-web 2\nweb.web:reads w1-web 1\n', stderr: '' }
      : run(command);
  const { servers } = await driveHaproxy.readLive(host);
  expect(servers.map(({ name, admin, sessions }) => [name, admin, sessions])).toEqual([
    ['w1-web', 'drain', 3],
  ]);
});
