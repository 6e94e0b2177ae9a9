import pico from 'picocolors';
import { expect, test } from 'vitest';
import { planBackends } from '../../src/balancer/backends.ts';
import { appliedMarkerPath, backupPathOf, unitBackupPathOf } from '../../src/balancer/backup.ts';
import { engines } from '../../src/balancer/engines.ts';
import type { BalancerHost } from '../../src/balancer/observation.ts';
import { buildParts, partUnits } from '../../src/balancer/parts.ts';
import { planBalancerRemoval, planBalancers } from '../../src/balancer/plan.ts';
import { readSeal } from '../../src/balancer/seal.ts';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { drills } from '../../src/drill/scenario/catalogue.ts';
import { UserError } from '../../src/errors.ts';
import { createProgressView } from '../../src/output/progress.ts';
import { renderPlan } from '../../src/output/render-plan.ts';
import type { Terminal } from '../../src/output/terminal.ts';
import {
  buildCertificate,
  buildCluster,
  buildNginxCluster,
  buildStack,
  fullSection,
  richMaterials,
  richSection,
} from './examples.ts';

const haproxyConfigPath = engines.haproxy.configPath;
const cluster = buildCluster();
const model = planBackends(buildStack(fullSection), cluster);
const colors = pico.createColors(false);

/** A balancer fresh from the distribution's packages. */
function buildBareHost(node: string, address: string): BalancerHost {
  return {
    node,
    haproxyVersion: '2.6.12-1+deb12u4',
    keepalivedVersion: '2.2.7',
    hasNft: true,
    interfaceName: 'eth0',
    addresses: ['127.0.0.1', address],
    files: { [haproxyConfigPath]: 'global\n    daemon\n' },
    keys: {},
    running: {},
    units: {
      'haproxy.service': { active: 'active', enabled: 'enabled', stale: false },
      'keepalived.service': { active: 'inactive', enabled: 'enabled', stale: false },
    },
  };
}

/** A balancer on which everything was applied. */
function buildDoneHost(name: string, of: Cluster = cluster, wanted = model): BalancerHost {
  const node = of.nodes.find((one) => one.name === name)!;
  const host = buildBareHost(name, node.address);
  const parts = buildParts(wanted, of, node, { interfaceName: 'eth0', hasNft: true });
  for (const part of parts) {
    host.units[partUnits[part.name]] = { active: 'active', enabled: 'enabled', stale: false };
    for (const file of part.files)
      if (file.keyOf === undefined) host.files[file.path] = file.content;
      else host.keys[file.path] = '600 root';
    if (part.name === 'keepalived') host.files[appliedMarkerPath] = `${part.digest}\n`;
    if (part.name === 'haproxy') host.running.haproxy = readSeal(host.files[haproxyConfigPath]!)!;
    if (part.name === 'nginx') host.running.nginx = readSeal(host.files[engines.nginx.configPath]!)!;
    if (part.name === 'nftables')
      host.nftTable = `table ip kawanan { comment "digest ${readSeal(part.files[0]!.content)}" }`;
  }
  host.files[backupPathOf(haproxyConfigPath)] = 'global\n    daemon\n';
  return host;
}

function holding(host: BalancerHost): BalancerHost {
  return { ...host, addresses: [...host.addresses, '192.0.2.20'] };
}

test('fresh balancers get everything, one after the other', () => {
  const plan = planBalancers(model, cluster, [
    buildBareHost('lb1', '192.0.2.11'),
    buildBareHost('lb2', '192.0.2.12'),
  ]);
  expect(plan.changes.map(({ id, kind, after }) => [id, kind, after])).toEqual([
    ['lb1/nftables', 'create', []],
    ['lb1/haproxy', 'create', ['lb1/nftables']],
    ['lb1/keepalived', 'create', ['lb1/haproxy']],
    ['lb2/nftables', 'create', ['lb1/keepalived']],
    ['lb2/haproxy', 'create', ['lb2/nftables']],
    ['lb2/keepalived', 'create', ['lb2/haproxy']],
  ]);
  expect(renderPlan([{ ...plan, changes: plan.changes.slice(1, 2) }], colors)).toBe(`balancer
  + lb1  configure haproxy
      /etc/systemd/system/haproxy.service.d/kawanan.conf + new
      /etc/haproxy/kawanan/watch-engine + new
      /etc/haproxy/haproxy.cfg not ours; kept and put back by "kawanan down" → 3 frontends, 9 servers
      running configuration unknown → ${readSeal(plan.changes[1]!.action.type === 'put' ? plan.changes[1]!.action.files.at(-1)!.content : '')}
1 create · 0 unchanged · on 1 host
`);
});

test('balancers that are as wanted are left alone', () => {
  const plan = planBalancers(model, cluster, [holding(buildDoneHost('lb1')), buildDoneHost('lb2')]);
  expect([plan.changes, plan.unchanged, plan.warnings]).toEqual([[], 6, []]);
});

test('a new server changes the standby first and the holder of the address after it', () => {
  const section = fullSection.replace('service: mysql}', 'service: minio1}');
  const before = planBackends(buildStack(section), cluster);
  const plan = planBalancers(model, cluster, [
    holding(buildDoneHost('lb1', cluster, before)),
    buildDoneHost('lb2', cluster, before),
  ]);
  expect(plan.changes.map(({ id, after }) => [id, after])).toEqual([
    ['lb2/haproxy', []],
    ['lb1/haproxy', ['lb2/haproxy']],
  ]);
  const paths = plan.changes[0]!.fields.map(({ path }) => path);
  expect(paths).toContain('backend mysql.mysql / server worker1-mysql');
  expect(paths).toContain('backend mysql.minio1');
});

test.each<[string, (host: BalancerHost) => void, string, string]>([
  [
    'a configuration written and not loaded',
    (host) => {
      host.running.haproxy = 'feedfeedfeedfeed';
    },
    "load haproxy's configuration",
    'running configuration',
  ],
  [
    'keepalived written and not loaded',
    (host) => {
      delete host.files[appliedMarkerPath];
    },
    "load keepalived's configuration",
    'running configuration',
  ],
  [
    'a table somebody deleted',
    (host) => {
      delete host.nftTable;
    },
    "load nftables's configuration",
    'running configuration',
  ],
  [
    'a unit that is stopped',
    (host) => {
      host.units['keepalived.service']!.active = 'failed';
    },
    "load keepalived's configuration",
    'keepalived.service',
  ],
  [
    'a unit that would not start at boot',
    (host) => {
      host.units['haproxy.service']!.enabled = 'disabled';
    },
    "load haproxy's configuration",
    'haproxy.service at boot',
  ],
  [
    'a comment added by hand',
    (host) => {
      host.files[haproxyConfigPath] += '# mine\n';
    },
    'configure haproxy by a reload',
    haproxyConfigPath,
  ],
])('recognises %s', (_name, change, title, path) => {
  const host = holding(buildDoneHost('lb1'));
  change(host);
  const plan = planBalancers(model, cluster, [host, buildDoneHost('lb2')]);
  expect(plan.changes.map((one) => [one.title, one.fields.map((field) => field.path)])).toEqual([
    [title, [path]],
  ]);
});

test.each(drills.flatMap(({ name, fault }) => (fault.kind === 'kill kawanan' ? [{ name, fault }] : [])))(
  'the drill $name finds the line that it waits for',
  async ({ fault }) => {
    const host = holding(buildDoneHost('lb1'));
    host.files[haproxyConfigPath] += '# changed by a drill\n';
    const { changes } = planBalancers(model, cluster, [host, buildDoneHost('lb2')]);
    let printed = '';
    const terminal = {
      interactive: false,
      err: (text: string) => {
        printed += text;
      },
    } as Terminal;
    await createProgressView(terminal).show('balancer', changes, async (tell) => {
      for (const change of changes) {
        tell({ type: 'started', change });
        tell({ type: 'done', change, elapsedMs: 1 });
      }
    });
    expect(printed).toMatch(new RegExp(fault.whenPrinted));
  },
);

test('without a virtual address there is HAProxy alone, and what served the address before goes', () => {
  const alone = buildCluster({ balancer: { engine: 'haproxy', failover: 'safe' } });
  const fresh = planBalancers(model, alone, [buildBareHost('lb1', '192.0.2.11')]);
  expect(fresh.changes.map(({ id }) => id)).toEqual(['lb1/haproxy']);
  const later = planBalancers(model, alone, [buildDoneHost('lb1')]);
  expect(later.changes.map(({ id, kind }) => [id, kind])).toEqual([
    ['lb1/nftables', 'remove'],
    ['lb1/haproxy', 'update'],
    ['lb1/keepalived', 'remove'],
  ]);
});

test('says what is interrupted when the virtual address changes', () => {
  const moved = buildCluster({
    balancer: { engine: 'haproxy', vip: { address: '192.0.2.30', prefixLength: 24 }, failover: 'safe' },
  });
  const plan = planBalancers(model, moved, [buildDoneHost('lb1'), buildDoneHost('lb2')]);
  expect(plan.changes.flatMap(({ id, interrupts }) => (interrupts ? [[id, interrupts]] : []))).toEqual([
    ['lb1/keepalived', 'clients of 192.0.2.20: the virtual address becomes 192.0.2.30'],
    ['lb2/keepalived', 'clients of 192.0.2.20: the virtual address becomes 192.0.2.30'],
  ]);
});

test('warns when nobody or both hold the address', () => {
  const [one, two] = [buildDoneHost('lb1'), buildDoneHost('lb2')];
  expect(planBalancers(model, cluster, [one, two]).warnings).toEqual([
    'no balancer holds the virtual address 192.0.2.20',
  ]);
  expect(planBalancers(model, cluster, [holding(one), holding(two)]).warnings).toEqual([
    'lb1 and lb2 both hold the virtual address 192.0.2.20',
  ]);
});

test('a balancer without its packages is known after apply, naming what is missing', () => {
  const { keepalivedVersion: _, ...bare } = buildBareHost('lb2', '192.0.2.12');
  const plan = planBalancers(model, cluster, [buildBareHost('lb1', '192.0.2.11'), bare]);
  expect(plan.unknown).toBe('keepalived is not installed on lb2');
});

test('refuses an old HAProxy, and an address that is on no interface', () => {
  const old = { ...buildBareHost('lb1', '192.0.2.11'), haproxyVersion: '2.2.9-2+deb11u6' };
  expect(() => planBalancers(model, cluster, [old])).toThrow(/2.2.9-2\+deb11u6 is too old/);
  const { interfaceName: _, ...translated } = buildBareHost('lb1', '10.0.0.4');
  expect(() => planBalancers(model, cluster, [translated])).toThrow(UserError);
});

test('removal takes each balancer apart backwards, the holder last, and has nothing to do on a bare one', () => {
  const plan = planBalancerRemoval(cluster, [holding(buildDoneHost('lb1')), buildDoneHost('lb2')]);
  expect(plan.changes.map(({ id, after }) => [id, after])).toEqual([
    ['lb2/keepalived', []],
    ['lb2/haproxy', ['lb2/keepalived']],
    ['lb2/nftables', ['lb2/haproxy']],
    ['lb1/keepalived', ['lb2/nftables']],
    ['lb1/haproxy', ['lb1/keepalived']],
    ['lb1/nftables', ['lb1/haproxy']],
  ]);
  expect(planBalancerRemoval(cluster, [buildBareHost('lb1', '192.0.2.11')]).changes).toEqual([]);
});

test('removal cut short after the files came back still forgets the backups', () => {
  const host = buildBareHost('lb1', '192.0.2.11');
  host.files[backupPathOf(haproxyConfigPath)] = 'global\n    daemon\n';
  expect(planBalancerRemoval(cluster, [host]).changes.map(({ id }) => id)).toEqual(['lb1/haproxy']);
});

const nginxCluster = buildNginxCluster();
const nginxModel = planBackends(buildStack(fullSection), nginxCluster);

/** Done with HAProxy, and NGINX's packages have just been installed beside it. */
function buildBesideNginx(name: string): BalancerHost {
  const host = { ...buildDoneHost(name), nginxVersion: '1.26.3' };
  host.files[unitBackupPathOf('haproxy')] = 'active enabled\n';
  host.units['nginx.service'] = { active: 'failed', enabled: 'enabled', stale: false };
  return host;
}

test('another engine takes over one balancer after the other, and the old one ends when the new one is there', () => {
  const plan = planBalancers(nginxModel, nginxCluster, [
    holding(buildBesideNginx('lb1')),
    buildBesideNginx('lb2'),
  ]);
  // keepalived watches whichever engine there is
  expect(plan.changes.map(({ id, kind, action }) => [id, kind, action.type])).toEqual([
    ['lb2/nginx', 'create', 'put'],
    ['lb2/haproxy', 'remove', 'displace'],
    ['lb1/nginx', 'create', 'put'],
    ['lb1/haproxy', 'remove', 'displace'],
  ]);
  expect(plan.changes.map(({ after }) => after)).toEqual([[], ['lb2/nginx'], ['lb2/haproxy'], ['lb1/nginx']]);
});

test.each<[string, (host: BalancerHost) => void, string[]]>([
  ['nothing is left to do once it has ended', () => {}, []],
  [
    'it ends when it was started again',
    (host) => {
      host.units['haproxy.service']!.active = 'active';
    },
    ['lb1/haproxy'],
  ],
  [
    'it ends when a run was killed before it was stopped',
    (host) => {
      host.files[engines.haproxy.dropInPath] = buildDoneHost('lb1').files[engines.haproxy.dropInPath]!;
    },
    ['lb1/haproxy'],
  ],
  [
    'its certificates go',
    (host) => {
      host.keys[`${engines.haproxy.folder}/a.pem.key`] = '600 root';
    },
    ['lb1/haproxy'],
  ],
])('an engine that another one took over from: %s', (_, change, ids) => {
  const done = { ...buildDoneHost('lb1', nginxCluster, nginxModel), nginxVersion: '1.26.3' };
  done.files[unitBackupPathOf('haproxy')] = 'active enabled\n';
  done.units['haproxy.service'] = { active: 'inactive', enabled: 'disabled', stale: false };
  change(done);
  const plan = planBalancers(nginxModel, nginxCluster, [holding(done)]);
  expect(plan.changes.map(({ id }) => id)).toEqual(ids);
  // what was kept of it comes back at the end
  expect(planBalancerRemoval(nginxCluster, [done]).changes.map(({ id }) => id)).toEqual([
    'lb1/keepalived',
    'lb1/nginx',
    'lb1/haproxy',
    'lb1/nftables',
  ]);
});

test("somebody else's NGINX on a balancer is left alone", () => {
  const host = holding(buildDoneHost('lb1'));
  host.nginxVersion = '1.26.3';
  host.units['nginx.service'] = { active: 'active', enabled: 'enabled', stale: false };
  host.files[engines.nginx.configPath] = 'user www-data;\n';
  expect(planBalancers(model, cluster, [host]).changes).toEqual([]);
});

test('a changed certificate is a changed configuration, told by its public part; the old files go', () => {
  const rich = planBackends(buildStack(richSection), cluster, richMaterials);
  const renewed = planBackends(buildStack(richSection), cluster, {
    ...richMaterials,
    findCertificate: ({ certificate }) => buildCertificate(certificate, 'other'),
  });
  const host = holding(buildDoneHost('lb1', cluster, rich));
  expect(planBalancers(rich, cluster, [host]).changes).toEqual([]);

  const [change, ...more] = planBalancers(renewed, cluster, [host]).changes;
  expect(more).toEqual([]);
  const oldPath = Object.keys(host.keys).find((path) => path.includes('www_tls'))!;
  expect(change?.action).toMatchObject({ obsolete: [oldPath.replace('.key', ''), oldPath] });
  const { fingerprint } = buildCertificate('a', 'other');
  const newPath = `${engines.haproxy.folder}/www_tls-${fingerprint.slice(0, 12)}.pem`;
  expect(change?.fields.find(({ path }) => path === newPath)?.after).toMatch(
    new RegExp(`^for other.example.org, .* until 2126-.*, SHA-256 ${fingerprint.slice(0, 16)}…$`),
  );
  expect(change?.fields.find(({ path }) => path === `${newPath}.key`)?.after).toBe('private key, 0600 root');
  expect(JSON.stringify(change)).not.toContain('PRIVATE');
});

test('a private key that others may read is put right', () => {
  const rich = planBackends(buildStack(richSection), cluster, richMaterials);
  const host = holding(buildDoneHost('lb1', cluster, rich));
  const [path] = Object.keys(host.keys);
  host.keys[path!] = '644 root';
  expect(planBalancers(rich, cluster, [host]).changes[0]?.fields).toEqual([
    { path, before: 'mode 644 root', after: 'private key, 0600 root' },
  ]);
});

test('statistics are for the machine itself where the cluster file says so', () => {
  const quiet = buildCluster({ balancer: { ...cluster.balancer!, privateStatistics: true } });
  const [haproxy] = buildParts(model, quiet, quiet.nodes[0]!, { interfaceName: 'eth0', hasNft: true }).filter(
    ({ name }) => name === 'haproxy',
  );
  const config = haproxy!.files.at(-1)!.content;
  expect(config.match(/bind .*:8404/g)).toEqual(['bind 127.0.0.1:8404']);
});

test('fast is refused on a machine that is not steady enough, with the figure, and shown with it where it is', () => {
  const fast = buildCluster({
    balancer: { engine: 'haproxy', vip: { address: '192.0.2.20', prefixLength: 24 }, failover: 'fast' },
  });
  const measured = (largestMs: number): BalancerHost => ({
    ...buildDoneHost('lb1'),
    jitter: { largestMs, seconds: 3, realTime: true },
  });
  const [change] = planBalancers(model, fast, [measured(0.7)]).changes;
  expect(change?.fields).toContainEqual({
    path: 'delay of processes',
    after: 'at most 0.7 ms in 3 s: steady enough for fast',
  });
  expect(() => planBalancers(model, fast, [measured(41)])).toThrow(
    "failover: fast would lie here: a process of keepalived's priority was woken 41 ms late (limit: 30 ms)",
  );
});
