/** Which images are pinned to the digest that a registry tells, and what is then deployed. Pure. */
import type { StackDefinition } from './definition.ts';
import type { ObservedService } from './observed.ts';
import { withoutDigest } from './service-fields.ts';

/**
 * When a registry is asked for an image's digest: each time, only where the service is new or gets another image, or
 * never. Source: `docker stack deploy --resolve-image`.
 */
export const resolveImageModes = ['always', 'changed', 'never'] as const;
export type ResolveImageMode = (typeof resolveImageModes)[number];

export interface ImagePlatform {
  Architecture?: string;
  OS?: string;
}

/** An image as it is deployed. */
export interface PinnedImage {
  /** `name:tag@sha256:…` */
  image: string;
  /** Where it runs, as the registry tells. */
  platforms: ImagePlatform[];
}

/** What was learnt of an image: its digest, why there is none, or that it came to the nodes by another way. */
export type ImageAnswer =
  | ({ kind: 'pinned' } & PinnedImage)
  | { kind: 'unknown'; reason: string }
  | { kind: 'local' };

/** The images to ask a registry for, each once. `ours`: keys of services whose image we built or loaded. */
export function listImagesToResolve(
  definition: StackDefinition,
  services: ObservedService[],
  mode: ResolveImageMode,
  ours: ReadonlySet<string>,
): string[] {
  if (mode === 'never') return [];
  const wanted = definition.services.filter(({ key, spec }) => {
    const { Image } = spec.TaskTemplate.ContainerSpec;
    if (ours.has(key) || Image === '' || Image.includes('@')) return false;
    const existing = services.find((service) => service.Spec.Name === spec.Name);
    return mode === 'always' || !existing || imageOf(existing) !== Image;
  });
  return [...new Set(wanted.map(({ spec }) => spec.TaskTemplate.ContainerSpec.Image))];
}

/** The image with the digest that a registry told: `name:tag@sha256:…`; platforms as the swarm compares them. */
export function pinImage(image: string, digest: string, platforms: ImagePlatform[]): PinnedImage {
  return {
    image: `${image}@${digest}`,
    // Nodes say armv7l where images say arm; swarm would find no node (swarmkit issue 2294).
    platforms: platforms.map(({ Architecture = '', OS = '' }) => ({
      Architecture: Architecture.toLowerCase() === 'arm' ? '' : Architecture,
      OS,
    })),
  };
}

/** Wanted image → what is deployed for it. */
export function readPinnedImages(answers: Record<string, ImageAnswer> = {}): Record<string, PinnedImage> {
  return Object.fromEntries(
    Object.entries(answers).flatMap(([wanted, answer]) =>
      answer.kind === 'pinned' ? [[wanted, { image: answer.image, platforms: answer.platforms }]] : [],
    ),
  );
}

/** One warning for each image whose digest nobody told. */
export function warnOfUnknownDigests(answers: Record<string, ImageAnswer> = {}): string[] {
  return Object.entries(answers).flatMap(([image, answer]) =>
    answer.kind === 'unknown'
      ? [
          `${image}: no registry told its digest (${answer.reason}); a service that has none yet gets the tag alone, so nodes may run different versions`,
        ]
      : [],
  );
}

/**
 * Service key → the image with the digest that the service has or is about to get, for a revision to go back to. Only
 * what the compose file doesn't say itself.
 */
export function listDeployedImages(
  definition: StackDefinition,
  services: ObservedService[],
  pinned: Record<string, PinnedImage>,
): Record<string, PinnedImage> {
  return Object.fromEntries(
    definition.services.flatMap(({ key, spec }) => {
      const { Image } = spec.TaskTemplate.ContainerSpec;
      if (pinned[Image]) return [[key, pinned[Image]]];
      const existing = services.find((service) => service.Spec.Name === spec.Name);
      const image = existing?.Spec.TaskTemplate.ContainerSpec.Image ?? '';
      if (!image.includes('@') || Image !== withoutDigest(image)) return [];
      const platforms = existing?.Spec.TaskTemplate.Placement?.Platforms ?? [];
      return [[key, { image, platforms }]];
    }),
  );
}

function imageOf(service: ObservedService): string {
  return withoutDigest(service.Spec.TaskTemplate.ContainerSpec.Image);
}
