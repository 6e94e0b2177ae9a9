/**
 * A stack as it should be: what a compose file converts to. The objects have the shapes of the Engine API
 * (`POST /services/create` and so on), names already scoped by the stack. No I/O here.
 */
import type { BlueGreenPorts } from './blue-green.ts';
import type { ConfigSpec, NetworkCreate, SecretSpec, ServiceSpec } from './engine-types.ts';
import type { PinnedImage } from './image-digests.ts';
import type { PlacedLint } from './lint/lint.ts';
import type { Silences } from './lint/silence.ts';

export interface BuildDefinition {
  /** Absolute path of the context folder. */
  context: string;
  /** Path of the Dockerfile inside the context. */
  dockerfile: string;
  args: Record<string, string>;
  target?: string;
  /** Where it is written, if not as `build` of the service. */
  declared?: { file: string; path: string };
}

export interface ServiceDefinition {
  /** Name in the compose file, unscoped. */
  key: string;
  spec: ServiceSpec;
  build?: BuildDefinition;
  /** Keys of services that must be up first. */
  dependsOn: string[];
  /** Set where a frontend of `x-balancer` says `update: blue-green`. */
  blueGreen?: BlueGreenPorts;
}

export interface NamedObject<Spec> {
  /** Key in the compose file. */
  key: string;
  spec: Spec;
}

/** Name that services refer to → name of the object in the swarm. */
export interface PinnedObjects {
  configs: Record<string, string>;
  secrets: Record<string, string>;
  /** Service key → its image with the digest; absent where no image has one that the compose file doesn't say. */
  images?: Record<string, PinnedImage>;
}

export interface StackDefinition {
  name: string;
  /** Absolute path of the (first) compose file. */
  file: string;
  networks: NamedObject<NetworkCreate>[];
  configs: NamedObject<ConfigSpec>[];
  /** Secrets the compose file defines itself (`file:`); data base64 as the API wants it. */
  secrets: NamedObject<SecretSpec>[];
  /** Configs and secrets of the stack's own that are there already and are used as they are: a revision's. */
  pinned?: PinnedObjects;
  services: ServiceDefinition[];
  /** External secret → keys of services that keep the version they have: a newer one alone is no reason to restart. */
  leaves?: Record<string, readonly string[]>;
  /** Networks that other stacks of the cluster make: name → stack. Absent where there are none. */
  networksOfOthers?: Record<string, string>;
  /** Names that must exist already. */
  external: { networks: string[]; configs: string[]; secrets: string[] };
  /** The checked but uninterpreted `x-balancer` section, the file it is in and where it stands there. */
  xBalancer?: {
    value: unknown;
    file?: string;
    locate: (path: (string | number)[]) => { line?: number; column?: number };
  };
  /** The uninterpreted `x-secrets` section (how secrets are rotated), the file it is in and where it stands there. */
  xSecrets?: {
    value: unknown;
    file?: string;
    locate: (path: (string | number)[]) => { line?: number; column?: number };
  };
  /** Where a key of the compose files stands, e.g. `['services', 'web', 'deploy']`: the nearest one that is written. */
  locate?: (path: (string | number)[]) => { file?: string; line?: number; column?: number };
  /** The lints among the warnings, for programs. */
  lints?: PlacedLint[];
  /** Lints that `x-lint` of the files silences. */
  silences?: Silences;
  warnings: string[];
}
