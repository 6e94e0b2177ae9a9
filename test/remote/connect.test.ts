import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SshSettings } from '../../src/cluster/cluster.ts';
import { exitCodes, InputError, InterruptedError } from '../../src/errors.ts';
import type { Hosts } from '../../src/remote/host.ts';
import type { TrustRecord } from '../../src/remote/host-key-check.ts';
import { createHosts, type HostsOptions } from '../../src/remote/hosts.ts';
import { ConnectionError } from '../../src/remote/remote-errors.ts';
import { findFreePort, makeKey, startSshd, type TestSshd } from './sshd.ts';

// Real processes, on computers that may be busy.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let sshd: TestSshd;
const opened: Hosts[] = [];
beforeAll(async () => {
  sshd = await startSshd();
});
beforeEach(() => rmSync(join(sshd.folder, '.ssh'), { recursive: true, force: true }));
beforeEach(() => void mkdirSync(join(sshd.folder, '.ssh')));
afterEach(async () => void (await Promise.all(opened.splice(0).map((hosts) => hosts.close()))));
afterAll(() => sshd.stop());

function hostsWith(ssh: Partial<SshSettings> = {}, options: HostsOptions = {}): Hosts {
  const node = { ...sshd.node, ssh: { ...sshd.node.ssh, ...ssh } };
  const hosts = createHosts({ nodes: [node] }, { home: sshd.folder, agent: null, ...options });
  opened.push(hosts);
  return hosts;
}

/** The node's settings without its key: the agent and the defaults decide. */
function hostsWithoutKey(options: HostsOptions = {}): Hosts {
  const { key: _key, ...ssh } = sshd.node.ssh;
  const hosts = createHosts(
    { nodes: [{ ...sshd.node, ssh }] },
    { home: sshd.folder, agent: null, ...options },
  );
  opened.push(hosts);
  return hosts;
}

async function failureOf(hosts: Hosts): Promise<ConnectionError> {
  const error = await hosts.connect('vm-test').catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error.place.host).toBe('vm-test');
  expect(error.next).toBeTruthy();
  return error;
}

describe('host keys', () => {
  test('the first meeting is recorded and announced, the second is silent', async () => {
    const met: TrustRecord[] = [];
    const onTrust = (record: TrustRecord) => void met.push(record);
    await hostsWith({}, { onTrust }).connect('vm-test');
    const [, type, key] = readFileSync(join(sshd.folder, 'host-key.pub'), 'utf8').match(/^(\S+) (\S+)/)!;
    const file = join(sshd.folder, '.ssh', 'known_hosts');
    expect(readFileSync(file, 'utf8')).toBe(`[127.0.0.1]:${sshd.port} ${type} ${key}\n`);
    expect(met).toMatchObject([{ host: 'vm-test', address: '127.0.0.1', keyType: 'ssh-ed25519', file }]);
    await hostsWith({}, { onTrust }).connect('vm-test');
    expect(met).toHaveLength(1);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(2);
  });

  test('a changed key is refused, with both fingerprints, the line, and what to do', async () => {
    await hostsWith().connect('vm-test');
    await sshd.replaceHostKey();
    const error = await failureOf(hostsWith());
    const file = join(sshd.folder, '.ssh', 'known_hosts');
    expect(error.failure).toBe('changed-host-key');
    expect(error.exitCode).toBe(exitCodes.badInput);
    expect(error.details).toEqual([
      expect.stringMatching(/^it shows ssh-ed25519 SHA256:\S{43}$/),
      expect.stringMatching(/^recorded ssh-ed25519 SHA256:\S{43} in .*known_hosts:1$/),
    ]);
    expect(error.next).toBe(
      `if you know why it changed: ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f ${file}`,
    );
  });

  test('a stranger waits until the user may be asked, a known host does not', async () => {
    const file = join(sshd.folder, '.ssh', 'known_hosts');
    const waits = Promise.withResolvers<() => void>();
    // biome-ignore lint/suspicious/noThenProperty: it tells when it is waited for
    const mayAsk = { then: (go: () => void) => waits.resolve(go) } as unknown as Promise<void>;
    const met: TrustRecord[] = [];
    const onTrust = (record: TrustRecord) => void met.push(record);
    const early = hostsWith({}, { mayAsk, onTrust }).connect('vm-test');
    const go = await waits.promise;
    expect([existsSync(file), met.length]).toEqual([false, 0]);
    go();
    await early;
    expect([existsSync(file), met.length]).toEqual([true, 1]);
    await hostsWith({}, { mayAsk: new Promise(() => {}) }).connect('vm-test');
  });

  test('a stranger that nobody waits for any more is not trusted', async () => {
    const hosts = hostsWith({}, { mayAsk: new Promise(() => {}) });
    const failed = hosts.connect('vm-test').catch((error) => error);
    await hosts.close();
    expect(await failed).toMatchObject({ failure: 'closed' });
    expect(existsSync(join(sshd.folder, '.ssh', 'known_hosts'))).toBe(false);
  });

  test('trust that cannot be recorded is not given', async () => {
    const error = await failureOf(hostsWith({ knownHosts: '/sys/kawanan/known_hosts' }));
    expect(error.failure).toBe('key-file');
    expect(error.next).toContain('make /sys/kawanan/known_hosts writable');
  });

  test('a stranger is refused where ~/.ssh/config wants it so', async () => {
    writeFileSync(join(sshd.folder, '.ssh', 'config'), 'Host *\n  StrictHostKeyChecking yes\n');
    expect((await failureOf(hostsWith())).failure).toBe('unknown-host-key');
  });
});

describe('keys', () => {
  test('a key that is not let in fails with what was tried', async () => {
    const key = join(sshd.folder, '.ssh', 'stranger');
    makeKey(key);
    const error = await failureOf(hostsWith({ key }));
    expect(error.failure).toBe('authentication');
    expect(error.exitCode).toBe(exitCodes.badInput);
    expect(error.message).toBe(`127.0.0.1 does not let ${sshd.node.ssh.user} in`);
    expect(error.details).toEqual([`tried: ${key}`]);
    expect(error.next).toContain(`ssh-copy-id -i ${key} -p ${sshd.port}`);
  });

  test('no key and no agent says so', async () => {
    expect((await failureOf(hostsWithoutKey())).details).toEqual([
      'nothing to try: no key file and no agent',
    ]);
  });

  test('a default key of ~/.ssh is found', async () => {
    copyFileSync(sshd.key, join(sshd.folder, '.ssh', 'id_ed25519'));
    await hostsWithoutKey().connect('vm-test');
  });

  test('a key of the agent is used', async () => {
    const socket = join(sshd.folder, '.ssh', 'agent.sock');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(agent.stdout!, 'data');
      const add = spawn('ssh-add', ['-q', sshd.key], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: 'ignore',
      });
      await once(add, 'exit');
      await hostsWithoutKey({ agent: socket }).connect('vm-test');
    } finally {
      agent.kill();
    }
  });

  describe('files that cannot be used are refused before anything is sent', () => {
    test.each<[string, (path: string) => void, RegExp, RegExp]>([
      ['absent', () => {}, /there is no such file/, /ssh-keygen/],
      [
        'readable for others',
        (path) => {
          makeKey(path);
          chmodSync(path, 0o644);
        },
        /others may read it: mode 644/,
        /^chmod 600 /,
      ],
      [
        'a public key',
        (path) => {
          makeKey(path);
          copyFileSync(`${path}.pub`, path);
          chmodSync(path, 0o600);
        },
        /it is a public key/,
        /without \.pub/,
      ],
      [
        'not a key',
        (path) => writeFileSync(path, 'hello', { mode: 0o600 }),
        /not a private key/,
        /without \.pub/,
      ],
      ['a folder', (path) => mkdirSync(path), /it is a folder/, /readable/],
    ])('%s', async (name, make, message, next) => {
      const key = join(sshd.folder, '.ssh', name.replaceAll(' ', '-'));
      make(key);
      const error = await failureOf(hostsWith({ key }));
      expect(error.failure).toBe('key-file');
      expect(error.message).toMatch(message);
      expect(error.next).toMatch(next);
    });
  });

  describe('with a passphrase', () => {
    const lock = (): string => {
      const key = join(sshd.folder, '.ssh', 'locked');
      makeKey(key, 'open sesame');
      writeFileSync(join(sshd.folder, 'authorized_keys'), readFileSync(`${key}.pub`), { flag: 'a' });
      return key;
    };

    test('it is asked for once for all hosts', async () => {
      const asked: string[] = [];
      const askPassphrase = async (path: string): Promise<string> => {
        asked.push(path);
        return 'open sesame';
      };
      const key = lock();
      const node = { ...sshd.node, ssh: { ...sshd.node.ssh, key } };
      const nodes = [node, { ...node, name: 'vm-other' }];
      const hosts = createHosts({ nodes }, { home: sshd.folder, agent: null, askPassphrase });
      opened.push(hosts);
      await Promise.all([hosts.connect('vm-test'), hosts.connect('vm-other')]);
      expect(asked).toEqual([key]);
    });

    test('where nobody can be asked, the agent is recommended', async () => {
      const key = lock();
      expect((await failureOf(hostsWith({ key }))).next).toBe(`ssh-add ${key}`);
    });

    test('a wrong one is said to be wrong', async () => {
      const error = await failureOf(hostsWith({ key: lock() }, { askPassphrase: async () => 'guess' }));
      expect(error.message).toMatch(/not the passphrase/);
      expect(error.message).not.toContain('guess');
    });

    test('one that is not given is an interruption, not a machine that fails', async () => {
      const left = new InterruptedError('left');
      const hosts = hostsWith({ key: lock() }, { askPassphrase: () => Promise.reject(left) });
      await expect(hosts.connect('vm-test')).rejects.toBe(left);
    });
  });
});

describe('the way there', () => {
  test('a closed port refuses', async () => {
    const port = await findFreePort();
    const error = await failureOf(hostsWith({ port }));
    expect(error.failure).toBe('refused');
    expect(error.exitCode).toBe(exitCodes.failed);
    expect(error.message).toBe(`127.0.0.1 port ${port} refuses the connection`);
  });

  test('an sshd that does not answer is given up', async () => {
    process.kill(sshd.pid, 'SIGSTOP');
    try {
      const error = await failureOf(hostsWith({}, { timeouts: { handshakeMs: 100 } }));
      expect(error.failure).toBe('timeout');
      expect(error.message).toContain('did not finish the greeting within 0.1 s');
    } finally {
      process.kill(sshd.pid, 'SIGCONT');
    }
  });

  test('nobody waits for a machine that does not answer once the hosts are closed', async () => {
    const { createServer } = await import('node:net');
    const met = Promise.withResolvers<void>();
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      met.resolve();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      // Longer than the test may take.
      const hosts = hostsWith({ port }, { timeouts: { connectMs: 3_600_000, handshakeMs: 3_600_000 } });
      const failed = hosts.connect('vm-test').catch((error) => error);
      await met.promise;
      await hosts.close();
      expect(await failed).toMatchObject({ failure: 'closed' });
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });

  test('something else than sshd is said to be that', async () => {
    const { createServer } = await import('node:net');
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      const error = await failureOf(hostsWith({ port }));
      expect(error.failure).toBe('handshake');
      expect(error.message).toBe(`what listens on 127.0.0.1 port ${port} does not speak SSH, or hung up`);
    } finally {
      server.close();
    }
  });

  test('a jump host is gone through, over one connection, and its key recorded too', async () => {
    const gate = await startSshd();
    try {
      copyFileSync(gate.key, join(sshd.folder, '.ssh', 'id_ed25519'));
      const met: string[] = [];
      const jump = `${gate.node.ssh.user}@127.0.0.1:${gate.port}`;
      const node = { ...sshd.node, ssh: { ...sshd.node.ssh, jump } };
      const closed = { ...node, name: 'vm-closed', ssh: { ...node.ssh, port: await findFreePort() } };
      const nodes = [node, { ...node, name: 'vm-other' }, closed];
      const onTrust = (record: TrustRecord) => void met.push(record.host);
      const hosts = createHosts({ nodes }, { home: sshd.folder, agent: null, onTrust });
      opened.push(hosts);
      const [host] = await Promise.all([hosts.connect('vm-test'), hosts.connect('vm-other')]);
      expect((await host.run({ program: 'echo', args: ['through'] })).stdout).toBe('through\n');
      expect(new Set(met)).toEqual(new Set([jump, 'vm-test', 'vm-other']));
      const error = await hosts.connect('vm-closed').catch((thrown) => thrown);
      expect(error).toMatchObject({
        failure: 'refused',
        message: expect.stringContaining(`through ${jump}`),
      });
      const log = readFileSync(join(gate.folder, 'sshd.log'), 'utf8');
      expect(log.match(/Accepted publickey/g)).toHaveLength(1);
    } finally {
      await Promise.all(opened.splice(0).map((hosts) => hosts.close()));
      await gate.stop();
    }
  });

  test('a machine behind a jump host that takes no connection is given up', async () => {
    // Its queue is full and stays full: the kernel lets further connections wait.
    const program = `use IO::Socket::INET; my $l = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);
      my $to = '127.0.0.1:' . $l->sockport; my @queue = map { IO::Socket::INET->new(PeerAddr => $to, Blocking => 0) } 1 .. 4;
      print STDERR $l->sockport, "\n"; <STDIN>`;
    const deaf = spawn('perl', ['-e', program]);
    const [said] = (await once(deaf.stderr, 'data')) as [Buffer];
    try {
      copyFileSync(sshd.key, join(sshd.folder, '.ssh', 'id_ed25519'));
      const jump = `${sshd.node.ssh.user}@127.0.0.1:${sshd.port}`;
      const error = await failureOf(
        hostsWith({ jump, port: Number(said) }, { timeouts: { connectMs: 500, handshakeMs: 10_000 } }),
      );
      expect(error.failure).toBe('timeout');
      expect(error.message).toBe(
        `no answer from 127.0.0.1 port ${Number(said)} through ${jump}: no connection within 0.5 s`,
      );
    } finally {
      deaf.kill('SIGKILL');
    }
  });
});

test('a node that the cluster does not have is named, with the nearest', async () => {
  const error = await hostsWith()
    .connect('vm-tset')
    .catch((thrown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  expect(error.problems).toEqual([
    { message: 'the cluster has no node "vm-tset"', next: 'did you mean "vm-test"?' },
  ]);
});
