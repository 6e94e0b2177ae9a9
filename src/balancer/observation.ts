/** What is on a balancer, and how the answer of the observing script reads. No I/O here. */
import type { EngineName } from '../cluster/engine-name.ts';
import { UserError } from '../errors.ts';
import type { Jitter } from './keepalived/judge-jitter.ts';
import { parseNginxDigest, readNginxDigestScript } from './nginx/running-digest.ts';

export interface UnitState {
  /** `active`, `inactive`, `failed`, `activating` …; as systemd says. */
  active: string;
  /** `enabled`, `disabled`, …; empty when there is no such unit. */
  enabled: string;
  /** The unit's files changed since systemd read them. */
  stale: boolean;
}

/** One balancer as it is. */
export interface BalancerHost {
  node: string;
  /** e.g. `2.6.12-1+deb12u4`; absent when HAProxy isn't installed. */
  haproxyVersion?: string;
  /** e.g. `1.22.1`; absent when NGINX isn't installed. */
  nginxVersion?: string;
  keepalivedVersion?: string;
  hasNft: boolean;
  /** The interface that carries the node's address; absent when none does. */
  interfaceName?: string;
  /** Every IPv4 address that the host answers for on a network; what it has on loopback only is nobody else's concern. */
  addresses: string[];
  /** Path → content, of the files that exist. */
  files: Record<string, string>;
  /** Path → `mode owner` (`600 root`) of the private keys in the engines' folders, which are never read. */
  keys: Record<string, string>;
  units: Record<string, UnitState>;
  /** Digest of the configuration that an engine says it runs; absent when it doesn't answer or runs another's. */
  running: Partial<Record<EngineName, string>>;
  /** How late processes are woken; measured only before `failover: fast` is put there. */
  jitter?: Jitter;
  /** Our table as `nft` lists it; absent when there is none. */
  nftTable?: string;
}

/** Prints one `kind name base64` line per thing it found; arguments: unit names, `--`, folders, `--`, file paths. Runs as root. */
export const observeScript = `
say() { printf '%s %s ' "$1" "$2"; base64 -w0; echo; }
units=
while [ $# -gt 0 ] && [ "$1" != -- ]; do units="$units $1"; shift; done
[ $# -gt 0 ] && shift
folders=
while [ $# -gt 0 ] && [ "$1" != -- ]; do folders="$folders $1"; shift; done
[ $# -gt 0 ] && shift
command -v haproxy >/dev/null 2>&1 && haproxy -v 2>&1 | say tool haproxy
command -v nginx >/dev/null 2>&1 && {
  nginx -v 2>&1 | say tool nginx
  ${readNginxDigestScript} 2>/dev/null | say tool nginx-running
}
command -v keepalived >/dev/null 2>&1 && keepalived --version 2>&1 | say tool keepalived
command -v nft >/dev/null 2>&1 && { echo yes | say tool nft; nft list table ip kawanan 2>/dev/null | say tool nft-table; }
ip -j -4 address show | say tool addresses
systemctl show -p Id -p ActiveState -p UnitFileState -p NeedDaemonReload $units | say tool units
for file in "$@"; do
  [ -f "$file" ] && say file "$file" < "$file"
done
for folder in $folders; do
  for file in "$folder"/*; do
    [ -f "$file" ] || continue
    case $file in
      *.key) stat -c '%a %U' "$file" | say key "$file" ;;
      *) say file "$file" < "$file" ;;
    esac
  done
done
exit 0
`;

/** Reads the script's output. Throws `UserError` when a line isn't what the script prints. */
export function parseObservation(output: string, node: { name: string; address: string }): BalancerHost {
  const found = new Map<string, string>();
  const files: Record<string, string> = {};
  const keys: Record<string, string> = {};
  for (const line of output.split('\n').filter((one) => one !== '')) {
    const match = /^(tool|file|key) (\S+) ([A-Za-z0-9+/=]*)$/.exec(line);
    if (!match)
      throw new UserError(`the host's answer can't be read: ${JSON.stringify(line.slice(0, 120))}`, {
        place: { host: node.name },
        next: "does the root user's shell print something at login? It must be silent",
      });
    const [, kind, name = '', encoded = ''] = match;
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    if (kind === 'file') files[name] = text;
    else if (kind === 'key') keys[name] = text.trim();
    else found.set(name, text);
  }
  const interfaces = parseAddresses(found.get('addresses') ?? '[]');
  const haproxyVersion = /version (\S+)/i.exec(found.get('haproxy') ?? '')?.[1];
  const nginxVersion = /nginx\/(\S+)/.exec(found.get('nginx') ?? '')?.[1];
  const nginxDigest = parseNginxDigest(found.get('nginx-running') ?? '');
  const keepalivedVersion = /Keepalived v(\S+)/.exec(found.get('keepalived') ?? '')?.[1];
  const interfaceName = interfaces.find((one) => one.address === node.address)?.interfaceName;
  const nftTable = found.get('nft-table');
  return {
    node: node.name,
    ...(haproxyVersion !== undefined && { haproxyVersion }),
    ...(nginxVersion !== undefined && { nginxVersion }),
    ...(keepalivedVersion !== undefined && { keepalivedVersion }),
    hasNft: found.has('nft'),
    ...(interfaceName !== undefined && { interfaceName }),
    addresses: interfaces.filter((one) => one.interfaceName !== 'lo').map((one) => one.address),
    files,
    keys,
    units: parseUnits(found.get('units') ?? ''),
    running: nginxDigest === undefined ? {} : { nginx: nginxDigest },
    ...(nftTable && { nftTable }),
  };
}

/** One paragraph a unit, as `systemctl show` prints several. */
function parseUnits(text: string): Record<string, UnitState> {
  const paragraphs = text.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== '');
  return Object.fromEntries(
    paragraphs.map((paragraph) => {
      const lines = paragraph.split('\n');
      const values = new Map(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
      return [
        values.get('Id') ?? '',
        {
          active: values.get('ActiveState') ?? '',
          enabled: values.get('UnitFileState') ?? '',
          stale: values.get('NeedDaemonReload') === 'yes',
        },
      ];
    }),
  );
}

/** The IPv4 addresses of `ip -j address show`, each with the interface it is on. */
export function parseAddresses(json: string): { interfaceName: string; address: string }[] {
  const links = JSON.parse(json || '[]') as {
    ifname?: string;
    addr_info?: { family?: string; local?: string }[];
  }[];
  return links.flatMap((link) =>
    (link.addr_info ?? [])
      .filter((info) => info.family === 'inet' && info.local !== undefined)
      .map((info) => ({ interfaceName: link.ifname ?? '', address: info.local! })),
  );
}
