/** What we add to the systemd units of a balancer, as text. No I/O here. */
import type { VirtualAddress } from '../cluster/cluster.ts';
import { engineStatePath } from './keepalived/render-keepalived.ts';
import { nftTableName } from './keepalived/render-nftables.ts';
import { sealFile } from './seal.ts';

export const nftRulesPath = '/etc/kawanan/balancer.nft';

interface EngineCommands {
  watch?: readonly string[] | undefined;
  beforeStart?: string | undefined;
}

/**
 * Restarts the engine whatever ends it; with a virtual address, tells keepalived whether it runs. `watch` is the command
 * that starts what tells sooner when it ends, `beforeStart` the one before each start.
 */
export function renderEngineDropIn({ watch, beforeStart }: EngineCommands): string {
  const state = watch
    ? `RuntimeDirectory=kawanan
RuntimeDirectoryPreserve=yes
ExecStartPost=/bin/sh -c 'echo 0 > ${engineStatePath}'
ExecStartPost=-${watch.join(' ')}
ExecStopPost=/bin/sh -c 'echo -254 > ${engineStatePath}'
`
    : '';
  return sealFile(`[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
${beforeStart === undefined ? '' : `ExecStartPre=${beforeStart}\n`}${state}`);
}

/** Restarts keepalived whatever ends it, and never leaves a virtual address behind when it isn't there to guard it. */
export function renderKeepalivedDropIn(vips: VirtualAddress[], interfaceName: string): string {
  // "-": the address isn't there, as it should be
  const remove = vips.map(
    (vip) =>
      `-/bin/sh -c 'ip address del ${vip.address}/${vip.prefixLength} dev ${interfaceName} 2>/dev/null'`,
  );
  return sealFile(`[Unit]
Wants=network-online.target
After=network-online.target haproxy.service nginx.service kawanan-nftables.service
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=200ms
RuntimeDirectory=kawanan
RuntimeDirectoryPreserve=yes
${remove.map((line) => `ExecStartPre=${line}\n`).join('')}${remove.map((line) => `ExecStopPost=${line}\n`).join('')}`);
}

/** Loads our packet filter at boot, after the host's own rules, whose reload may empty all tables. */
export function renderNftablesUnit(): string {
  return sealFile(`[Unit]
Description=Packet filter for VRRP between kawanan's balancers
After=nftables.service
PartOf=nftables.service
Before=keepalived.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${nftRulesPath}
ExecReload=/usr/sbin/nft -f ${nftRulesPath}
ExecStop=-/usr/sbin/nft delete table ip ${nftTableName}

[Install]
WantedBy=multi-user.target
`);
}
