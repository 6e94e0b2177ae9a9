/** Images that the cluster file has built because compose files only name them (`images.builds`). Pure. */
import type { Cluster } from '../cluster/cluster.ts';
import type { Problem } from '../errors.ts';
import { normaliseReference } from '../images/reference.ts';
import { findNearestWord } from '../input/nearest-word.ts';
import type { BuildDefinition, StackDefinition } from '../stack/definition.ts';

/** Finds how an image is built, whichever of its names it is called by. */
export function indexBuilds(cluster: Cluster): (image: string) => BuildDefinition | undefined {
  const builds = new Map(
    listBuilds(cluster).map(([image, context]): [string, BuildDefinition] => [
      normaliseReference(image),
      {
        context,
        dockerfile: 'Dockerfile',
        args: {},
        declared: { file: cluster.file, path: `images.builds.${image}` },
      },
    ]),
  );
  return (image) => builds.get(normaliseReference(image));
}

/** Names that are one image: `page` and `docker.io/library/page:latest`. */
export function checkBuilds(cluster: Cluster): Problem[] {
  const names = listBuilds(cluster).map(([image]) => image);
  return names.flatMap((image, index): Problem[] => {
    const twin = names
      .slice(0, index)
      .find((other) => normaliseReference(other) === normaliseReference(image));
    if (twin === undefined) return [];
    return [
      {
        file: cluster.file,
        path: `images.builds.${image}`,
        message: `${image} and ${twin} are one image, ${normaliseReference(image)}`,
        next: 'remove one of the two',
      },
    ];
  });
}

/** Builds whose image no service of these stacks names: most often the name is mistyped, and the image is pulled. */
export function warnOfUnusedBuilds(cluster: Cluster, stacks: readonly StackDefinition[]): string[] {
  const named = stacks.flatMap(({ services }) =>
    services.map(({ spec }) => normaliseReference(spec.TaskTemplate.ContainerSpec.Image)),
  );
  return listBuilds(cluster)
    .filter(([image]) => !named.includes(normaliseReference(image)))
    .map(([image]) => {
      const nearest = findNearestWord(normaliseReference(image), named);
      const meant = nearest === undefined ? '' : `; did you mean ${nearest}?`;
      return `images.builds.${image} of the cluster file: no service has this image, so it is never built${meant}`;
    });
}

function listBuilds({ images }: Cluster): [string, string][] {
  return Object.entries(images.builds ?? {});
}
