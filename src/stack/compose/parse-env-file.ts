/** Environment files: one `NAME=VALUE` a line, taken as it stands, no quoting and no variables; `NAME` alone passes ours on. */

export interface EnvFileProblem {
  line: number;
  message: string;
}

/** The longest line the real command reads. */
const longestLine = 65_536;

/** Variables in their order; a name without `=` is null. */
export function parseEnvFile(bytes: Uint8Array): {
  variables: [string, string | null][];
  problems: EnvFileProblem[];
} {
  const variables: [string, string | null][] = [];
  const problems: EnvFileProblem[] = [];
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { variables, problems: [{ line: 1, message: 'the file is not UTF-8 text' }] };
  }
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    if (Buffer.byteLength(raw) >= longestLine) {
      problems.push({ line, message: `the line is longer than ${longestLine} bytes` });
      continue;
    }
    const entry = raw.replace(/\r$/, '').trimStart();
    if (entry === '' || entry.startsWith('#')) continue;
    const equals = entry.indexOf('=');
    const name = equals < 0 ? entry : entry.slice(0, equals);
    if (name === '') problems.push({ line, message: 'there is no name before the "="' });
    else if (/[ \t]/.test(name)) problems.push({ line, message: explainBlank(name) });
    else variables.push([name, equals < 0 ? null : entry.slice(equals + 1)]);
  }
  return { variables, problems };
}

function explainBlank(name: string): string {
  if (name.startsWith('export ')) return 'lines are NAME=VALUE: remove the word "export"';
  return `the name ${JSON.stringify(name)} has a blank in it`;
}
