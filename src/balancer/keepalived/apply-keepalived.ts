import { type Cluster, rankBalancers } from '../../cluster/cluster.ts';
import { UserError } from '../../errors.ts';
import type { Progress } from '../../plan/layer.ts';
import type { Host, Hosts } from '../../remote/host.ts';
import { appliedMarkerPath } from '../backup.ts';
import { acceptableTestExitCodes, findConfigWarnings } from '../config-warnings.ts';
import type { PartFile } from '../engine-files.ts';
import { keepPrevious } from '../keep-previous.ts';
import { keepalivedConfigPath, partUnits } from '../parts.ts';
import { isActive, loadUnit, readJournal, reloadSystemd } from '../units.ts';
import { waitUntil } from '../wait.ts';
import { moveAddress } from './hand-over.ts';
import type { Holding } from './holders.ts';
import { readHolders } from './read-holders.ts';

const unit = partUnits.keepalived;
const holderTimeoutMs = 20_000;

/** Puts keepalived's files on a balancer and has them run; done when exactly one balancer holds the virtual address. */
export async function applyKeepalived(
  host: Host,
  { files, digest }: { files: PartFile[]; digest: string },
  { cluster, hosts, progress }: { cluster: Cluster; hosts: Hosts; progress: Progress },
): Promise<void> {
  const config = files.find((file) => file.path === keepalivedConfigPath)!;
  await keepPrevious(host, 'keepalived');
  for (const file of files.filter((one) => one !== config))
    await host.writeFile(file.path, file.content, { mode: file.mode });
  await reloadSystemd(host);
  progress.report('checking the configuration');
  await testConfig(host, config);
  const previous = await host.readFile(config.path);
  await host.writeFile(config.path, config.content, { mode: config.mode });
  const restart = !(await mayRaiseLimits(host));
  try {
    await loadUnit(host, unit, { restart });
    await confirmActive(host, progress);
  } catch (error) {
    if (previous !== undefined) {
      await host.writeFile(config.path, previous);
      await loadUnit(host, unit, { restart }).catch(() => undefined);
    }
    throw error;
  }
  progress.report('waiting until one balancer holds the virtual address');
  await confirmHolder(host, { cluster, hosts, progress });
  await takeOwn(host, previous ?? '', { cluster, hosts, progress });
  await host.writeFile(appliedMarkerPath, `${digest}\n`);
}

/** Beside the real file, because keepalived's exit code says little: every line it prints counts. */
async function testConfig(host: Host, config: PartFile): Promise<void> {
  const candidate = `${config.path}.kawanan-new`;
  await host.writeFile(candidate, config.content, { mode: config.mode });
  try {
    // keepalived 2.2.7 sends SIGTERM to its own process group at the end of a test: a session of its own keeps it there
    const { stdout, stderr } = await host.run({
      program: 'sh',
      args: ['-c', 'setsid -w keepalived -t -f "$1"; exit $?', 'sh', candidate],
      asRoot: true,
      accept: [...acceptableTestExitCodes, 1, 2, 3, 4, 5, 6],
    });
    const warnings = findConfigWarnings(`${stdout}\n${stderr}`);
    if (warnings.length === 0) return;
    throw new UserError('keepalived refuses the new configuration; the one that runs is untouched', {
      place: { host: host.name },
      details: warnings,
      next: 'this is probably a mistake in kawanan, please report it',
    });
  } finally {
    await host.removeFile(candidate);
  }
}

/**
 * Whether keepalived survives a reload: 2.2 and 2.3 set their limit of real time to nothing at a reload and raise it again.
 * Where that is forbidden (containers without CAP_SYS_RESOURCE), the kernel kills them seconds later.
 * Source: keepalived's lib/process.c, reset_process_priorities.
 */
async function mayRaiseLimits(host: Host): Promise<boolean> {
  const { exitCode } = await host.run({
    program: 'sh',
    args: ['-c', 'ulimit -t 1000 && ulimit -t 2000'],
    asRoot: true,
    accept: [0, 1, 2],
  });
  return exitCode === 0;
}

async function confirmActive(host: Host, { signal }: Progress): Promise<void> {
  if (await waitUntil(() => isActive(host, unit), { timeoutMs: 10_000, intervalMs: 100, signal })) return;
  throw new UserError("keepalived doesn't run with the new configuration", {
    place: { host: host.name },
    details: await readJournal(host, unit),
    next: 'the previous configuration is back; look at it on the host: journalctl -u keepalived',
  });
}

/** An address that is new to this balancer and prefers it has gone to one that was configured before: nobody uses it yet. */
async function takeOwn(
  host: Host,
  previous: string,
  target: { cluster: Cluster; hosts: Hosts; progress: Progress },
): Promise<void> {
  const holdings = await readHolders(target.cluster, target.hosts);
  for (const [index, { address, holders }] of holdings.entries()) {
    const [from] = holders;
    const isOwn = rankBalancers(target.cluster, index)[0]!.name === host.name;
    // the first one goes where it happens to be: there is nothing to spread with one
    if (index === 0 || !isOwn || from === undefined || from === host.name) continue;
    if (!previous.includes(`${address}/`))
      await moveAddress({ address, from, to: host.name }, { waitMs: 0, seamless: false }, target);
  }
}

async function confirmHolder(
  host: Host,
  { cluster, hosts, progress }: { cluster: Cluster; hosts: Hosts; progress: Progress },
): Promise<void> {
  let holdings: Holding[] = [];
  let steady = 0;
  const settled = await waitUntil(
    async () => {
      holdings = await readHolders(cluster, hosts);
      steady = holdings.every(({ holders }) => holders.length === 1) ? steady + 1 : 0;
      return steady >= 3;
    },
    { timeoutMs: holderTimeoutMs, intervalMs: 100, signal: progress.signal },
  );
  if (settled) return;
  const wrong = holdings.find(({ problem }) => problem !== undefined);
  throw new UserError(wrong?.problem ?? 'the virtual address moves to and fro between the balancers', {
    place: { host: host.name },
    details: await readJournal(host, unit),
    next:
      (wrong?.holders.length ?? 0) > 1
        ? 'do the balancers reach each other with IP protocol 112 (VRRP)? A firewall between them must let it through'
        : 'does HAProxy answer on the balancers? systemctl status haproxy keepalived',
  });
}
