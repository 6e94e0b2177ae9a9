/** The little of an engine that images need; what is tested stands on this, what is real on the Engine API. */
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { UserError } from '../errors.ts';
import { type Login, toAuthHeader, toConfigHeader } from '../registry/credentials.ts';
import { readStatusCode } from '../remote/engine-call.ts';
import { readJsonLines } from './json-lines.ts';

export interface EngineImage {
  /** `sha256:…` */
  id: string;
  /** Tags and digests it is known under, without the default registry. */
  references: string[];
  labels: Record<string, string>;
  /** Unix seconds. */
  createdAt: number;
}

export interface InspectedImage {
  /** `sha256:…` */
  id: string;
  labels: Record<string, string>;
  /** Diff IDs, lowest first. */
  layers: string[];
  /** TCP ports that it says it listens on (EXPOSE). */
  exposedPorts: number[];
}

/** Images of nodes with equal facts are equal exactly when their IDs are. */
export interface EngineFacts {
  /** e.g. `x86_64` */
  architecture: string;
  /** containerd's image store gives other IDs to the same image than the classic one. */
  store: 'classic' | 'containerd';
}

export interface BuildRequest {
  /** The context. */
  tar: Readable;
  reference: string;
  dockerfile: string;
  args: Record<string, string>;
  target?: string;
  labels: Record<string, string>;
  /** For bases that the engine pulls. */
  logins?: Login[];
}

/** All are bounded by the signal; those that stream report one line at a time. */
export interface ImageEngine {
  readFacts(): Promise<EngineFacts>;
  list(): Promise<EngineImage[]>;
  /** `undefined` where there is no such image. */
  inspect(reference: string): Promise<InspectedImage | undefined>;
  build(request: BuildRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
  /** Takes an archive as `docker save` makes it. */
  load(archive: Readable, signal: AbortSignal): Promise<void>;
  save(reference: string): Promise<Readable>;
  pull(reference: string, onLine: (line: string) => void, signal: AbortSignal, login?: Login): Promise<void>;
  tag(source: string, target: string): Promise<void>;
  /** No error where there is no such image. */
  remove(reference: string): Promise<void>;
}

/** An engine behind dockerode. Its errors are the engine's own words, without dockerode's dress. */
export function createImageEngine(docker: Docker): ImageEngine {
  return {
    readFacts: () =>
      calling(async () => {
        const info = (await docker.info()) as {
          Architecture?: string;
          DriverStatus?: [string, string][];
        };
        const containerd = (info.DriverStatus ?? []).some(([, value]) => value.startsWith('io.containerd.'));
        return { architecture: info.Architecture ?? '', store: containerd ? 'containerd' : 'classic' };
      }),
    list: () =>
      calling(async () =>
        (await docker.listImages()).map((image) => ({
          id: image.Id,
          references: [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])],
          labels: image.Labels ?? {},
          createdAt: image.Created,
        })),
      ),
    inspect: (reference) =>
      calling(async () => {
        try {
          const image = await docker.getImage(reference).inspect();
          return {
            id: image.Id,
            labels: image.Config?.Labels ?? {},
            layers: image.RootFS?.Layers ?? [],
            exposedPorts: Object.keys(image.Config?.ExposedPorts ?? {}).flatMap((port) =>
              port.endsWith('/tcp') ? [Number.parseInt(port, 10)] : [],
            ),
          };
        } catch (error) {
          if (readStatusCode(error) === 404) return undefined;
          throw error;
        }
      }),
    build: ({ tar, reference, dockerfile, args, target, labels, logins = [] }, onLine, signal) =>
      calling(async () => {
        const registryconfig = toConfigHeader(logins);
        const answer = await docker.buildImage(tar, {
          t: reference,
          dockerfile,
          buildargs: args,
          labels,
          // packages come from the node's own network: at this time there may be no other
          networkmode: 'host',
          rm: true,
          forcerm: true,
          ...(target !== undefined && { target }),
          ...(registryconfig && { registryconfig: registryconfig as never }),
          abortSignal: signal,
        });
        await readJsonLines(answer as Readable, onLine, signal);
      }),
    load: (archive, signal) =>
      calling(async () => {
        const answer = await docker.loadImage(archive, { quiet: true, abortSignal: signal });
        await readJsonLines(answer as Readable, () => {}, signal);
      }),
    save: (reference) => calling(async () => (await docker.getImage(reference).get()) as Readable),
    pull: (reference, onLine, signal, login) =>
      calling(async () => {
        const authconfig = toAuthHeader(login);
        const answer = await docker.pull(reference, {
          abortSignal: signal,
          ...(authconfig && { authconfig }),
        });
        await readJsonLines(answer as Readable, onLine, signal);
      }),
    tag: (source, target) =>
      calling(async () => {
        const colon = target.lastIndexOf(':');
        await docker.getImage(source).tag({ repo: target.slice(0, colon), tag: target.slice(colon + 1) });
      }),
    remove: (reference) =>
      calling(async () => {
        try {
          // stopped containers of tasks that are gone don't keep an image; running ones do
          await docker.getImage(reference).remove({ force: true });
        } catch (error) {
          if (readStatusCode(error) !== 404) throw error;
        }
      }),
  };
}

/** The engine refused or failed; its own words, made to be put into an error of ours. */
export class EngineFailure extends Error {
  override name = 'EngineFailure';
  /** HTTP status; absent when the engine couldn't be reached. */
  readonly statusCode: number | undefined;

  constructor(message: string, statusCode: number | undefined, cause: unknown) {
    super(message, { cause });
    this.statusCode = statusCode;
  }
}

async function calling<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { json, message, statusCode } = error as {
      json?: { message?: string };
      message?: string;
      statusCode?: number;
    };
    const words = json?.message ?? (message ?? String(error)).replace(/^\(HTTP code \d+\) [^-]* - /, '');
    throw new EngineFailure(words.trim(), statusCode, error);
  }
}
