/** apt and dpkg on a host: never asking, waiting for the lock, and outliving the connection that started them. */
import { UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import type { Host } from '../remote/host.ts';
import { CommandError } from '../remote/remote-errors.ts';
import { aptLogPath, aptUpdatedPath, ownFolder } from './paths.ts';
import { untilAborted } from './until-aborted.ts';

const aptTimeoutMs = 900_000;

/** Options of every call of apt-get: the user's configuration files win, and another apt is waited for. */
const aptOptions = [
  '-y',
  '-q',
  '--no-install-recommends',
  ...['DPkg::Lock::Timeout=300', 'Dpkg::Use-Pty=0', 'Dpkg::Options::=--force-confdef'].flatMap((o) => [
    '-o',
    o,
  ]),
  ...['Dpkg::Options::=--force-confold', 'Acquire::Retries=3'].flatMap((option) => ['-o', option]),
];

// The output goes to a file: with the connection gone, a package manager that writes to it would die in mid-step.
const preamble = `export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p ${ownFolder}
log=${aptLogPath}
finish() { [ "$1" -eq 0 ] || tail -n 20 "$log" >&2; exit "$1"; }
`;

const aptScript = `${preamble}apt-get "$@" >"$log" 2>&1 </dev/null
finish $?
`;

// The lists have a lock of their own, for which apt-get doesn't wait.
const updateScript = `${preamble}for try in $(seq 100); do
  apt-get "$@" update >"$log" 2>&1 </dev/null
  code=$?
  [ $code -ne 0 ] && grep -q 'Could not get lock' "$log" || break
  sleep 3
done
[ $code -eq 0 ] && touch ${aptUpdatedPath}
finish $code
`;

// dpkg doesn't wait for its lock either: an install that was cut off from us may still be going on.
const repairScript = `${preamble}for try in $(seq 150); do
  dpkg --configure -a --force-confdef --force-confold >"$log" 2>&1 </dev/null
  code=$?
  [ $code -ne 0 ] && grep -q 'lock' "$log" || break
  sleep 2
done
apt-get "$@" --fix-broken install >"$log" 2>&1 </dev/null
finish $?
`;

// A list keeps the time its mirror gave it, so only the folder and our own mark tell when it was fetched.
const freshScript = `ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 &&
find /var/lib/apt/lists ${aptUpdatedPath} -maxdepth 0 -mmin -1440 2>/dev/null | grep -q .
`;

/** Whether the package lists are there and were fetched within a day. */
export async function hasFreshLists(host: Host): Promise<boolean> {
  const { exitCode } = await runScript(host, freshScript, [], [0, 1, 2]);
  return exitCode === 0;
}

/** Fetches the package lists. */
export async function updateLists(host: Host, progress: Progress): Promise<void> {
  progress.report('fetching package lists');
  await runApt(host, updateScript, aptOptions, 'package lists could not be fetched', progress);
}

/** Finishes what an interrupted dpkg left. */
export async function repairPackages(host: Host, progress: Progress): Promise<void> {
  await runApt(host, repairScript, aptOptions, 'packages could not be repaired', progress);
}

/** The packages that an install would bring which are not there yet, dependencies included. */
export async function simulateInstall(host: Host, packages: string[]): Promise<string[]> {
  const { stdout } = await host.run({
    program: 'apt-get',
    args: [...aptOptions, '--simulate', 'install', ...packages],
    env: { LC_ALL: 'C' },
    asRoot: true,
    timeoutMs: aptTimeoutMs,
  });
  return parseNewPackages(stdout);
}

/** Names in `Inst NAME (…)`; an upgrade is `Inst NAME [old version] (…)` and brings nothing new. */
export function parseNewPackages(simulation: string): string[] {
  return [...simulation.matchAll(/^Inst (\S+) \(/gm)].map((match) => match[1]!);
}

/** Names in `Remv NAME …` and `Purg NAME …`. */
export function parseRemovedPackages(simulation: string): string[] {
  return [...simulation.matchAll(/^(?:Remv|Purg) (\S+)/gm)].map((match) => match[1]!);
}

/** Installs packages. */
export async function installPackages(host: Host, packages: string[], progress: Progress): Promise<void> {
  const title = `${packages.join(', ')} could not be installed`;
  await runApt(host, aptScript, [...aptOptions, 'install', ...packages], title, progress);
}

/** The packages that removing these would take along against the user's wish: those not in the list. */
export async function simulateRemoval(host: Host, packages: string[]): Promise<string[]> {
  const { stdout } = await host.run({
    program: 'apt-get',
    args: [...aptOptions, '--simulate', 'remove', ...packages],
    env: { LC_ALL: 'C' },
    asRoot: true,
    timeoutMs: aptTimeoutMs,
  });
  const listed = new Set(packages.map(dropArchitecture));
  return parseRemovedPackages(stdout).filter((name) => !listed.has(dropArchitecture(name)));
}

/** Removes packages; their configuration stays. */
export async function removePackages(host: Host, packages: string[], progress: Progress): Promise<void> {
  await runApt(
    host,
    aptScript,
    [...aptOptions, 'remove', ...packages],
    'packages could not be removed',
    progress,
  );
}

/** Removes what is left of packages that were removed. */
export async function purgePackages(host: Host, packages: string[], progress: Progress): Promise<void> {
  await runApt(
    host,
    aptScript,
    [...aptOptions, 'purge', ...packages],
    'the configuration of packages could not be removed',
    progress,
  );
}

function dropArchitecture(name: string): string {
  return name.replace(/:.*$/, '');
}

async function runApt(
  host: Host,
  script: string,
  args: string[],
  title: string,
  progress: Progress,
): Promise<void> {
  try {
    await untilAborted(runScript(host, script, args), progress.signal);
  } catch (error) {
    if (progress.signal.aborted || !(error instanceof CommandError)) throw error;
    const lines = error.stderr.split('\n').filter((line) => /^(E:|Err:|W:|dpkg:)/.test(line));
    throw new UserError(title, {
      details: [lines, error.details, [error.message]].find((some) => some.length > 0)!,
      place: { host: host.name },
      next: adviseOnApt(error.stderr),
      cause: error,
    });
  }
}

function adviseOnApt(output: string): string {
  if (/Could not get lock|lock-frontend/.test(output))
    return 'another package manager is at work there; run the same command again when it is done';
  if (/Unable to locate package|has no installation candidate/.test(output))
    return 'enable the component that has it (on Ubuntu: add-apt-repository universe), then run the same command again';
  if (/Temporary failure resolving|Could not connect|Failed to fetch|Unable to fetch/.test(output))
    return 'check that the host reaches its package mirror (apt-get update on it), then run the same command again';
  if (/No space left/.test(output)) return 'make room on the host, then run the same command again';
  return `the whole output is in ${aptLogPath} on the host; mend it and run the same command again`;
}

async function runScript(
  host: Host,
  script: string,
  args: string[],
  accept: number[] = [0],
): Promise<{ exitCode: number; stdout: string }> {
  return host.run({
    program: 'sh',
    args: ['-s', '--', ...args],
    title: 'the package manager',
    stdin: script,
    asRoot: true,
    accept,
    timeoutMs: aptTimeoutMs,
  });
}
