import { Duplex } from 'node:stream';
import type { Command, CommandResult } from '../../src/remote/command.ts';
import type { Host, WriteFileOptions } from '../../src/remote/host.ts';
import { CommandError } from '../../src/remote/remote-errors.ts';

/** A balancer in memory: files, systemd, and engines that run what their files said when they were last loaded. */
export class FakeHost implements Host {
  readonly name: string = 'lb1';
  readonly address = '192.0.2.11';
  readonly user = 'root';
  readonly files = new Map<string, string>();
  readonly commands: string[] = [];
  /** How many processes HAProxy has started. */
  loads = 0;
  /** What HAProxy answers with; absent: it doesn't run. */
  running: string | undefined;
  /** HAProxy's `show servers state`. */
  serverStates = '';
  /** What NGINX answers with; absent: it doesn't run. */
  nginx: string | undefined;
  /** What `haproxy -c` says of a configuration; absent: it is well. */
  refuse: (config: string) => string | undefined = () => undefined;
  /** Whether a process starts with a configuration. */
  starts: (config: string) => boolean = () => true;

  /** What its frontends answer. */
  answers: () => string = () => '';

  async run(command: Command): Promise<CommandResult> {
    const line = [command.program, ...(command.args ?? [])].join(' ');
    this.commands.push(line);
    if (line === 'systemctl reload-or-restart haproxy.service') {
      const config = this.files.get('/etc/haproxy/haproxy.cfg') ?? '';
      if (!this.starts(config)) throw this.fail(line, 'Job for haproxy.service failed.');
      this.running = config;
      this.loads++;
    }
    if (command.title === 'asking the frontends') return { exitCode: 0, stdout: this.answers(), stderr: '' };
    if (line === 'systemctl reload-or-restart nginx.service') {
      const config = this.files.get('/etc/nginx/nginx.conf') ?? '';
      if (!this.starts(config)) throw this.fail(line, 'Job for nginx.service failed.');
      this.nginx = config;
    }
    if (command.title === "counting NGINX's workers") return { exitCode: 0, stdout: '2 2\n', stderr: '' };
    if (line.includes('GET /digest'))
      return { exitCode: 0, stdout: /digest [0-9a-f]{16}\n?/.exec(this.nginx ?? '')?.[0] ?? '', stderr: '' };
    if (/systemctl disable --quiet --now[\s\S]* haproxy.service$/.test(line)) this.running = undefined;
    if (line.startsWith('rm -rf -- '))
      for (const path of this.files.keys())
        if (path.startsWith(`${command.args!.at(-1)}/`)) this.files.delete(path);
    return { exitCode: 0, stdout: line.includes('UnitFileState') ? 'enabled\n' : 'active\n', stderr: '' };
  }

  async readFile(path: string): Promise<string | undefined> {
    return this.files.get(path);
  }

  async writeFile(path: string, content: string | Uint8Array, options: WriteFileOptions = {}): Promise<void> {
    const complaint = options.check && this.refuse(String(content));
    if (complaint !== undefined) {
      const { program, args = [] } = options.check!(`${path}.new`);
      throw this.fail([program, ...args].join(' '), complaint);
    }
    this.files.set(path, String(content));
  }

  private fail(command: string, stderr: string): CommandError {
    const info = { host: this.name, command, exitCode: 1, stderr, stdout: '' };
    return new CommandError(`${command} failed with exit code 1`, info, { details: [stderr] });
  }

  async removeFile(path: string): Promise<void> {
    this.files.delete(path);
  }

  engine(): never {
    throw new Error('a balancer has no engine');
  }

  async openSocket(): Promise<Duplex> {
    const { running, loads, serverStates } = this;
    if (running === undefined) throw new Error('nobody listens');
    return new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        const digest = /setenv (KAWANAN_CONFIG_DIGEST) (\S+)/.exec(running);
        const answers: Record<string, string> = {
          ...(digest && { 'show env': `${digest[1]}=${digest[2]}\n` }),
          'show servers': serverStates,
          'show info': `Name: HAProxy\nPid: ${100 + loads}\n`,
        };
        const answer = `${answers[/^\w+ \w+/.exec(String(chunk))?.[0] ?? ''] ?? ''}\n`;
        this.push(answer);
        this.push(null);
        done();
      },
    });
  }
}
