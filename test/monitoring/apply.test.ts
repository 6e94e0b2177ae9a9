import { expect, test } from 'vitest';
import { applyExporterChange, type ExporterTools } from '../../src/monitoring/apply.ts';
import type { ExporterAction } from '../../src/monitoring/exporters.ts';
import type { Command, CommandResult } from '../../src/remote/command.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { FakeHost } from '../balancer/fake-host.ts';

/** A machine whose scripts do nothing and whose Perl makes this hash. */
class FakeMachine extends FakeHost {
  readonly ran: Command[] = [];
  startResult: CommandResult = { exitCode: 0, stdout: '', stderr: '' };

  override async run(command: Command): Promise<CommandResult> {
    this.ran.push(command);
    if (command.program === 'perl') return { exitCode: 0, stdout: '$2b$08$hash', stderr: '' };
    return this.startResult;
  }
}

const setUp: ExporterAction = {
  do: 'set-up',
  host: 'lb1',
  address: '192.0.2.11',
  dropIn: 'the drop-in',
  install: false,
};
const password = 'hunter2hunter2';
const tools: ExporterTools = {
  findPassword: async () => ({ name: 'monitoring_password', id: 'q2' }),
  readPassword: async () => new SecretValue(password),
};
const progress = { report: () => {}, signal: new AbortController().signal };

test('a machine gets the hash of the newest password, which no argument and no file has', async () => {
  const machine = new FakeMachine();
  await applyExporterChange(machine, setUp, tools, progress);
  expect(Object.fromEntries(machine.files)).toEqual({
    '/etc/systemd/system/prometheus-node-exporter.service.d/kawanan.conf': 'the drop-in',
    '/etc/prometheus/kawanan-web.yml':
      '# of the secret monitoring_password, q2\nbasic_auth_users:\n  monitoring: $2b$08$hash\n',
  });
  const [hashing, starting] = machine.ran;
  expect(String(hashing!.stdin)).toBe(password);
  expect(starting!.args).toEqual(['-s', '--', 'prometheus-node-exporter.service', '192.0.2.11:9100']);
  expect(JSON.stringify(machine.ran.map(({ stdin: _, ...command }) => command))).not.toContain(password);
});

test('a swarm without the password says so, and the machine is left alone', async () => {
  const machine = new FakeMachine();
  const applying = applyExporterChange(
    machine,
    setUp,
    { ...tools, findPassword: async () => undefined },
    progress,
  );
  await expect(applying).rejects.toThrow('the swarm has no secret monitoring_password');
  expect([machine.ran.length, machine.files.size]).toEqual([0, 0]);
});

test('an exporter that does not start is told of in its own words', async () => {
  const machine = new FakeMachine();
  machine.startResult = { exitCode: 1, stdout: '', stderr: 'bind: address already in use\n' };
  await expect(applyExporterChange(machine, setUp, tools, progress)).rejects.toMatchObject({
    message: 'the node exporter does not start',
    details: ['bind: address already in use'],
    place: { host: 'lb1' },
    next: 'journalctl -u prometheus-node-exporter.service on it tells why; port 9100 must be free',
  });
});
