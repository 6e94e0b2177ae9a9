/**
 * The parts of the Engine API's objects that a stack uses, spelled as the API spells them.
 * Source: Docker Engine API v1.45, `ServiceSpec`, `TaskSpec`, `NetworkCreateRequest`, `SecretSpec`, `ConfigSpec`.
 * Durations are nanoseconds, sizes bytes.
 */
export interface NetworkCreate {
  Name: string;
  Driver?: string;
  Scope?: string;
  Internal?: boolean;
  Attachable?: boolean;
  Ingress?: boolean;
  Options?: Record<string, string> | null;
  Labels?: Record<string, string>;
  IPAM?: {
    Driver?: string;
    Options?: Record<string, string> | null;
    Config?: { Subnet?: string; Gateway?: string; IPRange?: string }[] | null;
  } | null;
  EnableIPv6?: boolean;
  ConfigOnly?: boolean;
  ConfigFrom?: { Network: string } | null;
}

export interface ConfigSpec {
  Name: string;
  Labels?: Record<string, string>;
  /** Base64. */
  Data?: string;
  Templating?: { Name: string };
}

export interface SecretSpec {
  Name: string;
  Labels?: Record<string, string>;
  /** Base64; never logged. */
  Data?: string;
  Driver?: { Name: string; Options?: Record<string, string> };
  Templating?: { Name: string };
}

export interface FileTarget {
  Name: string;
  UID: string;
  GID: string;
  Mode: number;
}

export interface SecretReference {
  File: FileTarget;
  /** Empty in a definition: known once the secret exists. */
  SecretID: string;
  SecretName: string;
}

export interface ConfigReference {
  File?: FileTarget;
  Runtime?: object;
  /** Empty in a definition: known once the config exists. */
  ConfigID: string;
  ConfigName: string;
}

export interface Mount {
  Type: 'bind' | 'volume' | 'tmpfs' | 'npipe' | 'cluster' | 'image';
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: { Propagation?: string; NonRecursive?: boolean; CreateMountpoint?: boolean };
  VolumeOptions?: {
    NoCopy?: boolean;
    Labels?: Record<string, string>;
    Subpath?: string;
    DriverConfig?: { Name?: string; Options?: Record<string, string> };
  };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
  [other: string]: unknown;
}

export interface HealthConfig {
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  Retries?: number;
  StartPeriod?: number;
  StartInterval?: number;
}

export interface ContainerSpec {
  Image: string;
  Labels?: Record<string, string>;
  Command?: string[];
  Args?: string[];
  Hostname?: string;
  Env?: string[];
  Dir?: string;
  User?: string;
  Groups?: string[];
  Mounts?: Mount[];
  /** Nanoseconds. */
  StopGracePeriod?: number;
  StopSignal?: string;
  Healthcheck?: HealthConfig;
  Hosts?: string[];
  DNSConfig?: { Nameservers?: string[]; Search?: string[]; Options?: string[] };
  Secrets?: SecretReference[];
  Configs?: ConfigReference[];
  Isolation?: string;
  Init?: boolean;
  ReadOnly?: boolean;
  TTY?: boolean;
  OpenStdin?: boolean;
  Sysctls?: Record<string, string>;
  CapabilityAdd?: string[];
  CapabilityDrop?: string[];
  Ulimits?: { Name: string; Soft: number; Hard: number }[];
  Privileges?: {
    /** `Config` is the config's name in a definition and its ID in the engine. */
    CredentialSpec: { Config: string; File: string; Registry: string } | null;
    SELinuxContext: null;
    NoNewPrivileges: boolean;
  };
  OomScoreAdj?: number;
}

export interface RestartPolicy {
  Condition?: 'none' | 'on-failure' | 'any' | string;
  Delay?: number;
  MaxAttempts?: number;
  Window?: number;
}

export interface UpdateConfig {
  Parallelism: number;
  Delay?: number;
  FailureAction?: 'pause' | 'continue' | 'rollback' | string;
  Monitor?: number;
  MaxFailureRatio?: number;
  Order?: 'stop-first' | 'start-first' | string;
}

export interface PortConfig {
  Name?: string;
  Protocol?: 'tcp' | 'udp' | 'sctp' | string;
  TargetPort: number;
  PublishedPort?: number;
  PublishMode?: 'ingress' | 'host' | string;
}

export interface ServiceSpec {
  Name: string;
  Labels?: Record<string, string>;
  TaskTemplate: {
    ContainerSpec: ContainerSpec;
    Resources?: {
      Limits?: { NanoCPUs?: number; MemoryBytes?: number; Pids?: number };
      Reservations?: {
        NanoCPUs?: number;
        MemoryBytes?: number;
        GenericResources?: { DiscreteResourceSpec?: { Kind: string; Value: number } }[];
      };
    };
    RestartPolicy?: RestartPolicy;
    Placement?: {
      Constraints?: string[];
      Preferences?: { Spread: { SpreadDescriptor: string } }[];
      MaxReplicas?: number;
      Platforms?: { Architecture?: string; OS?: string }[];
    };
    LogDriver?: { Name?: string; Options?: Record<string, string> };
    Networks?: { Target: string; Aliases?: string[]; DriverOpts?: Record<string, string> }[];
    ForceUpdate?: number;
    Runtime?: string;
  };
  Mode?: {
    Replicated?: { Replicas?: number };
    Global?: object;
    ReplicatedJob?: { MaxConcurrent?: number; TotalCompletions?: number };
    GlobalJob?: object;
  };
  UpdateConfig?: UpdateConfig;
  RollbackConfig?: UpdateConfig;
  EndpointSpec?: { Mode?: 'vip' | 'dnsrr' | string; Ports?: PortConfig[] };
}

/** The label by which `docker stack` and we know what belongs to a stack. */
export const stackNamespaceLabel = 'com.docker.stack.namespace';
