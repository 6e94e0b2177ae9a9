import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Host, Hosts } from '../../src/remote/host.ts';
import { createHosts } from '../../src/remote/hosts.ts';
import { CommandError, ConnectionError, SocketError } from '../../src/remote/remote-errors.ts';
import { startSshd, type TestSshd } from './sshd.ts';

// Real processes, on computers that may be busy.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let sshd: TestSshd;
let hosts: Hosts;
let host: Host;
beforeAll(async () => {
  sshd = await startSshd();
  hosts = createHosts({ nodes: [sshd.node] }, { home: sshd.folder, agent: null });
  host = await hosts.connect('vm-test');
});
afterAll(async () => {
  await hosts.close();
  await sshd.stop();
});

/** Owner of what these tests write: who runs them. */
const owner = (() => {
  const { uid, gid } = userInfo();
  return `${uid}:${gid}`;
})();

describe('commands', () => {
  test('twenty side by side share one connection, though sshd allows ten sessions', async () => {
    const others = await Promise.all(Array.from({ length: 3 }, () => hosts.connect('vm-test')));
    expect(new Set([host, ...others]).size).toBe(1);
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => host.run({ program: 'echo', args: [String(index)] })),
    );
    expect(results.map(({ stdout }) => Number(stdout))).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    );
    const log = readFileSync(join(sshd.folder, 'sshd.log'), 'utf8');
    expect(log.match(/Accepted publickey/g)).toHaveLength(1);
  });

  test('standard input reaches the program, and stands in no argument of any process', async () => {
    const hush = 'a-secret-of-this-test';
    const script =
      'cat; cat /proc/[0-9]*/cmdline /proc/self/environ /proc/$PPID/environ 2>/dev/null | tr "\\0" " " >&2';
    const result = await host.run({ program: 'sh', args: ['-c', script], stdin: hush });
    expect(result.stdout).toBe(hush);
    expect(result.stderr).toContain('cat; cat /proc/[0-9]*/cmdline');
    expect(result.stderr.includes(hush)).toBe(false);
  });

  test('binary input arrives whole, and a program need not read it', async () => {
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
    const { stdout } = await host.run({ program: 'sha256sum', stdin: bytes });
    const { createHash } = await import('node:crypto');
    expect(stdout.slice(0, 64)).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect((await host.run({ program: 'true', stdin: bytes })).exitCode).toBe(0);
  });

  test('exit codes are failures unless they are accepted', async () => {
    const command = { program: 'sh', args: ['-c', 'echo why >&2; exit 4'] };
    const error = await host.run(command).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ exitCodeOfCommand: 4, details: ['why'], place: { host: 'vm-test' } });
    expect((await host.run({ ...command, accept: [4] })).exitCode).toBe(4);
  });

  test('a program that does not exist fails with its name', async () => {
    const error = await host.run({ program: 'no-such-program' }).catch((thrown) => thrown);
    expect(error.message).toBe('no-such-program failed with exit code 127');
  });

  test('one that takes too long is killed on the host, with all that it started', async () => {
    const marker = join(sshd.folder, 'late');
    const script = `(sleep 0.6; touch ${marker}) & sleep 30`;
    const error = await host
      .run({ program: 'sh', args: ['-c', script], timeoutMs: 200 })
      .catch((thrown) => thrown);
    expect(error.message).toContain('did not end within 0.2 s and was killed');
    await host.run({ program: 'sleep', args: ['0.7'] });
    expect(existsSync(marker)).toBe(false);
  });

  test('the environment is given without a shell reading it', async () => {
    const { stdout } = await host.run({ program: 'printenv', args: ['MARK'], env: { MARK: "it's $HOME" } });
    expect(stdout).toBe("it's $HOME\n");
  });
});

describe('files', () => {
  test('a file is written whole, with its mode, into folders that did not exist', async () => {
    const path = join(sshd.folder, 'new folder', 'deep', "it's.conf");
    await host.writeFile(path, 'content\n', { mode: 0o640, owner });
    expect(readFileSync(path, 'utf8')).toBe('content\n');
    expect(statSync(path).mode & 0o7777).toBe(0o640);
    expect(statSync(join(sshd.folder, 'new folder', 'deep')).mode & 0o777).toBe(0o755);
    expect(readdirSync(join(sshd.folder, 'new folder', 'deep'))).toEqual(["it's.conf"]);
  });

  test("a check sees the new content at a private path before it takes the old one's place", async () => {
    const folder = join(sshd.folder, 'checked');
    const path = join(folder, 'a.conf');
    const seen = join(sshd.folder, 'seen');
    await host.writeFile(path, 'old\n', { owner });
    const check = (newPath: string) => ({
      program: 'sh',
      args: ['-c', `cat "$1" "$2" > ${seen}; stat -c %a "$1" >> ${seen}`, 'check', newPath, path],
    });
    await host.writeFile(path, 'new\n', { owner, mode: 0o600, check });
    expect(readFileSync(seen, 'utf8')).toBe('new\nold\n600\n');
    expect(readFileSync(path, 'utf8')).toBe('new\n');
  });

  test('a check that fails leaves the old file and nothing else', async () => {
    const folder = join(sshd.folder, 'refused');
    const path = join(folder, 'a.conf');
    await host.writeFile(path, 'old\n', { owner });
    const check = () => ({ program: 'sh', args: ['-c', 'echo bad configuration >&2; exit 1'] });
    const error = await host.writeFile(path, 'new\n', { owner, check }).catch((thrown) => thrown);
    expect(error.details).toEqual(['bad configuration']);
    expect(readFileSync(path, 'utf8')).toBe('old\n');
    expect(readdirSync(folder)).toEqual(['a.conf']);
  });

  test('what a killed run left beside a file is cleaned by the next write, its neighbours are not', async () => {
    const folder = join(sshd.folder, 'leftovers');
    mkdirSync(folder);
    for (const name of ['.a.conf.kawanan-Abc12345', '.b.conf.kawanan-Abc12345', 'a.conf.kawanan-x']) {
      writeFileSync(join(folder, name), 'half');
    }
    await host.writeFile(join(folder, 'a.conf'), 'whole', { owner });
    expect(readdirSync(folder).sort()).toEqual(['.b.conf.kawanan-Abc12345', 'a.conf', 'a.conf.kawanan-x']);
  });

  test('a file that cannot be written is called by its path, not by the script that writes it', async () => {
    const error = await host.writeFile('/proc/none/file', 'x', { owner }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(CommandError);
    expect(error.message).toBe('writing /proc/none/file failed with exit code 1');
    expect(error.details.join()).toContain('/proc/none');
  });

  test('a file is read back, an absent one is undefined, removing twice is fine', async () => {
    const path = join(sshd.folder, 'read me');
    writeFileSync(path, 'grüße\n\n');
    expect(await host.readFile(path)).toBe('grüße\n\n');
    await host.removeFile(path);
    await host.removeFile(path);
    expect(await host.readFile(path)).toBeUndefined();
  });
});

describe('sockets', () => {
  let server: Server;
  afterEach(() => void server?.close());
  const serve = async (name: string): Promise<string> => {
    const path = join(sshd.folder, name);
    server = createServer((request, response) => response.end(`you asked for ${request.url}`));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return path;
  };
  const ask = async (from: Host, path: string): Promise<string> => {
    const stream = await from.openSocket(path);
    stream.end('GET /x HTTP/1.0\r\n\r\n');
    return text(stream);
  };

  test('a unix socket is reached through the connection', async () => {
    expect(await ask(host, await serve('web.sock'))).toContain('you asked for /x');
  });

  test('an sshd that forwards no sockets is gone around', async () => {
    const strict = await startSshd(['AllowStreamLocalForwarding no']);
    const around = createHosts({ nodes: [strict.node] }, { home: strict.folder, agent: null });
    try {
      const path = await serve('around.sock');
      const from = await around.connect('vm-test');
      expect(await ask(from, path)).toContain('you asked for /x');
      // more than one connection has sessions for
      const answers = await Promise.all(Array.from({ length: 12 }, () => ask(from, path)));
      expect(new Set(answers.map((answer) => answer.split('\r\n\r\n')[1]))).toEqual(
        new Set(['you asked for /x']),
      );
      await expect(from.openSocket('/nowhere.sock')).rejects.toMatchObject({ failure: 'absent' });
    } finally {
      await around.close();
      await strict.stop();
    }
  });

  test('one whose service takes nobody any more is given up', async () => {
    const path = join(sshd.folder, 'full.sock');
    // Listens, fills its own queue, and never takes anyone from it: as an engine that hangs.
    const program = `my $listener = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1); my @queue;
      while (my $one = IO::Socket::UNIX->new(Peer => $ARGV[0], Blocking => 0)) { push @queue, $one }
      print STDERR "full\n"; <STDIN>`;
    const service = spawn('perl', ['-MIO::Socket::UNIX', '-e', program, path]);
    await once(service.stderr, 'data');
    const own = createHosts(
      { nodes: [sshd.node] },
      { home: sshd.folder, agent: null, timeouts: { socketMs: 200 } },
    );
    try {
      const from = await own.connect('vm-test');
      const error = await from.openSocket(path).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(SocketError);
      expect(error).toMatchObject({
        failure: 'silent',
        message: `${path} could not be opened within 0.2 s`,
        next: expect.stringContaining('hangs'),
      });
    } finally {
      // first: sshd, which waits for it, could not say goodbye
      service.kill('SIGKILL');
      await own.close();
    }
  });

  test('a socket that is absent and one where nobody listens are told apart', async () => {
    const dead = join(sshd.folder, 'dead.sock');
    await host.run({
      program: 'perl',
      args: ['-MIO::Socket::UNIX', '-e', 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1)', dead],
    });
    await expect(host.openSocket(join(sshd.folder, 'none.sock'))).rejects.toMatchObject({
      failure: 'absent',
    });
    const error = await host.openSocket(dead).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(SocketError);
    expect(error).toMatchObject({ failure: 'refused', message: `nobody listens on ${dead}` });
  });
});

describe('a connection that is lost', () => {
  /** The process of sshd that serves a connection: the parent of `timeout`, which runs our command. */
  const sessionPid = async (of: Host): Promise<number> => {
    const script = 'cut -d" " -f4 /proc/$PPID/stat';
    return Number((await of.run({ program: 'sh', args: ['-c', script] })).stdout);
  };

  test('mid-command is a clear error, and the next command opens another', async () => {
    const pid = await sessionPid(host);
    const running = host.run({ program: 'sleep', args: ['20'] }).catch((thrown) => thrown);
    await host.run({ program: 'true' });
    process.kill(pid, 'SIGKILL');
    const error = await running;
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ failure: 'lost', message: 'the connection to 127.0.0.1 was lost' });
    expect((await host.run({ program: 'echo', args: ['back'] })).stdout).toBe('back\n');
    expect(await sessionPid(host)).not.toBe(pid);
  });

  test('because the machine went silent is noticed, also by who only watches', async () => {
    const lost: string[] = [];
    const own = createHosts(
      { nodes: [sshd.node] },
      {
        home: sshd.folder,
        agent: null,
        timeouts: { keepaliveMs: 200 },
        onLost: (name) => void lost.push(name),
      },
    );
    const silent = await own.connect('vm-test');
    const pid = await sessionPid(silent);
    process.kill(pid, 'SIGSTOP');
    try {
      const error = await silent.run({ program: 'true' }).catch((thrown) => thrown);
      expect(error).toMatchObject({ failure: 'lost', message: '127.0.0.1 no longer answers' });
      expect(lost).toEqual(['vm-test']);
    } finally {
      process.kill(pid, 'SIGKILL');
      await own.close();
    }
  });

  test('by our own close ends what still runs, and is no loss', async () => {
    const lost: string[] = [];
    const own = createHosts(
      { nodes: [sshd.node] },
      { home: sshd.folder, agent: null, onLost: (name) => void lost.push(name) },
    );
    const mine = await own.connect('vm-test');
    const running = mine.run({ program: 'sleep', args: ['20'] }).catch((thrown) => thrown);
    await mine.run({ program: 'true' });
    await own.close();
    expect(await running).toMatchObject({ failure: 'closed' });
    expect(lost).toEqual([]);
  });

  test('by our own close opens no other, which would keep the process alive', async () => {
    const own = createHosts(
      { nodes: [sshd.node, { ...sshd.node, name: 'vm-later' }] },
      { home: sshd.folder, agent: null },
    );
    const mine = await own.connect('vm-test');
    const engine = mine.engine();
    await own.close();
    const closed = { failure: 'closed' };
    await expect(mine.run({ program: 'true' })).rejects.toMatchObject(closed);
    await expect(mine.openSocket('/nowhere.sock')).rejects.toMatchObject(closed);
    await expect(engine.ping()).rejects.toMatchObject(closed);
    await expect(own.connect('vm-test')).rejects.toMatchObject(closed);
    await expect(own.connect('vm-later')).rejects.toMatchObject(closed);
  });
});
