import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addLeftBehind, leftBehindScript } from '../../src/balancer/haproxy/left-behind.ts';
import type { LiveServer } from '../../src/balancer/live-server.ts';

let folder: string;
let master: Server | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kawanan-master-'));
  master = undefined;
});

afterEach(async () => {
  master?.close();
  await rm(folder, { recursive: true });
});

/** A master process; it waits for more behind the answers that name no process, as that of HAProxy 3.0 does. */
async function startMaster(answers: Record<string, string>): Promise<string> {
  const path = join(folder, 'master.sock');
  const asked: Record<string, string> = Object.fromEntries(
    Object.entries(answers).map(([command, answer]) => [`${command};quit\n`, answer]),
  );
  master = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (chunk) => {
      const answer = asked[String(chunk)];
      const [, prefix] = /^(@!\d+) /.exec(String(chunk)) ?? [];
      if (answer !== undefined) socket.end(answer);
      else socket.write(`Can't find the target PID matching the prefix '${prefix}'\n`);
    });
  }).listen(path);
  await once(master, 'listening');
  return path;
}

async function runScript(path: string): Promise<string> {
  const child = spawn('perl', ['-e', leftBehindScript, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return output;
}

// recorded: 3.0.11 with a process behind it that has two TCP connections and a request, and a kept connection without one
const procs30 = `#<PID>          <type>          <reloads>       <uptime>        <version>      
29137           master          1 [failed: 0]   0d00h00m04s     3.0.11-1+deb13u3
# workers
29200           worker          0               0d00h00m02s     3.0.11-1+deb13u3
# old workers
29140           worker          1               0d00h00m03s     3.0.11-1+deb13u3
# programs

`;
const sessions30 = `0x7f6a10a70000: proto=tcpv4 src=127.0.0.1:50602 fe=mysql be=mysql.mysql srv=w1-mysql ts=00 epoch=0 age=2s calls=3 rate=0 cpu=0 lat=0 rq[f=848000h,i=0,an=00h,ax=] rp[f=80048000h,i=0,an=00h,ax=] scf=[8,0h,fd=20,rex=7h59m,wex=] scb=[8,1h,fd=22,rex=7h59m,wex=] exp=7h59m rc=0 c_exp=
0x7f6a10a70400: proto=sockpair src=unix:2 fe=GLOBAL be=<NONE> srv=<none> ts=00 epoch=0 age=0s calls=1 rate=0 cpu=0 lat=0 rq[f=848000h,i=0,an=00h,ax=] rp[f=80008000h,i=0,an=00h,ax=] scf=[8,0h,fd=9,rex=30s,wex=] scb=[8,1h,fd=-1,rex=,wex=] exp=30s rc=0 c_exp=
0x7f6a10ca0000: proto=tcpv4 src=127.0.0.1:40164 fe=web be=web.app srv=w2-app ts=00 epoch=0 age=2s calls=3 rate=0 cpu=0 lat=0 rq[f=1840000h,i=0,an=8000h,ax=] rp[f=80000000h,i=0,an=1400000h,ax=] scf=[8,482h,fd=18,rex=,wex=] scb=[8,1411h,fd=19,rex=57s,wex=] exp=57s rc=0 c_exp=
0x7f6a10ca0400: proto=tcpv4 src=127.0.0.1:50616 fe=mysql be=mysql.mysql srv=w1-mysql ts=00 epoch=0 age=2s calls=3 rate=0 cpu=0 lat=0 rq[f=848000h,i=0,an=00h,ax=] rp[f=80048000h,i=0,an=00h,ax=] scf=[8,0h,fd=21,rex=7h59m,wex=] scb=[8,1h,fd=23,rex=7h59m,wex=] exp=7h59m rc=0 c_exp=

`;
// recorded: 2.4.14, two processes behind it
const procs24 = `#<PID>          <type>          <relative PID>  <reloads>       <uptime>        <version>      
24100           master          0               2               0d00h00m06s     2.4.14-1ubuntu1
# workers
24935           worker          1               0               0d00h00m01s     2.4.14-1ubuntu1
# old workers
24843           worker          [was: 1]        1               0d00h00m03s     2.4.14-1ubuntu1
24164           worker          [was: 1]        2               0d00h00m05s     2.4.14-1ubuntu1
# programs

`;
const sessions24 = `0x55b2cb19f8a0: proto=tcpv4 src=127.0.0.1:60934 fe=web be=web.app srv=w1-app ts=00 epoch=0 age=4s calls=1 rate=0 cpu=0 lat=0 rq[f=49c40080h,i=16384,an=8000h,rx=,wx=,ax=] rp[f=80400000h,i=0,an=1400000h,rx=56s,wx=,ax=] s0=[8,10008h,fd=15,ex=] s1=[8,200118h,fd=22,ex=] exp=56s
0x55b2cb19ebc0: proto=tcpv4 src=127.0.0.1:40222 fe=mysql be=mysql.mysql srv=w1-mysql ts=00 epoch=0 age=4s calls=3 rate=0 cpu=0 lat=0 rq[f=848000h,i=0,an=00h,rx=7h59m,wx=,ax=] rp[f=80048000h,i=0,an=00h,rx=7h59m,wx=,ax=] s0=[8,200008h,fd=17,ex=] s1=[8,200018h,fd=20,ex=] exp=7h59m
0x55b2cb19df70: proto=sockpair src=unix:2 fe=GLOBAL be=<NONE> srv=<none> ts=00 epoch=0 age=0s calls=1 rate=1 cpu=0 lat=0 rq[f=c08000h,i=0,an=00h,rx=,wx=,ax=] rp[f=80008002h,i=0,an=00h,rx=,wx=,ax=] s0=[8,240008h,fd=6,ex=] s1=[8,204018h,fd=-1,ex=] exp=

`;
const procsAlone = procs30.replace(/^# old workers\n.*\n/m, '');

test.each<[string, Record<string, string>, string]>([
  [
    'a process left behind tells of its sessions, and not of kept connections that have none',
    { 'show proc': procs30, '@!29140 show sess': sessions30 },
    'mysql.mysql w1-mysql 2\nweb.app w2-app 1\n',
  ],
  [
    'several are added up',
    { 'show proc': procs24, '@!24843 show sess': sessions24, '@!24164 show sess': sessions24 },
    'mysql.mysql w1-mysql 2\nweb.app w1-app 2\n',
  ],
  [
    'one that has just ended has nothing, and those behind it are asked all the same',
    { 'show proc': procs24, '@!24164 show sess': sessions24 },
    'mysql.mysql w1-mysql 1\nweb.app w1-app 1\n',
  ],
  ['nothing is left where nothing was left behind', { 'show proc': procsAlone }, ''],
])('%s', async (_, answers, wanted) => {
  expect(await runScript(await startMaster(answers))).toBe(wanted);
});

test('without a master nothing is told', async () => {
  expect(await runScript(join(folder, 'nowhere.sock'))).toBe('');
});

function buildServer(backend: string, name: string, sessions: number): LiveServer {
  const rest = { address: '192.0.2.14:8000', up: true, status: 'UP', check: 'L7OK', weight: 1, queued: 0 };
  return { backend, name, admin: 'ready', sessions, ...rest };
}

test('what was left behind is work of the servers of its section, or of that name where the section has another one now', () => {
  const live = {
    frontends: [],
    servers: [
      buildServer('web.app', 'w1-app', 1),
      buildServer('web.app:reads', 'w1-app', 0),
      buildServer('web.app.2', 'w2-app', 0),
      buildServer('db.mysql', 'w1-mysql', 0),
    ],
  };
  const { servers } = addLeftBehind(live, 'web.app w1-app 2\nweb.app w2-app 3\nweb.app gone-app 4\n');
  expect(servers.map(({ sessions }) => sessions)).toEqual([3, 0, 3, 0]);
  expect(addLeftBehind(live, '')).toEqual(live);
  expect(addLeftBehind(live, 'active\n')).toEqual(live);
});
