/** What the engines have in common, as data: units, files, and how their configuration is rendered. No I/O here. */
import type { EngineName } from '../cluster/engine-name.ts';
import type { BalancerModel } from './backends.ts';
import { haproxyFolder, renderHaproxyConfig, serverStatePath } from './haproxy/render-haproxy.ts';
import { nginxConfigPath, nginxFolder, renderNginxConfig } from './nginx/render-nginx.ts';

/** What is particular to one balancer. */
export interface NodeSettings {
  /** Where statistics are served; on loopback only without one. */
  address?: string;
  /** Of the engine. */
  version?: string;
  /** Servers that get nothing new, as `backend/server`; where the engine doesn't keep that by itself. */
  held?: ReadonlySet<string>;
}

export interface EngineFacts {
  /** As its makers write it. */
  title: string;
  unit: string;
  configPath: string;
  dropInPath: string;
  /** Where certificates and pages lie; all in it is ours. */
  folder: string;
  /** Major and minor number of the oldest version that understands what we write. */
  oldest: readonly [number, number];
  /** What systemd runs before each start, and not before a reload. */
  beforeStart?: string;
  /** The whole configuration of one balancer. */
  render(model: BalancerModel, node: NodeSettings): string;
}

export const engines: Record<EngineName, EngineFacts> = {
  haproxy: {
    title: 'HAProxy',
    unit: 'haproxy.service',
    configPath: '/etc/haproxy/haproxy.cfg',
    dropInPath: '/etc/systemd/system/haproxy.service.d/kawanan.conf',
    folder: haproxyFolder,
    oldest: [2, 4],
    // left there where a reload was cut short, long ago perhaps
    beforeStart: `-/bin/sh -c 'echo 1 > ${serverStatePath}'`,
    render: renderHaproxyConfig,
  },
  nginx: {
    title: 'NGINX',
    unit: 'nginx.service',
    configPath: nginxConfigPath,
    dropInPath: '/etc/systemd/system/nginx.service.d/kawanan.conf',
    folder: nginxFolder,
    oldest: [1, 18],
    render: renderNginxConfig,
  },
};
