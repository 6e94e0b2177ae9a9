/** Keys that the compose format has and swarm does not act on: each is named once a service, with what to do instead. */
import type { Lint } from '../lint/lint.ts';
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

/** What one file writes in vain. */
export function lintIgnoredKeys(root: YamlMap): Lint[] {
  return Object.entries(isMap(root.services) ? root.services : {}).flatMap(([name, service]) => {
    if (!isMap(service)) return [];
    return [
      ...Object.keys(service)
        .filter((key) => Object.hasOwn(ignored, key))
        .map((key) => ignoredKey(['services', name, key], key, ignored[key]!)),
      ...lintAddresses(name, service),
      ...lintRestart(name, service),
    ];
  });
}

function ignoredKey(path: Lint['path'], key: string, next: string): Lint {
  return {
    code: 'ignored-key',
    path,
    message: `${key} is ignored in a swarm`,
    why: 'the service runs as if it were not there',
    next,
  };
}

function lintAddresses(name: string, service: YamlMap): Lint[] {
  return Object.entries(isMap(service.networks) ? service.networks : {}).flatMap(([network, attached]) =>
    ['ipv4_address', 'ipv6_address']
      .filter((key) => isMap(attached) && key in attached)
      .map((key) =>
        ignoredKey(
          ['services', name, 'networks', network, key],
          key,
          "tasks get their addresses from the network; use the service's name",
        ),
      ),
  );
}

function lintRestart(name: string, service: YamlMap): Lint[] {
  if (typeof service.restart !== 'string' || service.restart === '') return [];
  const hasPolicy = isMap(service.deploy) && isMap(service.deploy.restart_policy);
  return [
    {
      code: 'restart-key',
      path: ['services', name, 'restart'],
      message: hasPolicy
        ? 'restart is ignored, as there is a deploy.restart_policy'
        : 'restart belongs to single containers',
      why: hasPolicy
        ? 'only one of the two can say it'
        : 'it is read as a deploy.restart_policy with its defaults (on-failure has no limit and no delay between attempts)',
      next: hasPolicy ? 'remove it' : 'write deploy.restart_policy to say what you mean',
    },
  ];
}
