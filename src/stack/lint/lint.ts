/** What a lint is: something that is allowed and probably not meant. Pure. */

/** Every lint by its code, with one line that says what it finds; `docs/lints.md` has the rest. */
export const lintCodes = {
  'image-not-pinned': 'an image without a tag or digest, or with the tag latest',
  'relative-bind-mount': 'a bind mount of a path beside the compose file',
  'bind-mount-unpinned': 'a bind mount in a service that may run on several nodes',
  'local-volume-unpinned': 'a local volume in a service that may run on several nodes',
  'stateful-without-volume': 'a database or store whose data lives in the container',
  'ingress-port': 'a port published through the ingress mesh',
  'published-port-unheard': 'a published port that leads to one that nothing listens on',
  'monitor-too-short': 'an update that is watched for less than the first verdict of the health check',
  'replicas-share-nodes': 'more replicas than nodes that may run them',
  'unused-secret': 'a secret that no service uses',
  'unused-config': 'a config that no service uses',
  'ignored-key': 'a key that swarm ignores',
  'restart-key': 'restart instead of deploy.restart_policy',
} as const;

export type LintCode = keyof typeof lintCodes;

/** Checks of the whole stack against the cluster: what can't work at all is refused, and can't be silenced. */
export const refusalCodes = {
  'constraint-unmet': 'a constraint that no node meets',
  'host-port-conflict': 'one port of one node for two services',
  'too-many-replicas': 'more replicas than there is room for',
  'ingress-without-vip': 'an ingress port of a service without a virtual address',
} as const;

export type RefusalCode = keyof typeof refusalCodes;

export interface Lint {
  code: LintCode;
  /** Path inside the compose file. */
  path: (string | number)[];
  /** What the file says. */
  message: string;
  /** What will happen because of it. */
  why: string;
  /** What to write instead. */
  next: string;
}

/** A lint with its place, as `plan --json` shows it. */
export interface PlacedLint extends Omit<Lint, 'path'> {
  path: string;
  file?: string;
  /** 1-based. */
  line?: number;
  /** 1-based. */
  column?: number;
}

/** One lint as one line. */
export function describeLint({
  message,
  why,
  next,
  code,
}: Pick<Lint, 'message' | 'why' | 'next' | 'code'>): string {
  return `${message}: ${why}; ${next} [${code}]`;
}
