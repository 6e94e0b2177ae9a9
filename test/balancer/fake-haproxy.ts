import { Duplex } from 'node:stream';
import { readAdminState } from '../../src/balancer/haproxy/sticky.ts';
import type { AdminState } from '../../src/balancer/live-server.ts';
import { FakeHost } from './fake-host.ts';

export interface FakeServer {
  backend: string;
  name: string;
  admin: AdminState;
  up: boolean;
  sticky?: true;
}

/** A balancer whose HAProxy shows its servers, and does what it is told of them. */
export class FakeHaproxy extends FakeHost {
  override readonly name: string;
  readonly servers: FakeServer[];
  /** The lines that it was told. */
  readonly told: string[] = [];

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
        '# pxname,svname,qcur,scur,status,weight,check_status,check_code,addr,cookie,',
        ...this.servers.map(
          ({ backend, name, up, sticky }) =>
            `${backend},${name},0,0,${up ? 'UP' : 'DOWN'},1,L7OK,200,,${sticky ? '12345678' : ''},`,
        ),
        '',
      ].join('\n');
    if (line === 'show servers state')
      return [
        '1',
        '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight',
        ...this.servers.map(
          ({ backend, name, up, admin, sticky }, index) =>
            `3 ${backend} ${index + 1} ${name} 192.0.2.14 ${up ? 2 : 0} ${(sticky ? stickyBits : adminBits)[admin]} 1`,
        ),
        '',
      ].join('\n');
    this.told.push(line);
    for (const [, path, state] of line.matchAll(/set server (\S+) state (\w+)/g)) {
      const server = this.servers.find(({ backend, name }) => `${backend}/${name}` === path);
      if (!server) return 'No such server.\n\n';
      server.admin = readAdminState(adminBits[state as AdminState], server.sticky === true);
    }
    return '\n';
  }
}

const adminBits: Record<AdminState, number> = { ready: 0, hold: 8, drain: 8, maint: 1 };
const stickyBits: typeof adminBits = { ...adminBits, drain: 1 };
