/** Small image archives as `docker save` (25 and later) makes them. */
import { createHash } from 'node:crypto';
import { extract, pack } from 'tar-stream';

export interface MadeImage {
  references: string[];
  labels?: Record<string, string>;
  /** Contents of its layers, lowest first. */
  layers: string[];
  /** TCP ports of its EXPOSE; in an engine only. */
  exposedPorts?: number[];
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** `sha256:…` of a layer with that content. */
export const diffIdOf = (content: string): string => `sha256:${sha256(content)}`;

function configOf(image: MadeImage): string {
  return JSON.stringify({
    architecture: 'amd64',
    config: { Labels: image.labels ?? {} },
    rootfs: { diff_ids: image.layers.map(diffIdOf) },
  });
}

/** The ID under which an engine with the classic store knows an image. */
export const imageIdOf = (image: MadeImage): string => `sha256:${sha256(configOf(image))}`;

export async function makeArchive(image: MadeImage): Promise<Buffer> {
  const config = configOf(image);
  const blob = (content: string): string => `blobs/sha256/${sha256(content)}`;
  const manifest = [{ Config: blob(config), RepoTags: image.references, Layers: image.layers.map(blob) }];
  const tar = pack();
  tar.entry({ name: 'blobs/', type: 'directory' });
  for (const content of new Set([...image.layers, config])) tar.entry({ name: blob(content) }, content);
  tar.entry({ name: 'manifest.json' }, JSON.stringify(manifest));
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Names and contents of a tar. */
export async function readTar(stream: NodeJS.ReadableStream): Promise<Map<string, string>> {
  const members = new Map<string, string>();
  const reader = extract();
  stream.on('error', (error) => reader.destroy(error));
  for await (const entry of stream.pipe(reader)) {
    let content = '';
    for await (const chunk of entry) content += (chunk as Buffer).toString('latin1');
    members.set(entry.header.name, content);
  }
  return members;
}
