/** keepalived's configuration as text, for 2.2 and 2.3, and the check script it runs. No I/O here. */
import { statisticsPort } from '../definition.ts';
import { sealFile } from '../seal.ts';

export const checkScriptPath = '/usr/local/lib/kawanan/check-engine';

/** systemd writes here whether the engine runs, HAProxy or NGINX; keepalived is told of every write by the kernel. */
export const engineStatePath = '/run/kawanan/engine.state';

/** What two balancers share: the address, and who may hold it. */
export interface VirtualAddressModel {
  vip: { address: string; prefixLength: number };
  failover: 'safe' | 'fast';
  /** Every balancer, in the order of the cluster file: the first has the highest priority. */
  balancers: { name: string; address: string }[];
}

/** Advertisement interval in seconds; a lost holder is noticed after about three of them. */
const advertIntervals = { safe: '0.1', fast: '0.03' } as const;

/** The whole `keepalived.conf` of one balancer, whose address is carried by the given interface. */
export function renderKeepalivedConfig(
  model: VirtualAddressModel,
  node: { name: string; interfaceName: string },
): string {
  const index = model.balancers.findIndex((one) => one.name === node.name);
  const own = model.balancers[index]!;
  const peers = model.balancers.filter((one) => one.name !== node.name);
  const unicast =
    peers.length === 0
      ? ''
      : `    unicast_src_ip ${own.address}
    check_unicast_src
    unicast_peer {
${peers.map((peer) => `        ${peer.address} min_ttl 255 max_ttl 255\n`).join('')}    }
`;
  return sealFile(`
global_defs {
    router_id ${node.name}
    vrrp_version 3
    enable_script_security
    script_user nobody nogroup
    vrrp_garp_master_repeat 3
    vrrp_garp_master_delay 1
    vrrp_garp_master_refresh 60
    vrrp_rt_priority 50
    vrrp_no_swap
}

# a crash: systemd writes the file in the moment the engine's main process ends; unlike track_process,
# which needs the kernel's process events, this works in containers too
track_file engine_state {
    file "${engineStatePath}"
    weight 1
    init_file 0
}

# a hang: the process is there and doesn't answer
vrrp_script engine_answers {
    script "${checkScriptPath}"
    interval 1
    timeout 1
    fall 2
    rise 2
    weight 0
}

vrrp_instance kawanan {
    state BACKUP
    nopreempt
    interface ${node.interfaceName}
    virtual_router_id ${chooseRouterId(model.vip.address)}
    priority ${250 - 10 * index}
    advert_int ${advertIntervals[model.failover]}
${unicast}    virtual_ipaddress {
        ${model.vip.address}/${model.vip.prefixLength} dev ${node.interfaceName}
    }
    track_file {
        engine_state
    }
    track_script {
        engine_answers
    }
}
`);
}

/** 1 to 255, from the address's last number, so that clusters of one network differ without being told to. */
function chooseRouterId(address: string): number {
  return Number(address.split('.').at(-1)) || 255;
}

/** Succeeds when the engine answers its health page within half a second, so that one run ends before the next begins. Needs bash and nothing else. */
export function renderCheckScript(): string {
  return sealFile(`#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/${statisticsPort} || exit 1
printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3
read -r -t 0.5 _ status _ <&3 && [ "$status" = 200 ]
`);
}
