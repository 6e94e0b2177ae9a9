/** Mounts in the short form: `/data`, `name:/data`, `./here:/there:ro,rslave`, `C:\here:D:\there`. */
import type { ComposeMount } from './compose-types.ts';

const propagations = new Set(['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave']);

export interface ParsedMount {
  mount: ComposeMount;
  /** Options that mean nothing to swarm and are dropped. */
  ignoredOptions: string[];
}

/** The mount a short entry stands for, or what is wrong with it. */
export function parseMountSpec(spec: string): ParsedMount | string {
  const made = newMount('volume');
  const parsed: ParsedMount = { mount: made, ignoredOptions: [] };
  if (spec === '') return 'it is empty';
  const letters = [...spec];
  if (Buffer.byteLength(spec) <= 2) {
    made.target = spec;
    return /^:+$/.test(spec) ? 'there is nothing around the colon' : parsed;
  }
  const sections = splitSections(letters);
  if (sections.some((section) => section === '')) return 'there is nothing between two colons';
  const options = assignSections(sections, made);
  if (options === undefined) return 'there are too many colons';
  for (const option of options) applyOption(option, parsed);
  made.type = made.source !== '' && isFilePath(made.source) ? 'bind' : 'volume';
  return parsed;
}

function newMount(type: string): ComposeMount {
  return { type, source: '', target: '', readOnly: false, consistency: '' };
}

/** Splits at colons, but not after a single letter that begins a section: that is a Windows drive. */
function splitSections(letters: string[]): string[] {
  const sections: string[] = [];
  let section = '';
  for (const letter of letters) {
    if (letter === ':' && !/^\p{L}$/u.test(section)) {
      sections.push(section);
      section = '';
    } else section += letter;
  }
  return [...sections, section];
}

/** Fills source and target; gives the options, or `undefined` when there is more than those three. */
function assignSections(sections: string[], made: ComposeMount): string[] | undefined {
  const [first = '', second, third] = sections;
  if (second === undefined) {
    made.target = first;
    return [];
  }
  made.source = first;
  made.target = second;
  return sections.length > 3 ? undefined : (third?.split(',') ?? []);
}

function applyOption(option: string, { mount, ignoredOptions }: ParsedMount): void {
  if (option === 'ro') mount.readOnly = true;
  else if (option === 'rw') mount.readOnly = false;
  else if (option === 'nocopy') mount.volume = { nocopy: true, subpath: '' };
  else if (propagations.has(option)) mount.bind = { propagation: option };
  else ignoredOptions.push(option);
}

function isFilePath(source: string): boolean {
  if (/^[./~]/.test(source)) return true;
  return source.startsWith('\\\\') || /^\p{L}:/u.test(source);
}

/** Whether a path is absolute on Unix or on Windows: such a source is left as it is. */
export function isAbsoluteAnywhere(path: string): boolean {
  return (
    path.startsWith('/') ||
    /^[a-zA-Z]:[\\/]/.test(path) ||
    /^\\\\[^\\/.][^\\/]*[\\/][^\\/.][^\\/]*[\\/]/.test(path)
  );
}
