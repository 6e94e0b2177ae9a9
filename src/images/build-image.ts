/** Builds one image on one node from the context on this computer. */
import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { UserError } from '../errors.ts';
import type { Progress } from '../plan/layer.ts';
import type { FindLogin } from '../registry/credentials.ts';
import { listContext, packContext } from './build-context.ts';
import type { PreparedBuild } from './desired.ts';
import { EngineFailure, type ImageEngine } from './image-engine.ts';
import { buildLabel, stackLabel } from './observed.ts';

const lastLineCount = 20;

/**
 * Sends the context and waits for the engine to finish; every step is reported.
 *
 * @throws UserError with the last twenty lines of the build's log when it fails, or when the context changed
 *   while it was sent (the image is then untagged again).
 */
export async function buildImage(
  prepared: PreparedBuild,
  place: { node: string; engine: ImageEngine; stackName: string; findLogin?: FindLogin | undefined },
  { report, signal }: Progress,
): Promise<void> {
  const { build, reference } = prepared;
  const { node, engine, stackName, findLogin } = place;
  for (const base of prepared.bases) {
    // the Dockerfile says the name without the digest
    if (base.kind === 'build') await engine.tag(base.builtReference, base.reference);
  }
  const pulled = prepared.bases.filter((base) => base.kind === 'registry');
  const logins = findLogin ? await Promise.all(pulled.map((base) => findLogin(base.reference))) : [];
  const lines: string[] = [];
  const hash = createHash('sha256');
  const entries = await listContext(build.context, build.dockerfile);
  const source = packContext(build.context, entries);
  const tar = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  source.on('error', (error) => tar.destroy(error));
  source.pipe(tar);
  const onLine = (line: string): void => {
    lines.push(line);
    if (lines.length > lastLineCount) lines.shift();
    if (line.startsWith('Step ')) report(line);
  };
  report(`sending ${build.context} to ${node}`);
  try {
    await engine.build(
      {
        tar,
        reference,
        dockerfile: build.dockerfile,
        args: build.args,
        labels: { [buildLabel]: prepared.digest, [stackLabel]: stackName },
        ...(build.target !== undefined && { target: build.target }),
        logins,
      },
      onLine,
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    throw new UserError(`building ${prepared.wantedReference} on ${node} failed`, {
      details: [
        ...lines,
        (error as Error).message,
        ...logins.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
      ],
      next:
        explainBuildFailure(error, lines) ?? `mend ${build.dockerfile} in ${build.context}, then run again`,
      place: { host: node },
      cause: error,
    });
  } finally {
    source.destroy();
  }
  if (hash.digest('hex') !== prepared.contextDigest) {
    await engine.remove(reference);
    throw new UserError(`files of ${build.context} changed while they were sent to be built`, {
      next: 'run the same command again',
    });
  }
}

function explainBuildFailure(error: unknown, lines: string[]): string | undefined {
  const text = [...lines.slice(-3), (error as Error).message].join('\n');
  if (/requires BuildKit/i.test(text) || /unknown flag: mount/i.test(text))
    return 'kawanan builds with the classic builder, which knows no RUN --mount and no heredocs: write it without them';
  if (
    /pull access denied|manifest unknown|no such host|dial tcp|TLS handshake|repository does not exist/i.test(
      text,
    )
  )
    return 'the base image could not be pulled: give its archive under images.archives of the cluster file';
  if (error instanceof EngineFailure && error.statusCode === undefined)
    return 'the connection to the engine broke: run the same command again';
  return undefined;
}
