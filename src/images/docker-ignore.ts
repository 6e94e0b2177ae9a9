/**
 * `.dockerignore` as Docker reads it. Not gitignore: every pattern is rooted, `*` stops at a slash, `**` doesn't,
 * `!` takes back, the last match wins, and what lies in a matched folder is matched too.
 * Source: moby/patternmatcher, and "dockerignore file" in Docker's build documentation.
 */
interface Rule {
  pattern: RegExp;
  /** The pattern began with `!`. */
  keeps: boolean;
}

export interface IgnoreRules {
  /** Whether a file or folder, named from the context's root with slashes, stays out of the context. */
  ignores(path: string): boolean;
  /** There are `!` patterns, so that an ignored folder must be looked through. */
  hasExceptions: boolean;
}

/**
 * Reads the text of a `.dockerignore`.
 *
 * @throws Error naming the line whose pattern can't be read.
 */
export function parseDockerIgnore(text: string): IgnoreRules {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((line, index) => parseRule(line, index + 1));
  return {
    hasExceptions: rules.some((rule) => rule.keeps),
    ignores: (path) => {
      const parents = listParents(path);
      let ignored = false;
      for (const { pattern, keeps } of rules) {
        // a rule that would say what already holds needn't be tried
        if (keeps !== ignored) continue;
        if (pattern.test(path) || parents.some((parent) => pattern.test(parent))) ignored = !keeps;
      }
      return ignored;
    },
  };
}

function parseRule(line: string, lineNumber: number): Rule[] {
  if (line.startsWith('#')) return [];
  const trimmed = line.trim();
  if (trimmed === '') return [];
  const keeps = trimmed.startsWith('!');
  const pattern = cleanPath(keeps ? trimmed.slice(1).trim() : trimmed);
  if (pattern === undefined) throw new Error(`line ${lineNumber}: "!" alone is no pattern`);
  // `.` stands for the context itself, which every path lies in but none equals
  try {
    return [{ keeps, pattern: pattern === '.' ? /^(?!)/ : compilePattern(pattern) }];
  } catch {
    throw new Error(`line ${lineNumber}: ${JSON.stringify(trimmed)} is not a pattern`);
  }
}

/** Like Go's filepath.Clean, and without the leading slash; `undefined` for nothing. */
function cleanPath(pattern: string): string | undefined {
  if (pattern === '') return undefined;
  const parts: string[] = [];
  for (const part of pattern.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.length === 0 ? '.' : parts.join('/');
}

function listParents(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

function compilePattern(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (char === '*' && pattern[at + 1] === '*') {
      at++;
      if (pattern[at + 1] === '/') at++;
      // Docker compares `**name` as an ending when nothing else in it is special
      const ending = at === 1 && !/[*?[\\]/.test(pattern.slice(2));
      source += at + 1 >= pattern.length || (ending && pattern[at] !== '/') ? '.*' : '(?:.*/)?';
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '\\') {
      at++;
      if (at >= pattern.length) throw new Error('the pattern ends in a backslash');
      source += escapeLiteral(pattern[at]!);
    } else if (char === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end < 0) throw new Error('a bracket is not closed');
      source += `[${pattern.slice(at + 1, end).replaceAll('[', '\\[')}]`;
      at = end;
    } else source += escapeLiteral(char);
  }
  return new RegExp(`^${source}$`, 'su');
}

function escapeLiteral(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}
