/** What differs between two configuration files, line by line under the section they stand in. No I/O here. */
import type { FieldChange } from '../plan/change.ts';

interface Entry {
  /** `backend web.fastapi / server w1-fastapi`: section and first words; what two versions of a line share. */
  key: string;
  text: string;
}

/**
 * The settings added, removed and changed; comments, blank lines and the digest don't count.
 * Understands indentation (HAProxy, NGINX, keepalived, nft) and `[Section]` lines (systemd).
 */
export function diffConfig(before: string, after: string): FieldChange[] {
  const [old, fresh] = [listEntries(before), listEntries(after)];
  const gone = subtract(old, fresh);
  const changes: FieldChange[] = [];
  for (const entry of subtract(fresh, old)) {
    const index = gone.findIndex((one) => one.key === entry.key);
    const [partner] = index < 0 ? [] : gone.splice(index, 1);
    changes.push({ path: entry.key, ...(partner && { before: partner.text }), after: entry.text });
  }
  return [...gone.map((entry) => ({ path: entry.key, before: entry.text })), ...changes];
}

function subtract(from: Entry[], other: Entry[]): Entry[] {
  const left = other.map(identify);
  return from.filter((entry) => {
    const index = left.indexOf(identify(entry));
    if (index < 0) return true;
    left.splice(index, 1);
    return false;
  });
}

function identify({ key, text }: Entry): string {
  return `${key}\n${text}`;
}

function listEntries(text: string): Entry[] {
  const entries: Entry[] = [];
  const open: { indent: number; title: string }[] = [];
  for (const line of text.split('\n')) {
    // behind a setting NGINX's servers have their names
    const content = line
      .trim()
      .replace(/; # \S+$/, '')
      .replace(/\s*[{;]$/, '');
    if (
      content === '' ||
      content === '}' ||
      content.startsWith('#') ||
      /^(setenv KAWANAN_CONFIG_DIGEST |return 200 "digest )/.test(content)
    )
      continue;
    const indent = line.length - line.trimStart().length;
    while (open.length > 0 && open.at(-1)!.indent >= indent && !isSystemdSetting(open.at(-1)!.title, content))
      open.pop();
    const path = open.map((section) => section.title);
    open.push({ indent, title: content });
    entries.push({ key: [...path, nameLine(content)].join(' / '), text: stripDigest(content) });
    // a systemd setting opens nothing
    if (path.at(-1) !== undefined && isSystemdSetting(path.at(-1)!, content)) open.pop();
  }
  return entries;
}

/** Settings of a systemd unit stand at the same depth as their `[Section]`. */
function isSystemdSetting(section: string, content: string): boolean {
  return /^\[.+\]$/.test(section) && !/^\[.+\]$/.test(content);
}

/** The words by which a line is known when its value changes: `server NAME`, `option NAME`, `balance`, `Restart`. */
function nameLine(content: string): string {
  const [first = '', second = ''] = content.split(/[\s=]+/);
  const named =
    /^(server|option|acl|use_backend|timeout|frontend|backend|table|chain|track_file|upstream|location|listen|proxy_set_header|vrrp_\w+)$/.test(
      first,
    );
  return named && second !== '' ? `${first} ${second}` : first;
}

function stripDigest(content: string): string {
  return content.replace(/ comment "digest [0-9a-f]+"/, '');
}
