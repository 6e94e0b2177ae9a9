/**
 * Files that a bind mount names beside the compose file. No node has them, so `docker stack deploy` of such a service
 * sees its tasks rejected; as configs they get there, are replaced when they change, and go with the stack. Pure.
 */
import path from 'node:path';
import {
  type ComposeFileReference,
  type ComposeMount,
  type ComposeStack,
  newRecord,
} from './compose-types.ts';
import type { FileContent } from './decode-context.ts';
import { isMap, type YamlValue } from './yaml-value.ts';

/**
 * The stack with a config in place of each read-only bind mount of a file beside the compose file, and the paths of
 * these files. Folders, empty files, what isn't there or may be written to stay bind mounts.
 *
 * @param folder that relative paths start from.
 */
export function sendBindFiles(
  compose: ComposeStack,
  folder: string,
  readFile: (path: string) => FileContent,
): { compose: ComposeStack; sent: ReadonlySet<string> } {
  const configs = Object.assign(newRecord<ComposeStack['configs'][string]>(), compose.configs);
  const keys = new Map<string, string>();
  const isSent = (mount: ComposeMount): boolean => {
    if (mount.type !== 'bind' || !mount.isBeside || !mount.readOnly) return false;
    const read = readFile(mount.source);
    return 'content' in read && read.content.length > 0;
  };
  const send = ({ source, target }: ComposeMount): ComposeFileReference => {
    const key = keys.get(source) ?? chooseKey(path.relative(folder, source), configs);
    keys.set(source, key);
    configs[key] ??= { name: '', external: false, file: source, driver: '', templateDriver: '' };
    // what a script needs; whether it may be run can't be told from its content
    return { source: key, target, uid: '', gid: '', mode: 0o555 };
  };
  const services = newRecord<ComposeStack['services'][string]>();
  for (const [name, service] of Object.entries(compose.services)) {
    const files = service.mounts?.filter(isSent) ?? [];
    services[name] =
      files.length === 0
        ? service
        : {
            ...service,
            mounts: service.mounts!.filter((mount) => !files.includes(mount)),
            configs: [...(service.configs ?? []), ...files.map(send)],
          };
  }
  return { compose: { ...compose, services, configs }, sent: new Set(keys.keys()) };
}

/** What is left of 64 letters, the engine's limit, beside the stack's name and a version. */
const longestKey = 32;

/** `minio/init-minio.sh` as the key of a config: `minio-init-minio.sh`, with a number where the file has that one. */
function chooseKey(relative: string, taken: ComposeStack['configs']): string {
  const words = relative.replaceAll(/[^A-Za-z0-9_.]+/g, '-').slice(-longestKey);
  const key = words.replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '') || 'file';
  let unique = key;
  for (let number = 2; Object.hasOwn(taken, unique); number++) unique = `${key}-${number}`;
  return unique;
}

/** The source of a bind mount as it is written, if it is relative to the compose file or to a home folder. */
export function readRelativeSource(volume: YamlValue): string | undefined {
  if (typeof volume === 'string') return /^((?:\.{1,2}|~)(?:[/\\][^:]*)?):/.exec(volume)?.[1];
  if (!isMap(volume) || volume.type !== 'bind' || typeof volume.source !== 'string') return undefined;
  return /^(?:[/\\]|[a-z]:[/\\])/i.test(volume.source) || volume.source === '' ? undefined : volume.source;
}
