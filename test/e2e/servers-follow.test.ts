/**
 * Servers follow tasks, on a lab of its own: servers and nodes leave and come back, an image that dies at once is
 * updated, runs are killed, and configurations that don't serve are refused; all under load on both balancers.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { balancers } from '../../src/cluster/cluster.ts';
import type { Receipt } from '../../src/drill/receipt/receipt.ts';
import { eventually } from './support/eventually.ts';
import { expectNoLoss, readAndWrite } from './support/expect-no-loss.ts';
import { expectKawanan, projectDir, runKawanan } from './support/kawanan.ts';
import { openSmallCluster, type SmallCluster } from './support/small-cluster.ts';

// The check is answered by the node's kernel: on a busy computer the application takes longer than HAProxy waits.
const compose = `services:
  web:
    image: debian:trixie-slim
    command: [perl, /serve.pl]
    environment: {VERSION: "\${VERSION:-1}", DROPS: "\${DROPS:-}"}
    configs: [{source: serve, target: /serve.pl}]
    ports: [{target: 8000, published: 8000, mode: host}]
    deploy:
      endpoint_mode: dnsrr
      replicas: 2
      placement: {max_replicas_per_node: 1, constraints: [node.role == worker]}
      update_config: {monitor: 1s}
configs: {serve: {file: ${join(projectDir, 'test/e2e/support/rude/serve.pl')}}}
x-balancer:
  web: {listen: 80, service: web, check: tcp, update: blue-green}
`;

const worker = 'vm-dockerswarmworker1';

let small: SmallCluster;
const at = (...args: string[]): string[] => [...args, '--file', small.file];

/** Every balancer is asked at its own address. */
function losesNothing(
  work: () => Promise<unknown>,
  {
    only,
    connections,
    timeoutMs,
  }: { only?: string; connections?: ('keep' | 'new')[]; timeoutMs?: number } = {},
): Promise<void> {
  const asked = balancers(small.cluster).filter(({ name }) => only === undefined || name === only);
  const targets = asked.flatMap(({ name, address }) =>
    readAndWrite(address, { name, ...(connections && { connections }) }),
  );
  return expectNoLoss(small, targets, work, timeoutMs);
}

interface Shown {
  balancers: { name: string; holds: string[] }[];
  servers: { name: string; on: Record<string, { admin: string; up: boolean }> }[];
  differences: string[];
}

async function show(): Promise<Shown> {
  return JSON.parse((await runKawanan(at('balancer', 'show', '--json'))).stdout) as Shown;
}

async function adminOf(server: string): Promise<string[]> {
  const found = (await show()).servers.find(({ name }) => name === server);
  return Object.values(found?.on ?? {}).map(({ admin }) => admin);
}

async function expectNothingToDo(): Promise<void> {
  const { stdout } = await expectKawanan(at('plan', '--detailed-exitcode'));
  expect(stdout).toMatch(/no changes/);
}

/** Numbers of HAProxy's processes: a reload brings new ones. */
const processesOf = (balancer: string): Promise<string> =>
  small.on(balancer, async (host) => (await host.run({ program: 'pgrep', args: ['-x', 'haproxy'] })).stdout);

/** So long after something was printed for the first time. */
function afterSeen(pattern: RegExp, delayMs: number): (printed: string, elapsedMs: number) => boolean {
  let seenMs: number | undefined;
  return (printed, elapsedMs) => {
    if (pattern.test(printed)) seenMs ??= elapsedMs;
    return seenMs !== undefined && elapsedMs > seenMs + delayMs;
  };
}

async function writeCompose(change: (text: string) => string): Promise<void> {
  await writeFile(small.composeFile, change(compose));
}

beforeAll(async () => {
  small = await openSmallCluster('rude', compose);
  await writeCompose((text) => text.replace(', update: blue-green', ''));
  await expectKawanan(at('up', '--yes'), 0, { env: { VERSION: '0' } });
});

afterAll(() => small?.[Symbol.asyncDispose]());

describe('under load on both balancers', () => {
  test('a service gets another version and its second set of servers in one deploy', () =>
    losesNothing(async () => {
      await writeCompose((text) => text);
      await expectKawanan(at('deploy', '--yes'));
      await expectNothingToDo();
    }));

  test('a server leaves and comes back, on both', () =>
    losesNothing(async () => {
      await expectKawanan(at('balancer', 'drain', `${worker}-web`, '--yes'));
      expect(await adminOf(`${worker}-web`)).toEqual(['drain', 'drain']);
      await expectKawanan(at('balancer', 'ready', `${worker}-web`));
      expect(await adminOf(`${worker}-web`)).toEqual(['ready', 'ready']);
    }));

  test('a node leaves, the tool killed on the way, and comes back', () =>
    losesNothing(async () => {
      const killed = await runKawanan(at('node', 'drain', worker, '--yes'), {
        killWhen: (printed) => /draining it in the swarm/.test(printed),
      });
      expect(killed.signal).toBe('SIGKILL');
      await expectKawanan(at('node', 'drain', worker, '--yes'));
      const { stdout } = await expectKawanan(at('plan', '--detailed-exitcode'));
      expect(stdout).toMatch(new RegExp(`${worker} was drained by .* and stays so`));
      await expectKawanan(at('node', 'ready', worker));
      await expectNothingToDo();
    }));

  test('an image that dies at once is deployed three times, the tool killed in one of them', () =>
    losesNothing(async () => {
      const deploy = (version: number) => ({ env: { VERSION: String(version) } });
      await expectKawanan(at('deploy', '--yes'), 0, deploy(2));
      const killed = await runKawanan(at('deploy', '--yes'), {
        ...deploy(3),
        killWhen: afterSeen(/turn service .*…/, 3_000),
      });
      expect(killed.signal).toBe('SIGKILL');
      await expectKawanan(at('deploy', '--yes'), 0, deploy(3));
      await expectKawanan(at('deploy', '--yes'), 0, deploy(4));
      const { stdout } = await expectKawanan(at('status', '--json'));
      expect(JSON.parse(stdout)).toMatchObject({
        degraded: [],
        stacks: [{ services: [{ key: 'web', running: 2 }] }],
      });
      // whichever of the two sets of tasks serves
      await eventually(60_000, () => expectKawanan(at('doctor')), 2_000);
      await expectKawanan(at('rollback', '--yes', '2'));
      await eventually(60_000, () => expectKawanan(at('doctor')), 2_000);
    }));
});

describe('the configuration', () => {
  const everywhere = (text: string): string => text.replace(', constraints: [node.role == worker]', '');
  const change = async (edit: (text: string) => string): Promise<string> => {
    await writeCompose(edit);
    return (await expectKawanan(at('balancer', 'sync', '--yes'))).stderr;
  };
  const viaRuntimeApi = /change the servers of haproxy through the Runtime API/;

  test('gets servers whose connections are kept by a reload, and loses them without', () =>
    losesNothing(async () => {
      expect(await change(everywhere)).not.toMatch(viaRuntimeApi);
      const added = (await show()).servers.filter(({ name }) => name.startsWith('vm-dockerswarmmanager-'));
      expect(added.map(({ on }) => Object.keys(on).length)).toEqual([2, 2]);
      const before = await processesOf('vm-loadbalancer1');
      expect(await change((text) => text)).toMatch(viaRuntimeApi);
      const { servers, differences } = await show();
      expect([servers.length, differences]).toEqual([4, []]);
      expect(await processesOf('vm-loadbalancer1')).toBe(before);
      await expectNothingToDo();
    }));

  test('gets and loses servers without a reload where each request has its own connection', () =>
    losesNothing(async () => {
      const counted = (text: string): string => text.replace('blue-green}', 'blue-green, maxconn: 100}');
      await change(counted);
      const before = await processesOf('vm-loadbalancer1');
      expect(await change((text) => counted(everywhere(text)))).toMatch(viaRuntimeApi);
      const added = (await show()).servers.filter(({ name }) => name.startsWith('vm-dockerswarmmanager-'));
      expect(added.map(({ on }) => Object.keys(on).length)).toEqual([2, 2]);
      expect(await change(counted)).toMatch(viaRuntimeApi);
      expect(await processesOf('vm-loadbalancer1')).toBe(before);
      await change((text) => text);
      await expectNothingToDo();
    }));

  test('lets requests wait while all servers are out', async () => {
    await writeCompose((text) => text.replace('blue-green}', 'blue-green, timeouts: {hold: 60s}}'));
    await expectKawanan(at('balancer', 'sync', '--yes'));
    const servers = [`${worker}-web`, 'vm-dockerswarmworker2-web'];
    await losesNothing(
      async () => {
        for (const name of servers) await expectKawanan(at('balancer', 'drain', name, '--yes'));
        expect(await adminOf(servers[0]!)).toEqual(['drain', 'drain']);
        for (const name of servers) await expectKawanan(at('balancer', 'ready', name));
      },
      { timeoutMs: 60_000 },
    );
    await writeCompose((text) => text);
    await expectKawanan(at('balancer', 'sync', '--yes'));
  });

  test('that was on one balancer when the tool was killed gets to the other', () =>
    losesNothing(async () => {
      await writeCompose((text) => `${text}  more: {listen: 81, service: web, update: blue-green}\n`);
      const killed = await runKawanan(at('balancer', 'sync', '--yes'), {
        killWhen: (printed) => /haproxy.*done in/.test(printed),
      });
      expect(killed.signal).toBe('SIGKILL');
      expect((await show()).differences.join()).toMatch(/frontend more: not on/);
      await expectKawanan(at('balancer', 'sync', '--yes'));
      expect((await show()).differences).toEqual([]);
      await writeCompose((text) => text);
      await expectKawanan(at('balancer', 'sync', '--yes'));
    }));

  test('with which a frontend serves no longer is taken back on the first balancer, and never gets to the holder', async () => {
    const holder = (await show()).balancers.find(({ holds }) => holds.length > 0)!.name;
    await losesNothing(
      async () => {
        await writeCompose((text) => text.replace('check: tcp', 'check: GET /broken'));
        const { stderr } = await expectKawanan(at('balancer', 'sync', '--yes'), 1);
        expect(stderr).toMatch(/web answered 200 before and answers 503 now/);
        await writeCompose((text) => text);
        await expectNothingToDo();
      },
      { only: holder },
    );
  });

  test('that HAProxy itself refuses changes nothing', async () => {
    const holder = (await show()).balancers.find(({ holds }) => holds.length > 0)!.name;
    await losesNothing(async () => {
      const other = balancers(small.cluster).find(({ name }) => name !== holder)!.name;
      // The program on this balancer takes nothing that listens on port 82.
      const refuse = `mv /usr/sbin/haproxy /usr/sbin/haproxy.real
printf '#!/bin/sh\\nfor last; do :; done\\n[ "$1" = -c ] && grep -q :82 "$last" && { echo refused; exit 1; }\\nexec /usr/sbin/haproxy.real "$@"\\n' > /usr/sbin/haproxy
chmod 755 /usr/sbin/haproxy`;
      await small.on(other, (host) => host.run({ program: 'sh', args: ['-c', refuse] }));
      await writeCompose((text) => `${text}  more: {listen: 82, service: web, update: blue-green}\n`);
      const { stderr } = await expectKawanan(at('balancer', 'sync', '--yes'), 1);
      expect(stderr).toMatch(/HAProxy refuses the new configuration; the one that runs is untouched/);
      await small.on(other, (host) =>
        host.run({ program: 'mv', args: ['/usr/sbin/haproxy.real', '/usr/sbin/haproxy'] }),
      );
      await writeCompose((text) => text);
      await expectNothingToDo();
    });
    expect(await readFile(small.composeFile, 'utf8')).toBe(compose);
  });
});

test('an image that drops requests breaks its budget: exit code 1, and the receipt says how many and when', async () => {
  const deploy = (args: string[], exitCode: number, env: Record<string, string>) =>
    expectKawanan(at('deploy', '--yes', ...args), exitCode, { env });
  const bad = await deploy(['--receipt', '--json'], 1, { VERSION: '5', DROPS: '5' });
  const { changed, receipt } = JSON.parse(bad.stdout) as { changed: boolean; receipt: Receipt };
  expect(changed).toBe(true);
  const { failed } = receipt.during;
  expect(failed).toBeGreaterThan(0);
  expect(receipt.missed).toEqual([`failed requests: ${failed}, at most 0 allowed`]);
  expect(receipt.losses.reduce((sum, loss) => sum + loss.failed, 0)).toBe(failed);
  // It dropped none before it served.
  expect([receipt.before.failed, receipt.losses[0]!.fromMs > 0]).toEqual([0, true]);
  // The cluster file of these tests wants no receipt.
  const away = await deploy([], 0, {});
  expect(away.stderr).not.toMatch(/receipt/);
});

test('what a drill that was killed has broken, the next one heals first', async () => {
  const { signal, stderr } = await runKawanan(at('drill', 'run', 'haproxy-frozen'), {
    killWhen: afterSeen(/^breaking /m, 1_500),
  });
  expect(signal).toBe('SIGKILL');
  const holder = /^breaking haproxy\.service on (\S+)/m.exec(stderr)![1]!;
  const look = (program: string, ...args: string[]): Promise<string> =>
    small.on(holder, async (host) => (await host.run({ program, args, accept: [0, 1] })).stdout);
  const timers = ['list-units', '--plain', '--no-legend', 'kawanan-heal-*'];
  expect(await look('ps', '-o', 'stat=', '-C', 'haproxy')).toMatch(/^T/);
  expect(await look('systemctl', ...timers)).toMatch(/signal-haproxy/);
  const next = await runKawanan(at('drill', 'run', 'bad-configuration'));
  expect(next.stderr).toContain(`healed ${holder}: undid signal-haproxy`);
  expect(await look('ps', '-o', 'stat=', '-C', 'haproxy')).not.toMatch(/^T/m);
  expect(await look('systemctl', ...timers)).toBe('');
});

test('a machine is restarted and serves again, nothing lost', () =>
  losesNothing(async () => {
    await expectKawanan(at('node', 'reboot', worker, '--yes'));
    expect(await adminOf(`${worker}-web`)).toEqual(['ready', 'ready']);
  }));

/** The same with reloads, for NGINX knows no other way: each ends kept connections that are idle, so those aren't counted. */
describe('with NGINX', () => {
  const losesNoConnection = (work: () => Promise<unknown>) => losesNothing(work, { connections: ['new'] });

  beforeAll(async () => {
    const settings = parse(await readFile(small.file, 'utf8')) as { balancer: { engine: string } };
    settings.balancer.engine = 'nginx';
    await writeFile(small.file, stringify(settings));
    await expectKawanan(at('up', '--yes'));
  });

  test('a server leaves and comes back, on both; what it was told outlives a reload', () =>
    losesNoConnection(async () => {
      const killed = await runKawanan(at('balancer', 'drain', `${worker}-web`, '--yes'), {
        killWhen: (printed) => /waiting for|making sure/.test(printed),
      });
      expect(killed.signal).toBe('SIGKILL');
      await expectKawanan(at('balancer', 'drain', `${worker}-web`, '--yes'));
      expect(await adminOf(`${worker}-web`)).toEqual(['drain', 'drain']);
      await writeCompose((text) => `${text}  more: {listen: 81, service: web, update: blue-green}\n`);
      await expectKawanan(at('balancer', 'sync', '--yes'));
      expect(await adminOf(`${worker}-web`)).toEqual(['drain', 'drain']);
      await writeCompose((text) => text);
      await expectKawanan(at('balancer', 'sync', '--yes'));
      await expectKawanan(at('balancer', 'ready', `${worker}-web`));
      expect(await adminOf(`${worker}-web`)).toEqual(['ready', 'ready']);
      await expectNothingToDo();
    }));

  test('a node leaves and comes back', () =>
    losesNoConnection(async () => {
      await expectKawanan(at('node', 'drain', worker, '--yes'));
      await expectKawanan(at('node', 'ready', worker));
      await expectNothingToDo();
    }));

  test('an image that dies at once is deployed twice, the tool killed in one of them', () =>
    losesNoConnection(async () => {
      const deploy = (version: number) => ({ env: { VERSION: String(version) } });
      const killed = await runKawanan(at('deploy', '--yes'), {
        ...deploy(5),
        killWhen: afterSeen(/turn service .*…/, 3_000),
      });
      expect(killed.signal).toBe('SIGKILL');
      await expectKawanan(at('deploy', '--yes'), 0, deploy(5));
      await expectKawanan(at('deploy', '--yes'), 0, deploy(6));
      const { stdout } = await expectKawanan(at('status', '--json'));
      expect(JSON.parse(stdout)).toMatchObject({
        degraded: [],
        stacks: [{ services: [{ key: 'web', running: 2 }] }],
      });
    }));
});
