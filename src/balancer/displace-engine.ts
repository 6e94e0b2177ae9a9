import type { EngineName } from '../cluster/engine-name.ts';
import type { Host } from '../remote/host.ts';
import { engineDrivers } from './engine-driver.ts';
import { engines } from './engines.ts';
import { putPreviousBack } from './keep-previous.ts';
import { removeEngineFolder } from './remove-part.ts';
import { reloadSystemd } from './units.ts';

/** Connections through the old engine may last this much longer. */
const leaveSeconds = 10;

// Connections that the kernel has made and the old engine hasn't taken yet would be cut when it closes its ports: the
// kernel (5.14 and newer) hands them to the other engine when it is told to.
const leaveScript = `key=net.ipv4.tcp_migrate_req
before=$(sysctl -n "$key" 2>/dev/null) && sysctl -qw "$key=1"
systemctl disable --quiet --now "$1"
code=$?
[ -z "$before" ] || sysctl -qw "$key=$before"
exit $code`;

/**
 * Lets an engine end whose ports another one on this balancer already has: no new connections, ten seconds for those
 * it has. Its packaged files come back, but it isn't started with them as long as the other one balances. Idempotent.
 */
export async function displaceEngine(host: Host, engine: EngineName): Promise<void> {
  const { unit, dropInPath } = engines[engine];
  // without our drop-in systemd doesn't tell keepalived that the engine ended: the other one is there
  await putPreviousBack(host, engine);
  const leavePath = leaveDropInPath(engine);
  await host.writeFile(leavePath, renderLeaveDropIn(engine));
  try {
    await reloadSystemd(host);
    await host.run({
      program: 'sh',
      args: ['-c', leaveScript, 'sh', unit],
      title: `letting ${engine} end`,
      asRoot: true,
    });
  } finally {
    await host.removeFile(leavePath);
    await reloadSystemd(host);
  }
  await removeEngineFolder(host, engine);
  const folders = [dropInPath, leavePath].map((path) => path.slice(0, path.lastIndexOf('/')));
  await host.run({ program: 'rmdir', args: ['--', ...folders], asRoot: true, accept: [0, 1] });
}

/** Says, until the next boot, how an engine ends when another one has its ports. */
export function leaveDropInPath(engine: EngineName): string {
  return `/run/systemd/system/${engines[engine].unit}.d/kawanan-leave.conf`;
}

function renderLeaveDropIn(engine: EngineName): string {
  return `[Service]
ExecStop=
ExecStopPost=
Restart=no
KillMode=mixed
KillSignal=${engineDrivers[engine].leaveSignal}
TimeoutStopSec=${leaveSeconds}s
`;
}
