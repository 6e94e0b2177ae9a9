/** A command line as words, by the rules of a POSIX shell without expansion. Source: github.com/google/shlex, its README. */

const blank = /[ \t\r\n]/;

/** The words, or what is wrong with the line. A `#` at the start of a word begins a comment. */
export function splitCommand(line: string): string[] | { message: string } {
  const words: string[] = [];
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  for (let index = 0; index < line.length; index++) {
    const char = line[index] as string;
    if (char === '\\' && quote !== "'") {
      if (++index === line.length)
        return { message: 'the command ends with a backslash that escapes nothing' };
      word = (word ?? '') + line[index];
    } else if (quote) {
      if (char === quote) quote = undefined;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (blank.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === '#' && word === undefined) {
      const end = line.indexOf('\n', index);
      index = end < 0 ? line.length : end;
    } else word = (word ?? '') + char;
  }
  if (quote) return { message: `the command has no closing ${quote}` };
  if (word !== undefined) words.push(word);
  return words;
}
