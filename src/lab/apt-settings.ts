import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runLocal } from './run-local.ts';

/** How packages are fetched on this computer, carried over to the machines of the lab. */
export interface AptSettings {
  /** Where this computer gets Debian packages; absent: debootstrap's default. */
  mirror?: string;
  /** Lines of apt configuration: proxies, and leniency about dates where this computer has it. */
  configuration: string[];
  /** For programs that know the proxy only from their environment. */
  environment: Record<string, string>;
}

/** Settings whose value belongs to the way to the mirror and not to this computer alone. */
const carriedSettings =
  /^Acquire::(https?::Proxy(::.*)?|Check-Valid-Until|Check-Date|ForceIPv4|https?::Verify-Peer|https?::Verify-Host)$/i;

/** Picks what the machines need from the output of `apt-config dump`. */
export function pickAptConfiguration(dump: string): string[] {
  return dump.split('\n').filter((line) => carriedSettings.test(line.split(' ')[0]!) && !/ "";$/.test(line));
}

/** Variables that tell wget of the proxy apt uses. */
export function proxyEnvironment(configuration: string[]): Record<string, string> {
  const found = configuration.flatMap((line) => {
    const [, scheme, value] = /^Acquire::(https?)::Proxy "(.*)";$/i.exec(line) ?? [];
    return scheme && value && value !== 'DIRECT' ? [[`${scheme.toLowerCase()}_proxy`, value] as const] : [];
  });
  return Object.fromEntries(found);
}

/** The first Debian mirror for whole releases in files of `sources.list.d`, one-line or deb822. */
export function findMirror(files: string[]): string | undefined {
  return files.map(findMirrorInFile).find((mirror) => mirror !== undefined);
}

function findMirrorInFile(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  for (const line of lines) {
    const [, uri, suite, components] = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (uri && suite && isDebianSuite(suite) && components!.split(/\s+/).includes('main')) return uri;
  }
  for (const stanza of lines.join('\n').split(/\n\s*\n/)) {
    const field = (name: string): string[] =>
      (new RegExp(`^${name}:(.*)$`, 'im').exec(stanza)?.[1] ?? '').trim().split(/\s+/).filter(Boolean);
    const [uri] = field('URIs');
    const ours = field('Suites').some(isDebianSuite) && field('Components').includes('main');
    if (uri && ours && field('Types').includes('deb')) return uri;
  }
  return undefined;
}

function isDebianSuite(suite: string): boolean {
  return ['stable', 'oldstable', 'testing', 'trixie', 'bookworm'].includes(suite);
}

/** Reads how this computer fetches packages. */
export async function readAptSettings(): Promise<AptSettings> {
  const dir = '/etc/apt/sources.list.d';
  const names = (await readdir(dir).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name)).sort();
  const paths = ['/etc/apt/sources.list', ...names.map((name) => join(dir, name))];
  const files = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
  const configuration = pickAptConfiguration((await runLocal('apt-config', ['dump'])).stdout);
  const mirror = findMirror(files);
  return {
    ...(mirror === undefined ? {} : { mirror }),
    configuration,
    environment: proxyEnvironment(configuration),
  };
}
