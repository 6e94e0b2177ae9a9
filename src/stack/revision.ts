/** The states of a stack that were applied, as the swarm keeps them: configs with labels, never a secret's value. Pure. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Cluster, monitoringStack } from '../cluster/cluster.ts';
import { UserError } from '../errors.ts';
import type { Change } from '../plan/change.ts';
import type { StackAction } from './action.ts';
import type { NamedObject, PinnedObjects, ServiceDefinition, StackDefinition } from './definition.ts';
import type { ConfigSpec, NetworkCreate } from './engine-types.ts';
import { listDeployedImages } from './image-digests.ts';
import type { ObservedConfig, StackObserved } from './observed.ts';
import { stackLayer } from './plan-services.ts';
import { applyPinnedImage, resolveReferences } from './resolve-references.ts';
import { stableJson } from './service-fields.ts';

/** What a revision holds: everything that a deploy of the stack wants, with configs and secrets by the names of their versions. */
export interface RevisionContent {
  format: 1;
  stack: string;
  services: Pick<ServiceDefinition, 'key' | 'spec' | 'dependsOn'>[];
  networks: NamedObject<NetworkCreate>[];
  pinned: PinnedObjects;
  external: StackDefinition['external'];
  balancer?: unknown;
  leaves?: Record<string, readonly string[]>;
}

/** A revision as the list of configs tells it. */
export interface StoredRevision {
  number: number;
  digest: string;
  /** ISO 8601. */
  createdAt: string;
  /** `anna@laptop`. */
  by: string;
  /** `up`, `rollback to 3`. */
  why: string;
  /** The configs that hold it, in order. */
  parts: ObservedConfig[];
}

const labels = {
  stack: 'kawanan.revision',
  number: 'kawanan.revision.number',
  part: 'kawanan.revision.part',
  parts: 'kawanan.revision.parts',
  digest: 'kawanan.revision.digest',
  by: 'kawanan.revision.by',
  why: 'kawanan.revision.why',
} as const;

export const defaultKeptRevisions = 10;
/** The swarm takes configs of less than 500 kB (1000 kB in newer engines). */
const partBytes = 400_000;

/** The content of a revision of this definition. */
export function describeRevision(definition: StackDefinition, pinned: PinnedObjects): RevisionContent {
  const { name, services, networks, external, xBalancer, leaves } = definition;
  const { images = {}, ...objects } = pinned;
  return {
    format: 1,
    stack: name,
    services: services.map(({ key, spec, dependsOn }) => ({
      key,
      spec: images[key] ? { ...spec, TaskTemplate: applyPinnedImage(spec.TaskTemplate, images[key]) } : spec,
      dependsOn,
    })),
    networks,
    pinned: objects,
    external,
    ...(xBalancer && { balancer: xBalancer.value }),
    ...(leaves && { leaves }),
  };
}

/** What tells two contents apart. */
export function digestRevision(content: RevisionContent): string {
  return createHash('sha256').update(stableJson(content)).digest('hex').slice(0, 16);
}

/** The configs of a new revision. The first one is what makes it whole: it must be created last. */
export function writeRevision(
  content: RevisionContent,
  head: Pick<StoredRevision, 'number' | 'by' | 'why'>,
  maxBytes = partBytes,
): ConfigSpec[] {
  const packed = gzipSync(stableJson(content), { level: 9 });
  const count = Math.max(1, Math.ceil(packed.length / maxBytes));
  return Array.from({ length: count }, (_, index): ConfigSpec => {
    const part = index + 1;
    return {
      Name: nameConfig(content.stack, head.number, part),
      Labels: {
        [labels.stack]: content.stack,
        [labels.number]: String(head.number),
        [labels.part]: String(part),
        ...(part === 1 && {
          [labels.parts]: String(count),
          [labels.digest]: digestRevision(content),
          [labels.by]: head.by,
          [labels.why]: head.why,
        }),
      },
      Data: packed.subarray(index * maxBytes, part * maxBytes).toString('base64'),
    };
  });
}

/** Names of configs end at 64 characters; a long stack name is cut, and told apart by its hash. */
function nameConfig(stack: string, number: number, part: number): string {
  const hash = createHash('sha256').update(stack).digest('hex').slice(0, 8);
  const short = stack.length > 30 ? `${stack.slice(0, 21)}-${hash}` : stack;
  return `kawanan.revision.${short}.${number}${part === 1 ? '' : `.${part}`}`;
}

/** The whole revisions of a stack, newest first. */
export function listRevisions(stack: string, configs: ObservedConfig[]): StoredRevision[] {
  const own = configs.filter(({ Spec }) => Spec.Labels?.[labels.stack] === stack);
  return own
    .filter(({ Spec }) => Spec.Labels?.[labels.parts] !== undefined)
    .map((head): StoredRevision => {
      const read = (label: string): string => head.Spec.Labels?.[label] ?? '';
      const parts = own
        .filter(({ Spec }) => Spec.Labels?.[labels.number] === read(labels.number))
        .sort((a, b) => Number(a.Spec.Labels?.[labels.part]) - Number(b.Spec.Labels?.[labels.part]));
      return {
        number: Number(read(labels.number)),
        digest: read(labels.digest),
        createdAt: head.CreatedAt ?? '',
        by: read(labels.by),
        why: read(labels.why),
        parts,
      };
    })
    .filter(({ parts }) => parts.length === Number(parts[0]!.Spec.Labels?.[labels.parts]))
    .sort((a, b) => b.number - a.number);
}

/** Ids of all configs that hold revisions of a stack, whole or not, the newest first. */
export function listRevisionConfigs(stack: string, configs: readonly ObservedConfig[]): string[] {
  const numberOf = ({ Spec }: ObservedConfig): number => Number(Spec.Labels?.[labels.number]);
  return configs
    .filter(({ Spec }) => Spec.Labels?.[labels.stack] === stack)
    .toSorted((a, b) => numberOf(b) - numberOf(a))
    .map(({ ID }) => ID);
}

/** Stacks that were deployed and that the cluster file names no longer: they run on, and the balancers forget them. */
export function warnOfForgotten(
  { stacks }: Pick<Cluster, 'stacks'>,
  configs: readonly ObservedConfig[],
): string[] {
  const deployed = new Set(configs.flatMap(({ Spec }) => Spec.Labels?.[labels.stack] ?? []));
  return (
    [...deployed]
      // That one has a command of its own.
      .filter((name) => name !== monitoringStack && !stacks.some((stack) => stack.name === name))
      .sort()
      .map(
        (name) =>
          `the swarm keeps the stack ${name}, which the cluster file doesn't name: it runs on, and the balancers serve it no longer; name it again to deploy it or to take it away (kawanan down ${name})`,
      )
  );
}

/** Ids of configs that were to become a revision when the run was killed. */
function listFragments(stack: string, configs: ObservedConfig[], whole: StoredRevision[]): string[] {
  const used = new Set(whole.flatMap(({ parts }) => parts.map(({ ID }) => ID)));
  return configs
    .filter(({ ID, Spec }) => Spec.Labels?.[labels.stack] === stack && !used.has(ID))
    .map(({ ID }) => ID);
}

/** @throws UserError when it was written by a newer kawanan, or is damaged. */
export function readRevision(revision: Pick<StoredRevision, 'number' | 'parts'>): RevisionContent {
  const packed = Buffer.concat(revision.parts.map(({ Spec }) => Buffer.from(Spec.Data ?? '', 'base64')));
  try {
    const content = JSON.parse(gunzipSync(packed).toString()) as RevisionContent;
    if (content.format === 1) return content;
  } catch {
    // Said below.
  }
  throw new UserError(`revision ${revision.number} can't be read`, {
    next: 'choose another one of `kawanan history`',
  });
}

/** A revision as a definition again. Its secrets from the secrets file are the newest versions: values don't go back. */
export function restoreDefinition(content: RevisionContent, file: string): StackDefinition {
  return {
    name: content.stack,
    file,
    networks: content.networks,
    configs: [],
    secrets: [],
    pinned: content.pinned,
    services: content.services,
    external: content.external,
    ...(content.balancer !== undefined && {
      xBalancer: { value: content.balancer, locate: () => ({}) },
    }),
    ...(content.leaves && { leaves: content.leaves }),
    warnings: [],
  };
}

/** The objects behind the configs, secrets and images of a definition, a revision's or a file's. */
export function pinObjects(definition: StackDefinition, observed: StackObserved): PinnedObjects {
  const { configs, secrets, names } = resolveReferences(definition, observed, new Map());
  const images = listDeployedImages(definition, observed.services, names.images ?? {});
  const pin = (objects: { name: string; objectName: string }[]) =>
    Object.fromEntries(objects.map(({ name, objectName }) => [name, objectName]));
  return {
    configs: { ...definition.pinned?.configs, ...pin(configs) },
    secrets: { ...definition.pinned?.secrets, ...pin(secrets) },
    ...(Object.keys(images).length > 0 && { images }),
  };
}

/** The change that keeps this state once all others are done; none when the newest revision is this state already. */
export function planRevision(
  definition: StackDefinition,
  observed: StackObserved,
  others: Change<StackAction>[],
  keep: number,
): Change<StackAction> | undefined {
  const known = listRevisions(definition.name, observed.configs);
  const pinned = pinObjects(definition, observed);
  if (known[0]?.digest === digestRevision(describeRevision(definition, pinned))) return undefined;
  const number = (known[0]?.number ?? 0) + 1;
  const expired = known.slice(Math.max(0, keep - 1)).flatMap(({ parts }) => parts.map(({ ID }) => ID));
  return {
    id: `revision/${number}`,
    layer: stackLayer,
    kind: 'create',
    object: { type: 'revision', name: String(number) },
    title: `keep this state as revision ${number}`,
    fields: [],
    after: others.map(({ id }) => id),
    action: {
      do: 'record-revision',
      number,
      pinned,
      fragments: listFragments(definition.name, observed.configs, known),
      expired,
    },
  };
}
