/** Which images a stack needs on which nodes. Pure. */
import { type Cluster, type ClusterNode, swarmNodes } from '../cluster/cluster.ts';
import type { BuildDefinition, ServiceDefinition, StackDefinition } from '../stack/definition.ts';
import { findEligibleNodes, selectKnowableConstraints, toPlacementNode } from '../stack/placement.ts';
import { normaliseReference } from './reference.ts';

/** A service's image as it will be built. */
export interface PreparedBuild {
  /** As the compose file says it. */
  wantedReference: string;
  /** Under which it is deployed: the wanted one with the first twelve digits of the digest. */
  reference: string;
  /** Hex SHA-256 of everything the image is made from. */
  digest: string;
  /** Hex SHA-256 of the context's tar, to notice files that change while they are sent. */
  contextDigest: string;
  build: BuildDefinition;
  /** What it is built on, in the order of the Dockerfile. */
  bases: BuildBase[];
  /** Builds with equal openings run on one node, one after the other, to share the engine's cache. */
  opening: string;
}

export type BuildBase =
  | { kind: 'archive'; reference: string; path: string; imageId: string }
  /** Another image that this stack builds. */
  | { kind: 'build'; reference: string; builtReference: string }
  /** The engine pulls it while it builds. */
  | { kind: 'registry'; reference: string };

/** Service key → its build; services that share an image share the object. */
export type BuildDigests = ReadonlyMap<string, PreparedBuild>;

export interface WantedImage {
  /** As it stands in the service's spec when it is deployed. */
  reference: string;
  source:
    | { kind: 'build'; prepared: PreparedBuild }
    | { kind: 'archive'; path: string; imageId: string }
    | { kind: 'registry' }
    /** Of a revision: nothing tells any more what it was made from, so it must be somewhere. */
    | { kind: 'kept' };
  /** Names of the nodes that tasks may be placed on, in the cluster file's order. */
  nodes: string[];
  /** Keys of the services that use it. */
  services: string[];
  /** One of them publishes ports: which ones the image exposes is of interest. */
  publishes?: true;
}

export interface WantedImages {
  stackName: string;
  images: WantedImage[];
}

/** Image reference as the cluster file names it → its archive. */
export type ImageArchives = ReadonlyMap<string, { path: string; imageId: string }>;

/** The images of a stack, each once, with the nodes that its services' placement allows. */
export function listWantedImages(
  definition: StackDefinition,
  cluster: Cluster,
  builds: BuildDigests,
  archives: ImageArchives = new Map(),
): WantedImages {
  const nodes = swarmNodes(cluster);
  const byReference = new Map<string, WantedImage>();
  for (const service of definition.services) {
    const prepared = builds.get(service.key);
    const reference = prepared?.reference ?? service.spec.TaskTemplate.ContainerSpec.Image;
    const key = normaliseReference(reference);
    const image = byReference.get(key) ?? { reference, source: findSource(key), nodes: [], services: [] };
    if (prepared) image.source = { kind: 'build', prepared };
    const allowed = new Set([...image.nodes, ...listEligibleNames(service, nodes)]);
    image.nodes = nodes.map((node) => node.name).filter((name) => allowed.has(name));
    image.services.push(service.key);
    if (service.spec.EndpointSpec?.Ports?.length) image.publishes = true;
    byReference.set(key, image);
  }
  return { stackName: definition.name, images: [...byReference.values()] };

  function findSource(key: string): WantedImage['source'] {
    for (const [reference, archive] of archives)
      if (normaliseReference(reference) === key) return { kind: 'archive', ...archive };
    return { kind: 'registry' };
  }
}

/** The images of a revision: those of archives as ever, the others wherever they are kept; an engine fetches digests itself. */
export function listKeptImages(
  definition: StackDefinition,
  cluster: Cluster,
  archives: ImageArchives,
): WantedImages {
  const wanted = listWantedImages(definition, cluster, new Map(), archives);
  const images = wanted.images
    .filter(({ reference }) => !reference.includes('@'))
    .map(
      (image): WantedImage =>
        image.source.kind === 'archive' ? image : { ...image, source: { kind: 'kept' } },
    );
  return { ...wanted, images };
}

function listEligibleNames(service: ServiceDefinition, nodes: ClusterNode[]): string[] {
  const constraints = selectKnowableConstraints(service.spec.TaskTemplate.Placement?.Constraints);
  return findEligibleNodes(constraints, nodes.map(toPlacementNode)).map((node) => node.hostname);
}

const imageLabel = 'com.docker.stack.image';

/** The stack with the references that are really deployed: each built image under the tag of its digest. */
export function resolveBuildImages(definition: StackDefinition, builds: BuildDigests): StackDefinition {
  const services = definition.services.map((service): ServiceDefinition => {
    const prepared = builds.get(service.key);
    if (!prepared) return service;
    const { spec } = service;
    const labels =
      spec.Labels?.[imageLabel] === undefined
        ? spec.Labels
        : { ...spec.Labels, [imageLabel]: prepared.reference };
    return {
      ...service,
      spec: {
        ...spec,
        ...(labels && { Labels: labels }),
        TaskTemplate: {
          ...spec.TaskTemplate,
          ContainerSpec: { ...spec.TaskTemplate.ContainerSpec, Image: prepared.reference },
        },
      },
    };
  });
  return { ...definition, services };
}
