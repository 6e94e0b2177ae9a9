import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { extract } from 'tar-stream';
import { afterEach, describe, expect, test } from 'vitest';
import { digestContext, listContext, packContext } from '../../src/images/build-context.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A folder with files; a content that starts with `->` makes a symlink. */
async function makeContext(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kawanan-context-'));
  folders.push(folder);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    if (content.startsWith('->')) await symlink(content.slice(2), join(folder, path));
    else await writeFile(join(folder, path), content);
  }
  return folder;
}

async function listTar(folder: string, dockerfile = 'Dockerfile'): Promise<string[]> {
  const lines: string[] = [];
  const tar = packContext(folder, await listContext(folder, dockerfile)).pipe(extract());
  for await (const entry of tar) {
    const { name, mode, type, uid, gid, mtime, linkname } = entry.header;
    let content = '';
    for await (const chunk of entry) content += (chunk as Buffer).toString('latin1');
    const shown = content.length > 20 ? `${content.length} bytes` : content;
    const fixed = uid === 0 && gid === 0 && mtime?.getTime() === 0;
    lines.push([type, name, mode?.toString(8), linkname ?? shown, fixed ? '' : 'not fixed'].join(' ').trim());
  }
  return lines;
}

const digest = async (folder: string): Promise<string> =>
  digestContext(folder, await listContext(folder, 'Dockerfile'));

describe('a build context', () => {
  test('holds files, folders and links in order, without times and owners', async () => {
    const folder = await makeContext({
      Dockerfile: 'FROM a',
      'b/run.sh': 'run',
      'b/link': '->../Dockerfile',
      'a.txt': 'a',
      'big.bin': 'x'.repeat(700_000),
      'empty/.gitkeep': '',
    });
    await chmod(join(folder, 'b/run.sh'), 0o700);
    await chmod(join(folder, 'a.txt'), 0o600);
    expect(await listTar(folder)).toEqual([
      'file Dockerfile 644 FROM a',
      'file a.txt 644 a',
      'directory b 755',
      'symlink b/link 777 ../Dockerfile',
      'file b/run.sh 755 run',
      'file big.bin 644 700000 bytes',
      'directory empty 755',
      'file empty/.gitkeep 644',
    ]);
  });

  test('leaves out what .dockerignore says, but never the Dockerfile', async () => {
    const folder = await makeContext({
      '.dockerignore': '*\n!src/**/*.py\n',
      'docker/Dockerfile': 'FROM a',
      'docker/other': 'x',
      'src/a.py': 'a',
      'src/a.pyc': 'x',
      'src/deep/b.py': 'b',
      'none/x': 'x',
    });
    expect(await listTar(folder, 'docker/Dockerfile')).toEqual([
      'file .dockerignore 644 *\n!src/**/*.py',
      'directory docker 755',
      'file docker/Dockerfile 644 FROM a',
      'directory src 755',
      'file src/a.py 644 a',
      'directory src/deep 755',
      'file src/deep/b.py 644 b',
    ]);
  });

  test('has the same digest elsewhere, later, and with other modes of the same meaning', async () => {
    const files = { Dockerfile: 'FROM a', 'b/c': 'content' };
    const [one, other] = [await makeContext(files), await makeContext(files)];
    await utimes(join(other, 'b/c'), 1, 1);
    await chmod(join(other, 'b/c'), 0o600);
    expect(await digest(one)).toBe(await digest(other));
  });

  test.each<[string, (folder: string) => Promise<void>]>([
    ['a content', (folder) => writeFile(join(folder, 'b/c'), 'Content')],
    ['a name', (folder) => writeFile(join(folder, 'b/d'), '')],
    ['the right to execute', (folder) => chmod(join(folder, 'b/c'), 0o755)],
  ])('has another digest when %s changes', async (_, change) => {
    const folder = await makeContext({ Dockerfile: 'FROM a', 'b/c': 'content' });
    const before = await digest(folder);
    await change(folder);
    expect(await digest(folder)).not.toBe(before);
  });

  test('keeps its digest when an ignored file changes', async () => {
    const folder = await makeContext({ Dockerfile: 'FROM a', '.dockerignore': 'log', log: '1' });
    const before = await digest(folder);
    await writeFile(join(folder, 'log'), '2');
    expect(await digest(folder)).toBe(before);
  });
});
