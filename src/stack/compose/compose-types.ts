/**
 * A compose file once its short and long forms are one. A field that is absent was not written; what was written empty
 * is kept empty, because merging several files tells the two apart.
 */

/** Durations in nanoseconds, sizes in bytes. */
export interface ComposeHealthcheck {
  test?: string[];
  interval?: number;
  timeout?: number;
  startPeriod?: number;
  startInterval?: number;
  retries?: number;
  disable: boolean;
}

export interface ComposeUpdateConfig {
  parallelism?: number;
  delay: number;
  failureAction: string;
  monitor: number;
  maxFailureRatio: number;
  order: string;
}

export interface ComposeResources {
  /** As written, e.g. `0.5`. */
  cpus: string;
  memory: number;
  pids: number;
  /** Null for an entry that names nothing. */
  generic?: ({ kind: string; value: number } | null)[];
}

export interface ComposeRestartPolicy {
  condition: string;
  delay?: number;
  maxAttempts?: number;
  window?: number;
}

export interface ComposeDeploy {
  mode: string;
  endpointMode: string;
  replicas?: number;
  labels?: Record<string, string>;
  updateConfig?: ComposeUpdateConfig;
  rollbackConfig?: ComposeUpdateConfig;
  limits?: ComposeResources;
  reservations?: ComposeResources;
  restartPolicy?: ComposeRestartPolicy;
  constraints?: string[];
  preferences?: string[];
  maxReplicas: number;
}

export interface ComposePort {
  mode: string;
  target: number;
  published: number;
  protocol: string;
}

export interface ComposeMount {
  type: string;
  source: string;
  /** Of a bind mount that was written relative to the compose file: the path is this computer's. */
  isBeside?: true;
  target: string;
  readOnly: boolean;
  consistency: string;
  bind?: { propagation: string };
  volume?: { nocopy: boolean; subpath: string };
  tmpfs?: { size: number };
}

export interface ComposeFileReference {
  source: string;
  target: string;
  uid: string;
  gid: string;
  mode?: number;
}

export interface ComposeServiceNetwork {
  aliases?: string[];
  driverOpts?: Record<string, string>;
}

export interface ComposeLogging {
  driver: string;
  options?: Record<string, string>;
}

export interface ComposeBuild {
  context: string;
  dockerfile: string;
  args: Record<string, string | null>;
  target: string;
}

export interface ComposeService {
  name: string;
  image: string;
  build?: ComposeBuild;
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string | null>;
  labels?: Record<string, string>;
  hostname: string;
  user: string;
  workingDir: string;
  stopSignal: string;
  isolation: string;
  restart: string;
  stopGracePeriod?: number;
  init?: boolean;
  readOnly: boolean;
  tty: boolean;
  stdinOpen: boolean;
  capAdd?: string[];
  capDrop?: string[];
  dns?: string[];
  dnsSearch?: string[];
  dependsOn?: string[];
  /** `host:address`. */
  extraHosts?: string[];
  sysctls?: Record<string, string>;
  ulimits?: Record<string, { soft: number; hard: number }>;
  credentialSpec: { config: string; file: string; registry: string };
  healthcheck?: ComposeHealthcheck;
  logging?: ComposeLogging;
  networks?: Record<string, ComposeServiceNetwork | null>;
  ports?: ComposePort[];
  mounts?: ComposeMount[];
  secrets?: ComposeFileReference[];
  configs?: ComposeFileReference[];
  deploy: ComposeDeploy;
}

export interface ComposeNetwork {
  name: string;
  external: boolean;
  driver: string;
  driverOpts?: Record<string, string>;
  internal: boolean;
  attachable: boolean;
  labels?: Record<string, string>;
  ipam: { driver: string; subnets: string[] };
}

export interface ComposeVolume {
  name: string;
  external: boolean;
  driver: string;
  driverOpts?: Record<string, string>;
  labels?: Record<string, string>;
}

/** A secret or a config. */
export interface ComposeFileObject {
  name: string;
  external: boolean;
  /** Absolute path; empty when there is a driver or the object is external. */
  file: string;
  labels?: Record<string, string>;
  driver: string;
  driverOpts?: Record<string, string>;
  templateDriver: string;
}

export interface ComposeStack {
  services: Record<string, ComposeService>;
  networks: Record<string, ComposeNetwork>;
  volumes: Record<string, ComposeVolume>;
  secrets: Record<string, ComposeFileObject>;
  configs: Record<string, ComposeFileObject>;
}

export function newRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
