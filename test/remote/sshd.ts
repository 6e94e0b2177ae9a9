import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterNode } from '../../src/cluster/cluster.ts';

/** A real sshd on loopback with its own keys, in a folder of its own that is also the home of its clients. */
export interface TestSshd {
  port: number;
  pid: number;
  folder: string;
  /** Private key that is let in. */
  key: string;
  /** The node as a cluster file would describe it. */
  node: ClusterNode;
  /** Starts it again on the same port with another host key. */
  replaceHostKey(): Promise<void>;
  /** Ends it for a while; connections that are open stay. */
  end(): Promise<void>;
  /** Starts it again, with the same port and key. */
  begin(): Promise<void>;
  stop(): Promise<void>;
}

/** `settings` are further lines of sshd_config. */
export async function startSshd(settings: string[] = []): Promise<TestSshd> {
  const folder = mkdtempSync(join(tmpdir(), 'kawanan-sshd-'));
  mkdirSync(join(folder, '.ssh'));
  makeKey(join(folder, 'host-key'));
  makeKey(join(folder, 'client-key'));
  execFileSync('cp', [join(folder, 'client-key.pub'), join(folder, 'authorized_keys')]);
  // sshd started as root wants the folder of its unprivileged part
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const port = await findFreePort();
  writeFileSync(
    join(folder, 'sshd_config'),
    [
      ...settings,
      // bash then leaves ~/.bashrc alone, whatever the developer has in it
      'SetEnv SHLVL=5',
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(folder, 'host-key')}`,
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      'PidFile none',
      'UsePAM no',
      'StrictModes no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'LogLevel VERBOSE',
      '',
    ].join('\n'),
  );
  const start = async (): Promise<ChildProcess> => {
    const log = ['-E', join(folder, 'sshd.log')];
    const child = spawn('/usr/sbin/sshd', ['-D', '-f', join(folder, 'sshd_config'), ...log], {
      stdio: 'ignore',
    });
    await waitForPort(port);
    return child;
  };
  let child = await start();
  const { username } = userInfo();
  return {
    port,
    get pid() {
      return child.pid!;
    },
    folder,
    key: join(folder, 'client-key'),
    node: {
      name: 'vm-test',
      address: '127.0.0.1',
      role: 'manager',
      labels: {},
      availability: 'active',
      ssh: {
        user: username,
        port,
        key: join(folder, 'client-key'),
        knownHosts: join(folder, '.ssh', 'known_hosts'),
      },
    },
    replaceHostKey: async () => {
      await end(child);
      rmSync(join(folder, 'host-key'));
      rmSync(join(folder, 'host-key.pub'));
      makeKey(join(folder, 'host-key'));
      child = await start();
    },
    end: () => end(child),
    begin: async () => {
      child = await start();
    },
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function makeKey(path: string, passphrase = '', type = 'ed25519'): void {
  execFileSync('ssh-keygen', [
    '-q',
    '-t',
    type,
    '-a',
    '1',
    '-N',
    passphrase,
    '-C',
    'kawanan test',
    '-f',
    path,
  ]);
}

/** A port of loopback on which nobody listens. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function waitForPort(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await sleep(20);
  }
  throw new Error('sshd did not start');
}

/** Ends sshd itself; the processes of its sessions end with their connections. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  // a stopped process takes its leave only when it goes on
  child.kill('SIGKILL');
  await gone;
}
