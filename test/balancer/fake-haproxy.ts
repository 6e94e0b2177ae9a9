import { Duplex } from 'node:stream';
import type { AdminState } from '../../src/balancer/live-server.ts';
import { FakeHost } from './fake-host.ts';

export interface FakeServer {
  backend: string;
  name: string;
  admin: AdminState;
  up: boolean;
}

/** A balancer whose HAProxy shows its servers, and does what it is told of them. */
export class FakeHaproxy extends FakeHost {
  override readonly name: string;
  readonly servers: FakeServer[];

  constructor(name: string, servers: FakeServer[]) {
    super();
    this.name = name;
    this.servers = servers;
  }

  override async openSocket(): Promise<Duplex> {
    const stream = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, done) => {
        stream.push(this.answer(String(chunk).trim()));
        stream.push(null);
        done();
      },
    });
    return stream;
  }

  private answer(line: string): string {
    if (line === 'show stat')
      return [
        '# pxname,svname,qcur,scur,status,weight,check_status,check_code,addr,',
        ...this.servers.map(
          ({ backend, name, up }) => `${backend},${name},0,0,${up ? 'UP' : 'DOWN'},1,L7OK,200,,`,
        ),
        '',
      ].join('\n');
    if (line === 'show servers state')
      return [
        '1',
        '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight',
        ...this.servers.map(
          ({ backend, name, up, admin }, index) =>
            `3 ${backend} ${index + 1} ${name} 192.0.2.14 ${up ? 2 : 0} ${adminBits[admin]} 1`,
        ),
        '',
      ].join('\n');
    for (const [, path, state] of line.matchAll(/set server (\S+) state (\w+)/g)) {
      const server = this.servers.find(({ backend, name }) => `${backend}/${name}` === path);
      if (!server) return 'No such server.\n\n';
      server.admin = state as AdminState;
    }
    return '\n';
  }
}

const adminBits: Record<AdminState, number> = { ready: 0, maint: 1, drain: 8 };
