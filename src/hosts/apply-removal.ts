/** Carries out one step back to the baseline. */
import { UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import type { Host } from '../remote/host.ts';
import type { HostsAction } from './action.ts';
import { type Baseline, parseBaseline } from './baseline.ts';
import { removeHostsBlock } from './hosts-file.ts';
import {
  aptLogPath,
  aptUpdatedPath,
  baselinePath,
  broughtPath,
  dataFolders,
  hostsPath,
  leftoverFolders,
  ownFolder,
  sharedFolders,
} from './paths.ts';
import { purgePackages, removePackages, simulateRemoval } from './run-apt.ts';
import { runSystemctl, setHostname } from './services.ts';
import { sysctlFile } from './sysctl.ts';

/** Carries out a removal; actions of the other direction are a defect of the caller. */
export async function applyRemoval(host: Host, action: HostsAction, progress: Progress): Promise<void> {
  const baseline = parseBaseline((await host.readFile(baselinePath)) ?? '');
  if (!baseline) {
    throw new UserError(`${baselinePath} is missing or damaged`, {
      place: { host: host.name },
      next: 'without it nothing is removed; plan again',
    });
  }
  switch (action.type) {
    case 'remove-packages':
      return remove(host, action, baseline, progress);
    case 'restore-files':
      return restoreFiles(host, action.paths, action.restartServices, baseline);
    case 'restore-hostname': {
      const file = baseline.files['/etc/hostname'];
      const content = file ? Buffer.from(file.base64, 'base64').toString('utf8') : undefined;
      return setHostname(host, baseline.hostname, content, action.restartEngine);
    }
    case 'restore-sysctl':
      for (const [key, value] of Object.entries(action.settings))
        await host.run({ program: 'tee', args: [sysctlFile(key)], stdin: `${value}\n`, asRoot: true });
      return;
    case 'restore-services':
      for (const { unit, enabled, active } of action.services) {
        await runSystemctl(host, [enabled ? 'enable' : 'disable', unit]);
        await runSystemctl(host, [active ? 'restart' : 'stop', unit]);
      }
      return;
    case 'delete-data':
      progress.report(`deleting ${action.folders.join(' and ')}`);
      return runScript(host, eraseScript, action.folders);
    case 'forget-host':
      return forget(host, baseline, action.keepOwnFolder);
    default:
      throw new Error(`not a removal: ${action.type}`);
  }
}

async function remove(
  host: Host,
  action: Extract<HostsAction, { type: 'remove-packages' }>,
  baseline: Baseline,
  progress: Progress,
): Promise<void> {
  if (action.engine) {
    progress.report('stopping the engine');
    await runScript(host, stopEngineScript, [baseline.forwardPolicy ?? '']);
  }
  const packages = await keepNeeded(host, action.packages, progress);
  if (packages.length === 0) return;
  progress.report(`removing ${packages.length} packages`);
  await removePackages(host, packages, progress);
  // Debian's docker.io leaves itself a script in there that deletes all volumes when the package is purged.
  await host.removeFile('/var/lib/docker/nuke-graph-directory.sh');
  const purge = action.purge.filter((name) => packages.includes(name));
  if (purge.length > 0) await purgePackages(host, purge, progress);
}

/** Without those that something the user installed since then needs: they stay. */
async function keepNeeded(host: Host, packages: string[], progress: Progress): Promise<string[]> {
  if ((await simulateRemoval(host, packages)).length === 0) return packages;
  const free: string[] = [];
  for (const name of packages) {
    const others = (await simulateRemoval(host, [name])).filter((other) => !packages.includes(other));
    if (others.length === 0) free.push(name);
    else progress.report(`${name} stays: ${others.join(', ')} needs it`);
  }
  return free;
}

async function restoreFiles(
  host: Host,
  paths: string[],
  restartServices: string[],
  baseline: Baseline,
): Promise<void> {
  for (const path of paths) {
    if (path === hostsPath) {
      const content = await host.readFile(hostsPath);
      if (content !== undefined) await host.writeFile(hostsPath, removeHostsBlock(content));
      continue;
    }
    const before = baseline.files[path];
    if (before === undefined) continue;
    if (before === null) {
      await host.removeFile(path);
      continue;
    }
    await host.writeFile(path, Buffer.from(before.base64, 'base64'), {
      mode: Number.parseInt(before.mode, 8),
      owner: before.owner,
    });
  }
  await runSystemctl(host, ['daemon-reload']);
  for (const unit of restartServices) await runSystemctl(host, ['restart', unit]);
}

async function forget(host: Host, baseline: Baseline, keepOwnFolder: boolean): Promise<void> {
  const folders = leftoverFolders.filter((folder) => baseline.folders[folder] === 'absent');
  const emptied = [...dataFolders, ...sharedFolders].filter(
    (folder) => baseline.folders[folder] === 'absent',
  );
  const accounts = leftoverAccounts.filter((name) => !baseline.users.includes(name));
  const groups = leftoverAccounts.filter((name) => !baseline.groups.includes(name));
  await runScript(host, leftoverScript, [
    ...folders.map((path) => `folder=${path}`),
    // what lies in a folder goes before it
    ...leftoverFiles(baseline).map((path) => `file=${path}`),
    ...emptied.map((path) => `empty=${path}`),
    ...accounts.map((name) => `user=${name}`),
    ...groups.map((name) => `group=${name}`),
  ]);
  for (const path of [broughtPath, aptLogPath, aptUpdatedPath]) await host.removeFile(path);
  if (keepOwnFolder) return;
  // Last of all: as long as it is there, a run that was cut short is taken up again.
  await host.removeFile(baselinePath);
  // Others may keep something of theirs in the folder.
  await host.run({ program: 'rmdir', args: [ownFolder], asRoot: true, accept: [0, 1] });
}

/** Accounts and groups that the packages make and leave behind. */
const leftoverAccounts = ['docker', 'haproxy', 'keepalived_script'];

/** Sockets, process numbers and first pages of services that were not there before. */
function leftoverFiles({ services }: Baseline): string[] {
  const files: Record<string, string[]> = {
    'docker.service': ['/run/docker.sock', '/run/docker.pid'],
    'haproxy.service': ['/run/haproxy.pid', '/run/haproxy-master.sock'],
    'nginx.service': ['/run/nginx.pid', '/var/www/html/index.nginx-debian.html'],
    'keepalived.service': ['/run/keepalived.pid'],
  };
  return Object.entries(files).flatMap(([unit, paths]) => (services[unit]?.load === 'loaded' ? [] : paths));
}

const shellPath = 'export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n';

// While iptables is still there: rules outlive the package that made them. `$1` is the forward chain's old policy.
const stopEngineScript = `${shellPath}systemctl stop docker.socket docker.service containerd.service 2>/dev/null
for tables in iptables ip6tables; do
  command -v "$tables-save" >/dev/null || continue
  "$tables-save" 2>/dev/null | grep -qi docker || continue
  "$tables-save" | grep -vi docker | "$tables-restore" || exit 1
  [ -z "$1" ] || "$tables" -P FORWARD "$1"
done
for device in docker0 docker_gwbridge; do
  [ -e "/sys/class/net/$device" ] && ip link delete "$device"
done
grep -oE ' (/var/lib/docker|/run/docker|/run/containerd)/[^ ]+' /proc/self/mounts | sort -r | while read -r mount; do
  umount -l "$mount"
done
exit 0
`;

// What lies mounted in there is not ours to delete through.
const eraseScript = `${shellPath}for folder in "$@"; do
  [ -d "$folder" ] || continue
  grep -oE " $folder/[^ ]+" /proc/self/mounts | sort -r | while read -r mount; do umount "$mount" || exit 1; done || exit 1
  find "$folder" -xdev -mindepth 1 -delete || exit 1
done
`;

const leftoverScript = `${shellPath}for entry in "$@"; do
  name=\${entry#*=}
  case $entry in
    folder=*) [ -d "$name" ] && ! dpkg -S "$name" >/dev/null 2>&1 && rm -rf "$name" ;;
    file=*) rm -f "$name" ;;
    empty=*) [ -d "$name" ] && rmdir "$name" 2>/dev/null ;;
    user=*) id -u "$name" >/dev/null 2>&1 && ! pgrep -u "$name" >/dev/null && userdel "$name" ;;
    group=*) getent group "$name" >/dev/null && groupdel "$name" ;;
  esac
done
systemctl daemon-reload
exit 0
`;

async function runScript(host: Host, script: string, args: string[]): Promise<void> {
  await host.run({
    program: 'sh',
    args: ['-s', '--', ...args],
    title: 'clearing up',
    stdin: script,
    asRoot: true,
    timeoutMs: 300_000,
  });
}
