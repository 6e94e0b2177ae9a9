/** keepalived's configuration as text, for 2.2 and 2.3, and the check script it runs. No I/O here. */
import type { VirtualAddress } from '../../cluster/cluster.ts';
import { statisticsPort } from '../definition.ts';
import { sealFile } from '../seal.ts';

export const checkScriptPath = '/usr/local/lib/kawanan/check-engine';

/** systemd writes here whether the engine runs, HAProxy or NGINX; keepalived is told of every write by the kernel. */
export const engineStatePath = '/run/kawanan/engine.state';

/** What the balancers share: the addresses, and who may hold them. */
export interface VirtualAddressModel {
  /** Each prefers another balancer, in the order of both lists. */
  vips: VirtualAddress[];
  failover: 'safe' | 'fast';
  /** A preferred balancer that came back takes its address after this long; absent: when it is told to. */
  failbackAfterSeconds?: number;
  /** Every balancer, in the order of the cluster file. */
  balancers: { name: string; address: string }[];
}

/** What stands here makes keepalived give one address up (-254) or contend for it (0), whatever the engine does. */
export function yieldPathOf(address: string): string {
  return `/run/kawanan/yield-${address}.state`;
}

/** Whether a configuration of ours already has the short advertisement interval. */
export function isFast(config: string): boolean {
  return config.includes(`advert_int ${advertIntervals.fast}\n`);
}

/** Advertisement interval in seconds; a lost holder is noticed after about three of them. */
const advertIntervals = { safe: '0.1', fast: '0.03' } as const;

/** The whole `keepalived.conf` of one balancer, whose address is carried by the given interface. */
export function renderKeepalivedConfig(
  model: VirtualAddressModel,
  node: { name: string; interfaceName: string },
): string {
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
    # without this the kernel kills keepalived, and the address moves, as soon as it has worked for 10 ms without a pause:
    # a virtual machine whose CPU is taken away for a moment is charged for that time
    vrrp_rlimit_rttime 1000000
    vrrp_no_swap
}

# a crash: systemd writes the file in the moment the engine's main process ends; unlike track_process,
# which needs the kernel's process events, this works in containers too
track_file engine_state {
    file "${engineStatePath}"
    weight 1
    init_file 0
}

# a hang: the process is there and doesn't answer; three times, for one that is only slow must not lose the address
vrrp_script engine_answers {
    script "${checkScriptPath}"
    interval 1
    timeout 1
    fall 3
    rise 2
    weight 0
}

${model.vips.map((_, index) => renderInstance(model, index, node)).join('\n')}`);
}

/** Close to 255, for the higher the priority, the sooner a balancer takes over; the preferred one's is the highest. */
const highestPriority = 250;
const priorityStep = 10;

function renderInstance(
  model: VirtualAddressModel,
  vipIndex: number,
  node: { name: string; interfaceName: string },
): string {
  const { address, prefixLength } = model.vips[vipIndex]!;
  const count = model.balancers.length;
  const index = model.balancers.findIndex((one) => one.name === node.name);
  const rank = (index - vipIndex + count) % count;
  const name = vipIndex === 0 ? 'kawanan' : `kawanan_${vipIndex + 1}`;
  return `# on request: kawanan balancer failover and failback write the file
track_file ${name}_yields {
    file "${yieldPathOf(address)}"
    weight 1
    init_file 0
}

vrrp_instance ${name} {
    state BACKUP
    ${model.failbackAfterSeconds === undefined ? 'nopreempt' : `preempt_delay ${model.failbackAfterSeconds}`}
    interface ${node.interfaceName}
    virtual_router_id ${chooseRouterIds(model.vips)[vipIndex]}
    priority ${highestPriority - priorityStep * rank}
    advert_int ${advertIntervals[model.failover]}
${renderUnicast(model.balancers, node.name)}    virtual_ipaddress {
        ${address}/${prefixLength} dev ${node.interfaceName}
    }
    track_file {
        engine_state
        ${name}_yields
    }
    track_script {
        engine_answers
    }
}
`;
}

function renderUnicast(all: VirtualAddressModel['balancers'], name: string): string {
  const own = all.find((one) => one.name === name)!;
  const peers = all.filter((one) => one.name !== name);
  if (peers.length === 0) return '';
  return `    unicast_src_ip ${own.address}
    check_unicast_src
    unicast_peer {
${peers.map((peer) => `        ${peer.address} min_ttl 255 max_ttl 255\n`).join('')}    }
`;
}

/** 1 to 255, from each address's last number, so that clusters of one network differ without being told to; the next free one where two addresses end alike. */
function chooseRouterIds(vips: VirtualAddress[]): number[] {
  const taken: number[] = [];
  for (const { address } of vips) {
    let id = Number(address.split('.').at(-1)) || 255;
    while (taken.includes(id)) id = (id % 255) + 1;
    taken.push(id);
  }
  return taken;
}

/** Succeeds when the engine answers its health page within 0.7 seconds, so that one run ends before the next begins. Needs bash and nothing else. */
export function renderCheckScript(): string {
  return sealFile(`#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/${statisticsPort} || exit 1
printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3
read -r -t 0.7 _ status _ <&3 && [ "$status" = 200 ]
`);
}
