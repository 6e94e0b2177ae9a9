import { type Cluster, listVirtualAddresses } from '../cluster/cluster.ts';
import type { EngineName } from '../cluster/engine-name.ts';
import { UserError } from '../errors.ts';
import type { Host } from '../remote/host.ts';
import { CommandError } from '../remote/remote-errors.ts';
import { appliedMarkerPath, stateFolder } from './backup.ts';
import { watchUnitOf } from './engine-watch.ts';
import { engines } from './engines.ts';
import { serverStatePath } from './haproxy/render-haproxy.ts';
import { runtimeMarkerPath } from './haproxy/runtime-marker.ts';
import { forgetPrevious, putPreviousBack, readPreviousState } from './keep-previous.ts';
import { engineStatePath, yieldPathOf } from './keepalived/render-keepalived.ts';
import { nftTableName } from './keepalived/render-nftables.ts';
import { parseAddresses } from './observation.ts';
import { isEngine, type PartName, partFiles, partUnits } from './parts.ts';
import { loadUnit } from './units.ts';

/** Takes one part off a balancer and puts back what was there before; can be cut short and run again. */
export async function removePart(host: Host, part: PartName, cluster: Cluster): Promise<void> {
  const unit = partUnits[part];
  const before = await readPreviousState(host, part);
  const stays = before?.active ?? false;
  if (!stays) await runLeniently(host, 'systemctl', ['stop', unit]);
  else if (isEngine(part)) await runLeniently(host, 'systemctl', ['stop', watchUnitOf(part)]);
  if (!before?.enabled) await runLeniently(host, 'systemctl', ['disable', '--quiet', unit]);
  if (part === 'nftables') await runLeniently(host, 'nft', ['delete', 'table', 'ip', nftTableName]);
  await putPreviousBack(host, part);
  if (part === 'keepalived' && !stays) await dropVips(host, cluster);
  if (stays) await loadUnit(host, unit);
  const leftovers: Record<PartName, string[]> = {
    haproxy: [runtimeMarkerPath, serverStatePath, engineStatePath],
    nginx: [engineStatePath],
    keepalived: [
      appliedMarkerPath,
      ...listVirtualAddresses(cluster).map(({ address }) => yieldPathOf(address)),
    ],
    nftables: [],
  };
  for (const path of leftovers[part]) await host.removeFile(path);
  if (isEngine(part)) await removeEngineFolder(host, part);
  await forgetPrevious(host, part);
  await removeEmptyFolders(host, part);
}

/** Certificates, keys and pages: all that lies there is ours. */
export async function removeEngineFolder(host: Host, engine: EngineName): Promise<void> {
  await host.run({ program: 'rm', args: ['-rf', '--', engines[engine].folder], asRoot: true });
}

async function dropVips(host: Host, cluster: Cluster): Promise<void> {
  const vips = listVirtualAddresses(cluster);
  const read = async (): Promise<{ interfaceName: string; address: string }[]> =>
    parseAddresses((await host.run({ program: 'ip', args: ['-j', '-4', 'address', 'show'] })).stdout).filter(
      (one) => vips.some(({ address }) => address === one.address),
    );
  for (const { interfaceName, address } of vips.length === 0 ? [] : await read()) {
    const { prefixLength } = vips.find((vip) => vip.address === address)!;
    // on loopback: what a hand-over that was cut short has left
    const ofOne = interfaceName === 'lo' ? 32 : prefixLength;
    await runLeniently(host, 'ip', ['address', 'del', `${address}/${ofOne}`, 'dev', interfaceName]);
  }
  const [left] = vips.length === 0 ? [] : await read();
  if (left)
    throw new UserError(`the virtual address ${left.address} can't be removed`, {
      place: { host: host.name },
      next: `remove it on the host: ip address show; ip address del ${left.address}/… dev ${left.interfaceName}`,
    });
}

/** What isn't there any more needs no stopping; what remains is seen when the removal is planned again. */
async function runLeniently(host: Host, program: string, args: string[]): Promise<void> {
  try {
    await host.run({ program, args, asRoot: true });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
  }
}

async function removeEmptyFolders(host: Host, part: PartName): Promise<void> {
  const folders = partFiles[part].map((path) => path.slice(0, path.lastIndexOf('/')));
  const ours = folders.filter((folder) => /kawanan|\.service\.d$/.test(folder));
  await runLeniently(host, 'rmdir', [...ours, stateFolder, '/run/kawanan']);
}
