/** Reads what images are made from (contexts, Dockerfiles, archives) and digests it; builds and loads nothing. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';
import { InputError, type Place, type Problem } from '../errors.ts';
import { describeReadFailure } from '../input/read-failure.ts';
import { formatPath } from '../input/schema-problems.ts';
import type { BuildDefinition, StackDefinition } from '../stack/definition.ts';
import { readArchive } from './archive.ts';
import { digestContext, listContext } from './build-context.ts';
import type { BuildBase, BuildDigests, ImageArchives, PreparedBuild } from './desired.ts';
import { readDockerfile } from './dockerfile.ts';
import { normaliseReference, parseReference, tagWithDigest } from './reference.ts';

export interface PreparedImages {
  builds: BuildDigests;
  archives: ImageArchives;
}

/**
 * Digests the builds of a stack and looks into the archives that it uses. Side by side, each context once.
 *
 * @throws InputError with every context, Dockerfile or archive that is missing or unreadable.
 */
export async function prepareImages(definition: StackDefinition, cluster: Cluster): Promise<PreparedImages> {
  const problems: Problem[] = [];
  const place = createPlacer(definition);
  const sources = await readBuildSources(definition, problems);
  const bases = [...sources.values()].flatMap((source) => source.bases);
  const used = definition.services.map((service) => service.spec.TaskTemplate.ContainerSpec.Image);
  const archives = await readArchives(
    cluster,
    new Set([...bases, ...used].map(normaliseReference)),
    problems,
  );
  const byReference = new Map<string, BuildSource[]>();
  for (const source of new Set(sources.values())) {
    const key = normaliseReference(source.wantedReference);
    byReference.set(key, [...(byReference.get(key) ?? []), source]);
  }
  const digester = createDigester(byReference, archives, place, problems);
  const builds = new Map<string, PreparedBuild>();
  for (const service of definition.services) {
    const image = service.spec.TaskTemplate.ContainerSpec.Image;
    const sameName = byReference.get(normaliseReference(image)) ?? [];
    // a service without build runs the image that another service builds under that name
    const source = sources.get(service.key) ?? sameName[0];
    if (!service.build && sameName.length > 1) {
      problems.push({
        ...place(['services', service.key, 'image']),
        message: `${image} is built in different ways by ${sameName.map((one) => one.serviceKey).join(' and ')}`,
        next: 'give the images different names, or this service the same build section',
      });
    }
    const prepared = source && digester(source, []);
    if (prepared) builds.set(service.key, prepared);
  }
  if (problems.length > 0) throw new InputError(problems);
  return { builds, archives };
}

interface BuildSource {
  serviceKey: string;
  wantedReference: string;
  build: BuildDefinition;
  contextDigest: string;
  bases: string[];
  opening: string;
}

/** Service key → what its build reads; equal builds share one object. */
async function readBuildSources(
  definition: StackDefinition,
  problems: Problem[],
): Promise<Map<string, BuildSource>> {
  const place = createPlacer(definition);
  const reads = new Map<string, Promise<BuildSource | undefined>>();
  const found = definition.services.map(async ({ key, spec, build }) => {
    if (!build) return undefined;
    const wantedReference = spec.TaskTemplate.ContainerSpec.Image ?? '';
    const at = (...keys: string[]) => place(['services', key, ...keys]);
    if (wantedReference === '' || parseReference(wantedReference).digest !== undefined) {
      problems.push({
        ...at(),
        message:
          wantedReference === ''
            ? 'a service with build has no image'
            : 'an image that is built has a digest',
        next: `name what is built, e.g. image: ${definition.name}/${key}:1.0`,
      });
      return undefined;
    }
    const same = JSON.stringify([
      wantedReference,
      build.context,
      build.dockerfile,
      sortKeys(build.args),
      build.target,
    ]);
    const read = reads.get(same) ?? readBuildSource(key, wantedReference, build, at, problems);
    reads.set(same, read);
    const source = await read;
    return source && ([key, source] as const);
  });
  return new Map((await Promise.all(found)).filter((one) => one !== undefined));
}

async function readBuildSource(
  serviceKey: string,
  wantedReference: string,
  build: BuildDefinition,
  at: (...keys: string[]) => Place,
  problems: Problem[],
): Promise<BuildSource | undefined> {
  const of = (...keys: string[]): Place => build.declared ?? at('build', ...keys);
  const isFolder = await stat(build.context).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    const next = `write the folder as seen from the ${build.declared ? 'cluster' : 'compose'} file`;
    problems.push({ ...of('context'), message: `there is no folder ${build.context}`, next });
    return undefined;
  }
  const dockerfile = join(build.context, build.dockerfile);
  try {
    const text = await readFile(dockerfile, 'utf8');
    const entries = await listContext(build.context, build.dockerfile);
    const contextDigest = await digestContext(build.context, entries);
    return { serviceKey, wantedReference, build, contextDigest, ...readDockerfile(text, build.args) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    problems.push(
      code === 'ENOENT' && (error as NodeJS.ErrnoException).path === dockerfile
        ? {
            ...of('dockerfile'),
            message: `there is no ${build.dockerfile} in ${build.context}`,
            next: 'write the Dockerfile as seen from the context folder',
          }
        : {
            ...of(),
            message: `the context ${build.context} can't be read: ${describeReadFailure(error)}`,
          },
    );
    return undefined;
  }
}

async function readArchives(
  cluster: Cluster,
  needed: Set<string>,
  problems: Problem[],
): Promise<Map<string, { path: string; imageId: string }>> {
  const wanted = Object.entries(cluster.images.archives).filter(([reference]) =>
    needed.has(normaliseReference(reference)),
  );
  const archives = new Map<string, { path: string; imageId: string }>();
  await Promise.all(
    wanted.map(async ([reference, path]) => {
      const at = { file: cluster.file, path: `images.archives.${reference}` };
      const next = `make it again: docker save ${reference} -o ${path}`;
      try {
        const facts = await readArchive(path);
        if (facts.references.map(normaliseReference).includes(normaliseReference(reference)))
          archives.set(reference, { path, imageId: facts.imageId });
        else {
          const holds = facts.references.join(', ') || 'an image without a name';
          problems.push({ ...at, message: `the archive ${path} holds ${holds}, not ${reference}`, next });
        }
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const reason =
          code === 'ENOENT' ? "isn't there" : `is no image archive: ${describeReadFailure(error)}`;
        problems.push({ ...at, message: `the archive ${path} ${reason}`, next });
      }
    }),
  );
  return archives;
}

/** Where a key of the compose files is written. */
type Placer = (at: string[]) => Place;

function createPlacer({ file, locate }: StackDefinition): Placer {
  return (at) => ({ file, ...locate?.(at), path: formatPath(at) });
}

type Digest = (source: BuildSource, above: BuildSource[]) => PreparedBuild | undefined;

/** Digests a build after those it is built on. */
function createDigester(
  byReference: ReadonlyMap<string, BuildSource[]>,
  archives: ImageArchives,
  place: Placer,
  problems: Problem[],
): Digest {
  const done = new Map<BuildSource, PreparedBuild | undefined>();
  const resolveBase = (reference: string, chain: BuildSource[]): BuildBase | undefined => {
    const [built] = byReference.get(normaliseReference(reference)) ?? [];
    if (built) {
      const prepared = digest(built, chain);
      return prepared && { kind: 'build', reference, builtReference: prepared.reference };
    }
    for (const [name, archive] of archives)
      if (normaliseReference(name) === normaliseReference(reference))
        return { kind: 'archive', reference, ...archive };
    return { kind: 'registry', reference };
  };
  const digest: Digest = (source, above) => {
    if (done.has(source)) return done.get(source);
    if (above.includes(source)) {
      const circle = [...above.slice(above.indexOf(source)), source].map((one) => one.serviceKey);
      problems.push({
        ...place(['services', source.serviceKey, 'build']),
        message: `images are built on each other in a circle: ${circle.join(' → ')}`,
      });
      return undefined;
    }
    const bases = source.bases.map((base) => resolveBase(base, [...above, source]));
    const complete = bases.filter((base) => base !== undefined);
    const prepared = complete.length < bases.length ? undefined : prepare(source, complete);
    done.set(source, prepared);
    return prepared;
  };
  return digest;
}

function prepare(source: BuildSource, bases: BuildBase[]): PreparedBuild {
  const { wantedReference, build, contextDigest, opening } = source;
  const made = {
    format: 1,
    context: contextDigest,
    dockerfile: build.dockerfile,
    args: sortKeys(build.args),
    target: build.target ?? null,
    bases: bases.map((base) => [base.reference, identifyBase(base)]),
  };
  const digest = createHash('sha256').update(JSON.stringify(made)).digest('hex');
  const reference = tagWithDigest(wantedReference, digest);
  return { wantedReference, reference, digest, contextDigest, build, bases, opening };
}

function identifyBase(base: BuildBase): string {
  if (base.kind === 'archive') return base.imageId;
  // what a registry's tag points to isn't known before the build; pin it by digest to notice that it moved
  return base.kind === 'build' ? base.builtReference : base.reference;
}

function sortKeys(record: Record<string, string>): [string, string][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
