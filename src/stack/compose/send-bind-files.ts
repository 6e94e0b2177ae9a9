/**
 * Files that a bind mount names beside the compose file. No node has them, so `docker stack deploy` of such a service
 * sees its tasks rejected; as configs and secrets they get there, are replaced when they change, and go with the stack.
 * Pure.
 */
import path from 'node:path';
import { largestBytes } from '../engine-rules.ts';
import {
  type ComposeFileObject,
  type ComposeFileReference,
  type ComposeMount,
  type ComposeStack,
  newRecord,
} from './compose-types.ts';
import type { FileContent } from './decode-context.ts';
import { isAbsoluteAnywhere, parseMountSpec } from './parse-volume.ts';
import { isMap, type YamlValue } from './yaml-value.ts';

/** What becomes of a file that a read-only bind mount names: what it is deployed as, or why it stays a mount. */
export type BindFate =
  | { as: 'configs' }
  /** `why` it is none that everybody who may ask the swarm should read. */
  | { as: 'secrets'; why: string }
  | { stays: string };

/**
 * The stack with a config, or a secret, in place of each read-only bind mount of a file beside the compose file, and
 * what becomes of each path that such a mount names. Folders, empty and large files and what isn't there stay bind
 * mounts, as do mounts that may be written to.
 *
 * @param folder that relative paths start from.
 */
export function sendBindFiles(
  compose: ComposeStack,
  folder: string,
  readFile: (path: string) => FileContent,
): { compose: ComposeStack; fates: ReadonlyMap<string, BindFate> } {
  const objects = { configs: copyRecord(compose.configs), secrets: copyRecord(compose.secrets) };
  const fates = new Map<string, BindFate>();
  const keys = new Map<string, string>();
  const send = ({ source, target }: ComposeMount, section: 'configs' | 'secrets'): ComposeFileReference => {
    const key = keys.get(source) ?? chooseKey(path.relative(folder, source), objects[section]);
    keys.set(source, key);
    objects[section][key] ??= { name: '', external: false, file: source, driver: '', templateDriver: '' };
    // what a script needs; whether it may be run can't be told from its content
    return { source: key, target, uid: '', gid: '', mode: 0o555 };
  };
  const services = newRecord<ComposeStack['services'][string]>();
  for (const [name, service] of Object.entries(compose.services)) {
    const sent = { configs: [...(service.configs ?? [])], secrets: [...(service.secrets ?? [])] };
    const staying: ComposeMount[] = [];
    for (const mount of service.mounts ?? []) {
      const fate = isOffered(mount) ? judgeFile(mount.source, folder, readFile) : undefined;
      if (fate) fates.set(mount.source, fate);
      if (fate && 'as' in fate) sent[fate.as].push(send(mount, fate.as));
      else staying.push(mount);
    }
    services[name] =
      staying.length === (service.mounts ?? []).length ? service : { ...service, mounts: staying, ...sent };
  }
  return { compose: { ...compose, services, ...objects }, fates };
}

function copyRecord(record: Record<string, ComposeFileObject>): Record<string, ComposeFileObject> {
  return Object.assign(newRecord<ComposeFileObject>(), record);
}

/** The engine refuses a mount whose target is relative; a config would be put somewhere. */
function isOffered({ type, isBeside, readOnly, target }: ComposeMount): boolean {
  return type === 'bind' && isBeside === true && readOnly && target.startsWith('/');
}

function judgeFile(file: string, folder: string, readFile: (path: string) => FileContent): BindFate {
  const read = readFile(file);
  if ('failure' in read) return { stays: read.failure };
  const { length } = read.content;
  if (length === 0) return { stays: 'it is empty' };
  const why = findPrivacy(path.relative(folder, file), read);
  const as = why === undefined ? 'configs' : 'secrets';
  if (length >= largestBytes[as]) return { stays: `it is too large for a ${as.slice(0, -1)}` };
  return why === undefined ? { as: 'configs' } : { as: 'secrets', why };
}

const privateName =
  /secret|passw|credential|(?:^|[/\\])\.(?:env|netrc|pgpass|htpasswd)(?:\.[^/\\]*)?$|(?:^|[/\\])id_(?:rsa|dsa|ecdsa|ed25519)$|\.(?:key|p12|pfx|jks|keystore)$/i;
const privateKey = /^-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----/m;

/** Why a file is not for everybody: whoever may ask the swarm can read a config, and nobody a secret. */
function findPrivacy(
  relative: string,
  { content, isPrivate }: Extract<FileContent, { content: Uint8Array }>,
): string | undefined {
  if (isPrivate) return 'not everybody may read it here';
  if (privateKey.test(Buffer.from(content).toString('latin1'))) return 'it holds a private key';
  return privateName.test(relative) ? 'it is named like something secret' : undefined;
}

/** What is left of 64 letters, the engine's limit, beside the stack's name and a version. */
const longestKey = 32;

/** `minio/init-minio.sh` as the key of a config: `minio-init-minio.sh`, with a number where the file has that one. */
function chooseKey(relative: string, taken: Record<string, unknown>): string {
  const words = relative.replaceAll(/[^A-Za-z0-9_.]+/g, '-').slice(-longestKey);
  const key = words.replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '') || 'file';
  let unique = key;
  for (let number = 2; Object.hasOwn(taken, unique); number++) unique = `${key}-${number}`;
  return unique;
}

/** A bind mount as it is written, if its source is relative to the compose file or to a home folder. */
export function readRelativeBind(volume: YamlValue): { source: string; readOnly: boolean } | undefined {
  const bind = typeof volume === 'string' ? readShortBind(volume) : readLongBind(volume);
  return bind === undefined || bind.source === '' || isAbsoluteAnywhere(bind.source) ? undefined : bind;
}

function readShortBind(volume: string): { source: string; readOnly: boolean } | undefined {
  const parsed = parseMountSpec(volume);
  return typeof parsed === 'string' || parsed.mount.type !== 'bind' ? undefined : parsed.mount;
}

function readLongBind(volume: YamlValue): { source: string; readOnly: boolean } | undefined {
  if (!isMap(volume) || volume.type !== 'bind' || typeof volume.source !== 'string') return undefined;
  return { source: volume.source, readOnly: volume.read_only === true };
}
