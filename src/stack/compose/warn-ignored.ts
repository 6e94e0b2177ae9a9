/** Keys that the compose format has and swarm does not act on: each is named once a service, with what to do instead. */
import type { Report } from './report.ts';
import { isMap, type YamlMap } from './yaml-value.ts';

const ignored: Record<string, string> = {
  cgroup_parent: 'swarm has no such setting',
  cgroupns_mode: 'swarm has no such setting',
  container_name:
    'swarm names containers itself; the service is reached by its own name, or by an alias of a network',
  devices: 'swarm services get no devices; bind-mount what can be mounted',
  domainname: 'swarm has no such setting; write the whole name into hostname',
  expose: 'services of one network reach each other on every port',
  external_links: 'put both services into one network',
  ipc: 'swarm has no such setting',
  links: 'services of one network reach each other by name',
  mac_address: 'swarm has no such setting',
  network_mode: 'use networks; for the host\'s network define an external network named "host"',
  oom_score_adj: "docker stack deploy reads it and doesn't pass it on",
  pid: 'swarm has no such setting',
  privileged: 'swarm runs no privileged containers; cap_add gives single rights',
  security_opt: 'swarm has no such setting',
  shm_size: 'mount a tmpfs at /dev/shm instead',
  tmpfs: 'write it as a mount under volumes with type: tmpfs',
  userns_mode: 'swarm has no such setting',
};

/** Warns about what one file writes in vain. */
export function warnIgnoredKeys(root: YamlMap, report: Report): void {
  if (!isMap(root.services)) return;
  for (const [name, service] of Object.entries(root.services)) {
    if (!isMap(service)) continue;
    for (const key of Object.keys(service))
      if (Object.hasOwn(ignored, key))
        report.warn(['services', name, key], `${key} is ignored in a swarm: ${ignored[key]}`);
    warnAddresses(name, service, report);
    warnRestart(name, service, report);
  }
}

function warnAddresses(name: string, service: YamlMap, report: Report): void {
  if (!isMap(service.networks)) return;
  for (const [network, attached] of Object.entries(service.networks))
    for (const key of ['ipv4_address', 'ipv6_address'])
      if (isMap(attached) && key in attached)
        report.warn(
          ['services', name, 'networks', network, key],
          `${key} is ignored in a swarm: tasks get their addresses from the network; use the service's name`,
        );
}

function warnRestart(name: string, service: YamlMap, report: Report): void {
  if (typeof service.restart !== 'string' || service.restart === '') return;
  const at = ['services', name, 'restart'];
  const policy = isMap(service.deploy) && isMap(service.deploy.restart_policy);
  report.warn(
    at,
    policy
      ? 'restart is ignored, as there is a deploy.restart_policy; remove it'
      : 'restart belongs to single containers: it is read as a deploy.restart_policy with its defaults ' +
          '(on-failure has no limit and no delay between attempts); write deploy.restart_policy to say what you mean',
  );
}
