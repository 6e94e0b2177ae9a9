/** What a Dockerfile says about the images it starts from, and how it begins. Pure. */
export interface DockerfileFacts {
  /** Images of other making that it is built on, each once, in order: of FROM and `COPY --from`; no stages, no `scratch`. */
  bases: string[];
  /** Its instructions up to the first that reads the context: builds that share it share the engine's cache. */
  opening: string;
}

/** Reads a Dockerfile as the classic builder does; `args` are the build's own, which win over ARG defaults. */
export function readDockerfile(text: string, args: Record<string, string> = {}): DockerfileFacts {
  const variables: Record<string, string> = {};
  const stages = new Set<string>();
  const bases: string[] = [];
  const opening: string[] = [];
  let readsContext = false;
  let stageCount = 0;
  const addBase = (reference: string): void => {
    if (reference === 'scratch' || stages.has(reference.toLowerCase()) || bases.includes(reference)) return;
    bases.push(reference);
  };
  for (const { name, words } of listInstructions(text)) {
    if (name === 'COPY' || name === 'ADD') readsContext = true;
    if (!readsContext) opening.push([name, ...words].join(' '));
    if (name === 'ARG' && stageCount === 0) {
      for (const word of words) {
        const [key = '', fallback = ''] = splitOnce(word, '=');
        variables[key] = args[key] ?? substitute(stripQuotes(fallback), variables);
      }
    }
    if (name === 'FROM') {
      const [reference = '', as = '', alias] = words.filter((word) => !word.startsWith('--'));
      addBase(substitute(stripQuotes(reference), variables));
      if (as.toUpperCase() === 'AS' && alias !== undefined) stages.add(alias.toLowerCase());
      stages.add(String(stageCount));
      stageCount++;
    }
    if (name === 'COPY') {
      const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
      if (from !== undefined) addBase(from);
    }
  }
  return { bases, opening: opening.join('\n') };
}

function listInstructions(text: string): { name: string; words: string[] }[] {
  const escapeChar = /^#\s*escape\s*=\s*`/im.test(text.split('\n', 2).join('\n')) ? '`' : '\\';
  const joined: string[] = [];
  let open = '';
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    // comments and empty lines may stand between the lines of one instruction
    if (/^\s*(#|$)/.test(raw)) continue;
    const line = raw.trimEnd();
    if (line.endsWith(escapeChar)) open += `${line.slice(0, -1)} `;
    else {
      joined.push(open + line);
      open = '';
    }
  }
  if (open !== '') joined.push(open);
  return joined.map((line) => {
    const [name = '', ...words] = line.trim().split(/\s+/);
    return { name: name.toUpperCase(), words };
  });
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function stripQuotes(word: string): string {
  return /^(["']).*\1$/.test(word) ? word.slice(1, -1) : word;
}

/** `$NAME`, `${NAME}` and `${NAME:-default}`, all that FROM needs. */
function substitute(text: string, variables: Record<string, string>): string {
  return text.replace(
    /\$(?:\{([A-Za-z_]\w*)(?::-([^}]*))?\}|([A-Za-z_]\w*))/g,
    (_, braced: string | undefined, fallback: string | undefined, plain: string | undefined) =>
      variables[braced ?? plain ?? ''] || (fallback ?? ''),
  );
}
