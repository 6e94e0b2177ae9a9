/** What a service may have, in every version of the compose format. */
import {
  boolean,
  command,
  dictionary,
  duration,
  either,
  integer,
  list,
  listOrDictionary,
  map,
  nothing,
  number,
  objectName,
  open,
  type SchemaNode,
  string,
  stringOrList,
  strings,
  textNumberOrNull,
  textOrNumber,
  uniqueList,
} from './schema-nodes.ts';

const fileReference = either(string, {
  ...map({ source: string, target: string, uid: string, gid: string, mode: number }),
  openSince: 0,
});

const serviceNetwork = either(
  map({
    aliases: strings,
    driver_opts: [13, dictionary(textOrNumber)],
    ipv4_address: string,
    ipv6_address: string,
  }),
  nothing,
);

const port = either(
  { kind: 'number', format: 'ports' },
  { kind: 'string', format: 'ports' },
  map({
    mode: [2, string],
    target: [2, integer],
    published: [2, integer],
    protocol: [2, string],
  }),
);

const mount = either(string, {
  ...map({
    type: [2, string],
    source: [2, string],
    target: [2, string],
    read_only: [2, boolean],
    consistency: [2, string],
    bind: [2, open(map({ propagation: string }))],
    volume: [2, open(map({ nocopy: boolean, subpath: string }))],
    tmpfs: [6, open(map({ size: { kind: 'integer', minimum: 0 } }))],
  }),
  required: ['type'],
});

const healthcheck = map({
  disable: boolean,
  interval: duration,
  retries: number,
  test: command,
  timeout: duration,
  start_period: [4, duration],
  start_interval: [12, duration],
});

const order: SchemaNode = { kind: 'string', oneOf: ['start-first', 'stop-first'] };

const updateConfig = (orderSince: number) =>
  map({
    parallelism: integer,
    delay: duration,
    failure_action: string,
    monitor: duration,
    max_failure_ratio: number,
    order: [orderSince, order],
  });

const genericResources = list(map({ discrete_resource_spec: map({ kind: string, value: number }) }));

const deploy = either(
  map({
    mode: string,
    endpoint_mode: [2, string],
    replicas: integer,
    labels: listOrDictionary,
    rollback_config: [7, updateConfig(7)],
    update_config: updateConfig(4),
    resources: map({
      limits: map({ cpus: string, memory: string, pids: [9, integer] }),
      reservations: map({ cpus: string, memory: string, generic_resources: [5, genericResources] }),
    }),
    restart_policy: map({ condition: string, delay: duration, max_attempts: integer, window: duration }),
    placement: map({
      constraints: list(string),
      preferences: [3, list(map({ spread: string }))],
      max_replicas_per_node: [8, integer],
    }),
  }),
  nothing,
);

const build = either(string, {
  ...map({
    context: string,
    dockerfile: string,
    args: listOrDictionary,
    labels: [3, listOrDictionary],
    cache_from: [2, strings],
    network: [4, string],
    target: [4, string],
    shm_size: [5, either(integer, string)],
    extra_hosts: [9, listOrDictionary],
  }),
  openSince: 11,
});

/** One service. */
export const serviceSchema: SchemaNode = {
  ...map({
    build,
    cap_add: strings,
    cap_drop: strings,
    cgroup_parent: string,
    cgroupns_mode: [9, string],
    command,
    configs: [3, list(fileReference)],
    container_name: string,
    credential_spec: [3, map({ config: [8, string], file: string, registry: string })],
    depends_on: strings,
    deploy,
    devices: strings,
    dns: stringOrList,
    dns_search: stringOrList,
    domainname: string,
    entrypoint: command,
    env_file: stringOrList,
    environment: listOrDictionary,
    expose: uniqueList(textOrNumber),
    external_links: strings,
    extra_hosts: listOrDictionary,
    healthcheck,
    hostname: string,
    image: string,
    init: [7, boolean],
    ipc: string,
    isolation: [5, string],
    labels: listOrDictionary,
    links: strings,
    logging: map({ driver: string, options: dictionary(textNumberOrNull) }),
    mac_address: string,
    network_mode: string,
    networks: either(strings, {
      kind: 'dictionary',
      values: serviceNetwork,
      ...objectName,
    }),
    oom_score_adj: [13, integer],
    pid: either(string, nothing),
    ports: uniqueList(port),
    privileged: boolean,
    read_only: boolean,
    restart: string,
    secrets: [1, list(fileReference)],
    security_opt: strings,
    // the schema lets a number through; the loader behind it doesn't
    shm_size: string,
    stdin_open: boolean,
    stop_grace_period: duration,
    stop_signal: string,
    sysctls: listOrDictionary,
    tmpfs: stringOrList,
    tty: boolean,
    ulimits: dictionary(
      either(integer, { ...map({ hard: integer, soft: integer }), required: ['soft', 'hard'] }),
    ),
    user: string,
    userns_mode: string,
    volumes: list(mount),
    working_dir: string,
  }),
  extrasSince: 7,
};
