/** Asks registries, through a manager's engine, what images are. Changes nothing. */
import type Docker from 'dockerode';
import { UserError } from '../errors.ts';
import { type FindLogin, toAuthHeader } from '../registry/credentials.ts';
import { readEngineMessage, readStatusCode } from '../remote/engine-call.ts';
import type { Hosts } from '../remote/host.ts';
import { within } from '../remote/within.ts';
import { type ImageAnswer, type ImagePlatform, pinImage } from './image-digests.ts';

export interface HeldImage {
  /** Digests under which a registry gave it to the node. */
  digests: string[];
  /** Carries the label of images that we build. */
  built: boolean;
}

/** The little of engines that this needs; what is tested stands on this, what is real on the Engine API. */
export interface ImageSources {
  /** @throws when no registry can be asked, or none has it. */
  ask(image: string): Promise<{ digest: string; platforms: ImagePlatform[] }>;
  /** The image on each node that has it and answers. */
  listHeld(image: string): Promise<HeldImage[]>;
}

/** One for a run: a registry is asked for an image once, however often the stack is planned. */
export type ImageResolver = (images: string[]) => Promise<Record<string, ImageAnswer>>;

export function createImageResolver(sources: ImageSources): ImageResolver {
  const answers = new Map<string, Promise<ImageAnswer>>();
  const ask = async (image: string): Promise<ImageAnswer> => {
    try {
      const { digest, platforms } = await sources.ask(image);
      return { kind: 'pinned', ...pinImage(image, digest, platforms) };
    } catch (error) {
      return { kind: 'unknown', reason: readEngineMessage(error) };
    }
  };
  const resolveOne = async (image: string): Promise<ImageAnswer> => {
    // Each time: the layer below may have sent it since to a node that can't pull it.
    const held = await sources.listHeld(image);
    // Built, loaded or sent here: a node that was given only the name would not find it under a registry's digest.
    if (held.some(({ digests, built }) => built || digests.length === 0)) return { kind: 'local' };
    const answer = answers.get(image) ?? ask(image);
    answers.set(image, answer);
    return answer;
  };
  return async (images) => {
    const entries = images.map(async (image) => [image, await resolveOne(image)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
}

/** A registry that can't be reached costs this long once an image, all of them side by side. */
const askMs = 15_000;

export interface EngineSourcesOptions {
  connectEngine: () => Promise<Docker>;
  hosts: Hosts;
  /** Names of the swarm's nodes. */
  nodes: string[];
  /** Label of images that we build. */
  builtLabel: string;
  /** For registries that want a login. */
  findLogin?: FindLogin | undefined;
}

/** The registries as the manager's engine reaches them, the images as each node's own engine tells. */
export function createEngineSources(options: EngineSourcesOptions): ImageSources {
  const { connectEngine, hosts, nodes, builtLabel, findLogin } = options;
  return {
    ask: async (image) => {
      const [engine, login] = await Promise.all([connectEngine(), findLogin?.(image)]);
      const authconfig = toAuthHeader(login);
      const asked = engine.getImage(image).distribution(authconfig ? { authconfig } : {});
      const answer = (await within(askMs, asked)) as {
        Descriptor: { digest: string };
        Platforms?: { architecture?: string; os?: string }[] | null;
      };
      return {
        digest: answer.Descriptor.digest,
        platforms: (answer.Platforms ?? []).map(({ architecture = '', os = '' }) => ({
          Architecture: architecture,
          OS: os,
        })),
      };
    },
    listHeld: async (image) => {
      const held = await Promise.all(nodes.map((node) => inspectOn(node, image)));
      return held.filter((one) => one !== undefined);
    },
  };

  async function inspectOn(node: string, image: string): Promise<HeldImage | undefined> {
    try {
      const found = await (await hosts.connect(node)).engine().getImage(image).inspect();
      return {
        digests: found.RepoDigests ?? [],
        built: found.Config?.Labels?.[builtLabel] !== undefined,
      };
    } catch (error) {
      // Not there; or the node is away, which other layers complain about.
      if (error instanceof UserError || readStatusCode(error) !== undefined) return undefined;
      throw error;
    }
  }
}
