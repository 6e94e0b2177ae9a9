/** Carries out one change of a machine's node exporter. */
import { UserError } from '../errors.ts';
import { parseBaseline } from '../hosts/baseline.ts';
import { forgetRecorded, installRecorded } from '../hosts/install-recorded.ts';
import { baselinePath } from '../hosts/paths.ts';
import { purgePackages } from '../hosts/run-apt.ts';
import type { Progress } from '../plan/layer.ts';
import type { Host } from '../remote/host.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import { type ExporterAction, type PasswordVersion, passwordSecret } from './exporters.ts';
import {
  dropInPath,
  exporterPackage,
  exporterUnit,
  renderWebConfig,
  webConfigPath,
} from './render-exporter.ts';
import { nodeExporterPort } from './targets.ts';

// bcrypt is what the exporter wants; the C library of every Debian and Ubuntu makes it.
const hashProgram = `local $/; my $password = <STDIN>;
open my $random, "<:raw", "/dev/urandom" or die $!;
read $random, my $bytes, 22;
my @letters = ("A".."Z", "a".."z", 0..9, ".", "/");
my $hash = crypt $password, "\\$2b\\$08\\$" . join("", map { $letters[ord($_) % 64] } split //, $bytes);
$hash =~ /^\\$2b\\$/ or die "this system makes no bcrypt\\n";
print $hash;`;

// Until it listens, and no other program: a unit that has started may still end at once.
const startScript = `systemctl daemon-reload
systemctl enable --quiet "$1"
systemctl restart "$1"
for try in $(seq 100); do
  [ -n "$(ss -ltnH "src $2")" ] && systemctl is-active --quiet "$1" && exit 0
  sleep 0.1
done
journalctl -u "$1" -n 5 --no-pager -o cat >&2
exit 1
`;

const stopScript = `systemctl stop "$1" 2>/dev/null
rm -f "$2"
exit 0
`;

// The package leaves its user and its folders, which others of its family share.
const forgetScript = `ls /usr/bin/prometheus* >/dev/null 2>&1 && exit 0
[ "$1" = yes ] && deluser --quiet --system prometheus
rmdir /etc/prometheus /var/lib/prometheus 2>/dev/null
exit 0
`;

const removeDropInScript = `rm -f "$2"
rmdir "$(dirname "$2")" 2>/dev/null
systemctl daemon-reload
systemctl reset-failed "$1" 2>/dev/null
exit 0
`;

export interface ExporterTools {
  /** The newest version in the swarm; `undefined` where there is none. */
  findPassword(): Promise<PasswordVersion | undefined>;
  /** Its value. */
  readPassword(version: PasswordVersion): Promise<SecretValue>;
}

/** Sets an exporter up, or takes it away; returns when it listens, or is gone. */
export async function applyExporterChange(
  host: Host,
  action: ExporterAction,
  tools: ExporterTools,
  progress: Progress,
): Promise<void> {
  if (action.do === 'remove') return remove(host, action.purge, progress);
  const version = await tools.findPassword();
  if (!version)
    throw new UserError(`the swarm has no secret ${passwordSecret}`, {
      place: { host: host.name },
      next: 'run `kawanan monitor up` again: it makes a new one',
    });
  const password = await tools.readPassword(version);
  // First, so that the package starts nothing of its own.
  await host.writeFile(dropInPath, action.dropIn);
  if (action.install) await installRecorded(host, [exporterPackage], progress);
  progress.report('starting it');
  const { stdout: hash } = await host.run({
    program: 'perl',
    args: ['-e', hashProgram],
    title: 'the hash of a password',
    stdin: password.reveal(),
  });
  await host.writeFile(webConfigPath, renderWebConfig(version, hash), {
    mode: 0o640,
    owner: 'root:prometheus',
  });
  const { exitCode, stderr } = await runScript(host, startScript, [
    exporterUnit,
    `${action.address}:${nodeExporterPort}`,
  ]);
  if (exitCode === 0) return;
  throw new UserError('the node exporter does not start', {
    details: stderr.split('\n').filter(Boolean),
    place: { host: host.name },
    next: `journalctl -u ${exporterUnit} on it tells why; port ${nodeExporterPort} must be free`,
  });
}

/** The drop-in goes last: as long as it is there, a removal that was cut short is known to be unfinished. */
async function remove(host: Host, purge: boolean, progress: Progress): Promise<void> {
  await runScript(host, stopScript, [exporterUnit, webConfigPath]);
  if (purge) {
    await purgePackages(host, [exporterPackage], progress);
    const baseline = parseBaseline((await host.readFile(baselinePath)) ?? '');
    const ours = baseline !== undefined && !baseline.users.includes('prometheus');
    await runScript(host, forgetScript, [ours ? 'yes' : 'no']);
    await forgetRecorded(host, [exporterPackage]);
  }
  await runScript(host, removeDropInScript, [exporterUnit, dropInPath]);
  if (purge) return;
  await host.run({ program: 'systemctl', args: ['start', exporterUnit], asRoot: true, accept: [0, 1, 5] });
}

function runScript(host: Host, script: string, args: string[]) {
  return host.run({
    program: 'sh',
    args: ['-s', '--', ...args],
    title: 'the node exporter',
    stdin: script,
    asRoot: true,
    accept: [0, 1],
  });
}
