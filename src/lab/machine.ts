import { spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError, UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import { type CgroupLayout, killGroup, listProcesses, makeNodeGroups, nodeGroup } from './cgroups.ts';
import {
  bridgeName,
  type Lab,
  type LabNetwork,
  type LabNode,
  linkName,
  machineName,
  nodeDir,
} from './lab.ts';
import { writeResolvConf } from './machine-disk.ts';
import type { MachineKind } from './machine-kind.ts';
import { allCodes, lastLines, runLocal, systemPath } from './run-local.ts';
import { lastWords, plugTap, saidBooted, umlBootWords } from './uml-machine.ts';

/** A kernel of its own shares one processor with all the programs on it, and other machines start beside it. */
const bootTimeoutMs: Record<MachineKind, number> = { nspawn: 180_000, uml: 600_000 };

// Enters the control groups, puts the disk together in a mount namespace of its own (it ends with the machine,
// however that ends), and runs systemd-nspawn in it, again where the machine restarts itself: that ends with 133.
// Everything it is told comes as arguments.
const launcher = `set -eu
options=$1 root=$2; shift 2
while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift
mount -t overlay overlay -o "$options" "$root"
code=133
while [ "$code" = 133 ]; do code=0; "$@" || code=$?; done
exit "$code"`;

export interface BootOptions {
  lab: Lab;
  node: LabNode;
  network: LabNetwork;
  lowerDir: string;
  layout: CgroupLayout;
  kind: MachineKind;
  /** Where a kernel of its own is; see `cachedUmlDir`. */
  umlDir: string;
}

/** The words that start a container, from `unshare` on. `groupFiles` are the `cgroup.procs` it enters. */
export function bootWords(
  options: Pick<BootOptions, 'lab' | 'node' | 'lowerDir' | 'layout'>,
  groupFiles: string[],
): string[] {
  const { lab, node, lowerDir, layout } = options;
  const dir = nodeDir(lab, node);
  const root = join(dir, 'root');
  const overlay = `lowerdir=${lowerDir},upperdir=${join(dir, 'upper')},workdir=${join(dir, 'work')}`;
  const nspawn = [
    'systemd-nspawn',
    ...['--register=no', '--keep-unit', '--quiet', `--directory=${root}`],
    ...[`--machine=${machineName(lab, node)}`, `--hostname=${node.name}`],
    // An engine in the machine needs them all, and system calls that systemd-nspawn holds back.
    ...['--capability=all', '--system-call-filter=@keyring bpf @mount @privileged add_key keyctl'],
    // The engine keeps images as overlay mounts, and those can't lie on another overlay mount.
    `--bind=${join(dir, 'docker')}:/var/lib/docker`,
    `--network-bridge=${bridgeName(lab)}`,
    ...['--resolv-conf=off', '--timezone=off', '--link-journal=no', '--boot', '--console=passive'],
  ];
  const legacy = ['systemd.unified_cgroup_hierarchy=0', 'SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'];
  const kernelWords = layout.version === 1 ? legacy : [];
  return [
    ...['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', launcher, 'sh'],
    ...[overlay, root, ...groupFiles, '--', ...nspawn, ...kernelWords],
  ];
}

/** Switches a machine on and waits until its systemd and its sshd are up. */
export async function bootMachine(options: BootOptions, progress: Progress): Promise<void> {
  const launched = await launchMachine(options);
  await waitForMachine(options, progress, launched);
}

/** The program that runs a machine, as long as we are its parent. */
interface Launched {
  ended: boolean;
}

async function launchMachine(options: BootOptions): Promise<Launched> {
  const { lab, node, layout, kind } = options;
  await writeResolvConf(lab, node);
  const groupFiles = await makeNodeGroups(layout, lab, node);
  if (kind === 'uml') await plugTap(lab, node);
  const words =
    kind === 'uml'
      ? umlBootWords({ ...options, imageDir: options.umlDir }, groupFiles)
      : bootWords(options, groupFiles);
  const log = await open(consoleLog(lab, node), 'w', 0o600);
  try {
    const child = spawn(words[0]!, words.slice(1), {
      cwd: '/',
      // The machine outlives us: its own session, no pipe to us.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: systemPath, SYSTEMD_NSPAWN_LOCK: '0', SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE: '1' },
    });
    await new Promise<void>((done, fail) => {
      child.once('spawn', done);
      child.once('error', fail);
    });
    child.unref();
    const launched = { ended: false };
    child.once('exit', () => {
      launched.ended = true;
    });
    return launched;
  } finally {
    await log.close();
  }
}

/** Waits until a machine that is on answers: systemd has started everything, and sshd sends its greeting. */
export async function waitForMachine(
  options: BootOptions,
  progress: Progress,
  launched: Launched = { ended: false },
  timeoutMs = bootTimeoutMs[options.kind],
): Promise<void> {
  const { lab, node, network, layout, kind } = options;
  const group = nodeGroup(layout.freezer, lab, node);
  const deadline = Date.now() + timeoutMs;
  let seen = false;
  for (;;) {
    if (progress.signal.aborted) throw new InterruptedError('interrupted');
    const leader = await findLeader(group);
    if (
      leader !== undefined &&
      (await answersSsh(network.addresses[node.name]!)) &&
      (await hasBooted(options, leader, progress))
    )
      return;
    seen ||= leader !== undefined;
    const gone = seen && leader === undefined && (await listProcesses(group)).length === 0;
    if (launched.ended || gone) throw await explainEnd(lab, node);
    if (Date.now() > deadline) throw await explainHang(options, leader, timeoutMs);
    await sleep(kind === 'uml' ? 500 : 100);
  }
}

async function explainEnd(lab: Lab, node: LabNode): Promise<UserError> {
  return new UserError(`${node.name} ended while it started`, {
    details: lastWords(await readFile(consoleLog(lab, node), 'utf8').catch(() => ''), 10),
    next: `its console is in ${consoleLog(lab, node)}`,
  });
}

async function explainHang(
  { lab, node, kind }: BootOptions,
  leader: number | undefined,
  timeoutMs: number,
): Promise<UserError> {
  const next = `kawanan lab kill ${node.name}, then kawanan lab up`;
  const message = `${node.name} did not start within ${timeoutMs / 1000} s`;
  if (kind === 'uml') {
    const printed = await readFile(consoleLog(lab, node), 'utf8').catch(() => '');
    return new UserError(message, { details: lastWords(printed, 10), next });
  }
  const enter = [
    '--target',
    String(leader),
    '--all',
    '--',
    'systemctl',
    '--no-pager',
    '--plain',
    '--no-legend',
  ];
  const ask = async (...words: string[]): Promise<string[]> => {
    if (leader === undefined) return [];
    const result = await runLocal('nsenter', [...enter, ...words], {
      accept: allCodes,
      timeoutMs: 5000,
    }).catch(() => undefined);
    return lastLines(result?.stdout ?? '', 10).filter(Boolean);
  };
  const details = [...(await ask('list-units', '--failed')), ...(await ask('list-jobs'))];
  return new UserError(message, { details, next });
}

/** Everything the machine printed since it was last switched on. */
function consoleLog(lab: Lab, node: LabNode): string {
  return join(nodeDir(lab, node), 'console.log');
}

/** Whether a machine's systemd has started everything; of one that can't be asked in time, false. */
export async function hasBooted(
  { lab, node, kind }: BootOptions,
  leader: number,
  progress: Progress,
): Promise<boolean> {
  // Its processes can't be entered from here: they are this computer's only in part.
  if (kind === 'uml') return saidBooted(consoleLog(lab, node));
  const words = ['--target', String(leader), '--all', '--', 'systemctl', 'is-system-running'];
  const options = { accept: allCodes, signal: progress.signal, timeoutMs: 10_000 };
  // On a busy computer even this may take too long; the caller asks again.
  const result = await runLocal('nsenter', words, options).catch(() => undefined);
  return ['running', 'degraded'].includes(result?.stdout.trim() ?? '');
}

function answersSsh(address: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: address, port: 22, timeout: 1000 });
    const end = (answer: boolean): void => {
      socket.destroy();
      done(answer);
    };
    socket.once('data', (data) => end(data.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
    socket.once('close', () => done(false));
  });
}

/** The first process of a machine (its systemd, or its kernel), seen from this computer; `undefined` while there is none. */
export async function findLeader(group: string): Promise<number | undefined> {
  for (const pid of await listProcesses(group)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (isLeader(status)) return pid;
  }
  return undefined;
}

/** Whether a process is number 1 of a namespace right below ours: a container inside the machine is one deeper. */
export function isLeader(status: string): boolean {
  const ids = /^NSpid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
  return ids.length === 2 && ids[1] === '1';
}

/** Power failure: the machine is gone at once, and sends nothing more. Its disk stays as it is. */
export async function powerOff(layout: CgroupLayout, lab: Lab, node: LabNode): Promise<void> {
  const group = nodeGroup(layout.freezer, lab, node);
  // First the cable, or the dying processes would say goodbye to their peers.
  await runLocal('ip', ['link', 'set', linkName(lab, node), 'down'], { accept: allCodes });
  await killGroup(layout, group);
  // The kernel would do it, too, but seconds later.
  await runLocal('ip', ['link', 'delete', linkName(lab, node)], { accept: allCodes });
  // systemd-nspawn had no time to remove these.
  await rm(join('/run/systemd/nspawn/propagate', machineName(lab, node)), { recursive: true, force: true });
  await rm(join('/run/systemd/nspawn/unix-export', machineName(lab, node)), { recursive: true, force: true });
}
