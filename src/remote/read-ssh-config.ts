import { glob, readFile } from 'node:fs/promises';

const deepestInclude = 8;

/** The text of `~/.ssh/config` with the files it includes in place; empty where there is none or it can't be read. */
export async function readSshConfig(home: string): Promise<string> {
  return readWithIncludes(`${home}/.ssh/config`, home, 0);
}

async function readWithIncludes(path: string, home: string, depth: number): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const lines = await Promise.all(
    text.split('\n').map(async (line) => {
      const patterns = /^\s*include\s+(.*?)\s*$/i.exec(line)?.[1];
      if (patterns === undefined) return line;
      if (depth >= deepestInclude) return '';
      return includeFiles(patterns.split(/\s+/), home, depth);
    }),
  );
  return lines.join('\n');
}

async function includeFiles(patterns: string[], home: string, depth: number): Promise<string> {
  const texts: string[] = [];
  for (const pattern of patterns) {
    const expanded = pattern.replace(/^~(?=\/)/, home);
    const absolute = expanded.startsWith('/') ? expanded : `${home}/.ssh/${expanded}`;
    const paths: string[] = [];
    for await (const path of glob(absolute)) paths.push(path);
    for (const path of paths.sort()) texts.push(await readWithIncludes(path, home, depth + 1));
  }
  return texts.join('\n');
}
