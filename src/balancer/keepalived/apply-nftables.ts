import type { Host } from '../../remote/host.ts';
import type { PartFile } from '../engine-files.ts';
import { partUnits } from '../parts.ts';
import { nftRulesPath } from '../render-units.ts';
import { loadUnit, reloadSystemd } from '../units.ts';

/** Puts the packet filter for VRRP on a balancer and loads it; the host's own rules aren't touched. */
export async function applyNftables(host: Host, files: PartFile[]): Promise<void> {
  for (const file of files) {
    const isRules = file.path === nftRulesPath;
    await host.writeFile(file.path, file.content, {
      mode: file.mode,
      ...(isRules && {
        check: (path: string) => ({ program: 'nft', args: ['-c', '-f', path], asRoot: true }),
      }),
    });
  }
  await reloadSystemd(host);
  await loadUnit(host, partUnits.nftables);
}
