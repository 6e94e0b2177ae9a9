/**
 * An image archive (`docker save`) looked at without reading its layers: which image it holds, and whether it is
 * whole. Only the headers and the small files are read, so a look costs milliseconds whatever the size.
 */
import { type FileHandle, open } from 'node:fs/promises';

export interface ArchiveFacts {
  /** `sha256:…` of the image's configuration: its ID in an engine with the classic image store. */
  imageId: string;
  /** Names it is loaded under. */
  references: string[];
  labels: Record<string, string>;
  /** As the Engine API spells it, e.g. `amd64`. */
  architecture: string;
  /** `sha256:…` of each uncompressed layer, lowest first, and the file in the archive that holds it. */
  layers: { diffId: string; file: string }[];
}

/**
 * Reads the facts of an archive of exactly one image.
 *
 * @throws Error saying in what way the file isn't a whole archive of one image.
 */
export async function readArchive(path: string): Promise<ArchiveFacts> {
  const file = await open(path, 'r');
  try {
    const members = await listMembers(file);
    const manifest = JSON.parse((await readMember(file, members, 'manifest.json')).toString('utf8'));
    if (!Array.isArray(manifest) || manifest.length !== 1)
      throw new Error(`it holds not one image but ${Array.isArray(manifest) ? manifest.length : 'none'}`);
    const { Config, Layers, RepoTags } = manifest[0];
    const config = JSON.parse((await readMember(file, members, String(Config))).toString('utf8'));
    const digits = /[0-9a-f]{64}/.exec(String(Config))?.[0];
    if (digits === undefined) throw new Error('its configuration has no digest');
    const diffIds: string[] = config.rootfs?.diff_ids ?? [];
    const files: string[] = Layers ?? [];
    const missing = files.find((name) => !members.has(name));
    if (missing !== undefined || files.length !== diffIds.length) throw new Error('a layer is missing in it');
    return {
      imageId: `sha256:${digits}`,
      references: RepoTags ?? [],
      labels: config.config?.Labels ?? {},
      architecture: String(config.architecture ?? ''),
      layers: diffIds.map((diffId, index) => ({ diffId, file: files[index]! })),
    };
  } finally {
    await file.close();
  }
}

interface Member {
  /** Offset of the content in the file. */
  offset: number;
  size: number;
}

const blockBytes = 512;

async function listMembers(file: FileHandle): Promise<Map<string, Member>> {
  const { size: total } = await file.stat();
  const members = new Map<string, Member>();
  let offset = 0;
  let longName: string | undefined;
  for (;;) {
    const header = await readExactly(file, offset, blockBytes);
    if (header.every((byte) => byte === 0)) return members;
    const size = readNumber(header.subarray(124, 136));
    const type = String.fromCharCode(header[156]!);
    const content = offset + blockBytes;
    const end = content + Math.ceil(size / blockBytes) * blockBytes;
    // the two empty blocks at the end are written last: a file cut short shows itself here
    if (end + blockBytes > total) throw new Error('it ends too early');
    if (type === 'x') longName = readPaxPath(await readExactly(file, content, size)) ?? longName;
    else if (type === 'L') longName = readText(await readExactly(file, content, size));
    else if (type !== 'g') {
      const prefix = readText(header.subarray(345, 500));
      const short = readText(header.subarray(0, 100));
      const isUstar = header.subarray(257, 262).toString('latin1') === 'ustar';
      const name = longName ?? (isUstar && prefix !== '' ? `${prefix}/${short}` : short);
      members.set(name.replace(/^\.\//, ''), { offset: content, size });
      longName = undefined;
    }
    offset = end;
  }
}

async function readMember(file: FileHandle, members: Map<string, Member>, name: string): Promise<Buffer> {
  const member = members.get(name);
  if (!member) throw new Error(`it has no ${name}`);
  if (member.size > largestJsonBytes) throw new Error(`${name} in it is too large`);
  return readExactly(file, member.offset, member.size);
}

const largestJsonBytes = 4 * 1024 * 1024;

async function readExactly(file: FileHandle, offset: number, size: number): Promise<Buffer> {
  const buffer = Buffer.alloc(size);
  const { bytesRead } = await file.read(buffer, 0, size, offset);
  if (bytesRead < size) throw new Error('it ends too early');
  return buffer;
}

function readText(field: Buffer): string {
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? field.length : end).toString('utf8');
}

/** Octal digits, or GNU's base 256 for what they can't hold. */
function readNumber(field: Buffer): number {
  if ((field[0]! & 0x80) === 0) {
    const value = Number.parseInt(readText(field).trim() || '0', 8);
    if (Number.isNaN(value)) throw new Error('it is not a tar archive');
    return value;
  }
  return Number(BigInt(`0x${field.subarray(1).toString('hex')}`));
}

function readPaxPath(records: Buffer): string | undefined {
  return /^\d+ path=(.*)$/m.exec(records.toString('utf8'))?.[1];
}
