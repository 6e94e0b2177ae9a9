/** Reads the answer of the observe script; pure. */
import { parseBaseline } from './baseline.ts';
import type {
  FeatureState,
  FolderState,
  HostFile,
  HostState,
  OperatingSystem,
  ServiceState,
} from './host-state.ts';
import { readText } from './host-state.ts';
import { baselinePath, broughtPath } from './paths.ts';

/** Our own clock around the run of the script, milliseconds since 1970. */
export interface Timing {
  startedAtMs: number;
  endedAtMs: number;
}

/** One line of the answer: its words, and its value decoded. */
interface Entry {
  words: string[];
  base64: string;
  value: string;
}

/** A host's state from what the observe script printed; what the script didn't say counts as not there. */
export function parseHost(output: string, timing: Timing): HostState {
  const entries = output.split('\n').filter(Boolean).map(parseEntry);
  const all = (key: string): Entry[] => entries.filter((entry) => entry.words[0] === key);
  const text = (key: string): string => all(key)[0]?.value.trim() ?? '';
  const lines = (key: string): string[] => text(key).split('\n').filter(Boolean);
  const has = (key: string): boolean => all(key).length > 0;

  const files = Object.fromEntries(all('file').map(parseFile));
  const baseline = parseBaseline(readText(files[baselinePath]) ?? '');
  const container = text('container');
  return {
    kind: 'reached',
    system: parseOsRelease(text('os-release')),
    architecture: text('architecture'),
    systemd: has('systemd'),
    ...(container === '' || container === 'none' ? {} : { container }),
    packages: parsePackages(lines('packages'), text('architecture')),
    dpkgInterrupted: lines('dpkg-updates').length > 0,
    hostname: text('hostname'),
    files,
    sysctl: Object.fromEntries(lines('sysctl').map(parseSysctl)),
    services: parseServices(text('services')),
    ...(has('engine-environment') ? { engineEnvironment: lines('engine-environment') } : {}),
    kernel: parseKernel(lines('modules'), lines('kernel-config'), text('filesystems') !== ''),
    apparmor: text('apparmor') === 'Y',
    folders: Object.fromEntries(lines('folders').map(parseFolder)),
    clock: compareClocks(
      all('clock').map(({ value }) => Number(value)),
      timing,
    ),
    ...(baseline ? { baseline } : {}),
    brought: (readText(files[broughtPath]) ?? '').split('\n').filter(Boolean),
    ...(has('users') ? { accounts: { users: lines('users'), groups: lines('groups') } } : {}),
    ...(text('forward-policy') === '' ? {} : { forwardPolicy: text('forward-policy').split(' ').at(-1)! }),
  };
}

function parseEntry(line: string): Entry {
  const words = line.split(' ');
  const base64 = words.pop()!;
  return { words, base64, value: Buffer.from(base64, 'base64').toString('utf8') };
}

function parseFile({ words, base64 }: Entry): [string, HostFile] {
  const [, path = '', mode = '644', owner = 'root:root'] = words;
  return [path, { mode, owner, base64 }];
}

function parseFolder(line: string): [string, FolderState] {
  const [path = '', state] = line.split(' ');
  return [path, state as FolderState];
}

/** `/proc/sys/net/core/somaxconn:4096` of grep; tabs between several values become spaces. */
function parseSysctl(line: string): [string, string] {
  const [path = '', value = ''] = line.split(':');
  return [path.replace('/proc/sys/', '').replaceAll('/', '.'), value.trim().replaceAll(/\s+/g, ' ')];
}

/** `ID`, `VERSION_ID` and `PRETTY_NAME` of an os-release file, quotes taken off. */
export function parseOsRelease(text: string): OperatingSystem {
  const read = (key: string): string => {
    const match = new RegExp(`^${key}=(.*)$`, 'm').exec(text);
    return (match?.[1] ?? '').trim().replace(/^(["'])(.*)\1$/, '$2');
  };
  return { id: read('ID'), version: read('VERSION_ID'), name: read('PRETTY_NAME') };
}

// dpkg names a package that may be there for several architectures `libc6:amd64`, where apt says `libc6`.
function parsePackages(lines: string[], architecture: string): Record<string, string> {
  const entries = lines.map((line): [string, string] => {
    const [status = '', name = ''] = line.split(' ');
    return [name.endsWith(`:${architecture}`) ? name.slice(0, -architecture.length - 1) : name, status];
  });
  return Object.fromEntries(entries);
}

/** Units of `systemctl show`: blocks of `Key=value` with an empty line between. */
function parseServices(text: string): Record<string, ServiceState> {
  const blocks = text.split('\n\n').map((block) => {
    const pairs = block.split('\n').map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)] as const;
    });
    return Object.fromEntries(pairs) as Record<string, string>;
  });
  return Object.fromEntries(
    blocks
      .filter((unit) => unit['Id'])
      .map((unit) => [
        unit['Id']!,
        {
          load: unit['LoadState'] ?? '',
          active: unit['ActiveState'] ?? '',
          enabled: unit['UnitFileState'] ?? '',
        },
      ]),
  );
}

function parseKernel(modules: string[], config: string[], overlay: boolean): HostState['kernel'] {
  const read = (module: string, option: string): FeatureState => {
    if (modules.includes(module) || config.includes(`${option}=y`)) return 'present';
    // Built as a module that isn't loaded and that modprobe doesn't find: nothing here can load it.
    return config.length > 0 ? 'missing' : 'unknown';
  };
  return {
    ipvs: read('ip_vs', 'CONFIG_IP_VS'),
    overlay: overlay ? 'present' : read('overlay', 'CONFIG_OVERLAY_FS'),
    vxlan: read('vxlan', 'CONFIG_VXLAN'),
  };
}

/**
 * How far a host's clock is from ours. What it said first can't have been before our start, what it said last not after
 * our end: half of what lies between is uncertain, which is the way there and back where it was asked at both ends.
 */
export function compareClocks(hostMs: number[], { startedAtMs, endedAtMs }: Timing): HostState['clock'] {
  const mostMs = (hostMs[0] ?? 0) - startedAtMs;
  const leastMs = (hostMs.at(-1) ?? 0) - endedAtMs;
  return {
    offsetMs: Math.round((mostMs + leastMs) / 2),
    // One that runs fast counts more time than passed here.
    uncertaintyMs: Math.max(0, Math.ceil((mostMs - leastMs) / 2)),
  };
}
