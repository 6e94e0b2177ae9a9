/** Lets the user's editor change a text that must not reach a disk. */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../errors.ts';
import { createMemoryFolder } from './memory-folder.ts';
import { dropIdentities } from './resolve-source.ts';

/** Keeps vim from writing what it edits elsewhere: swap, undo and backup files, and the registers in viminfo. */
const quietVim = ['-n', '-i', 'NONE', '--cmd', 'set noundofile nobackup nowritebackup'];

/** A session with one text. Ends, when disposed of, with nothing of it left. */
export interface EditorSession extends Disposable {
  /** Shows a text and gives back what it was changed to. */
  edit(text: string): Promise<string>;
}

/** `$VISUAL`, `$EDITOR` or vi, with its arguments parted at blanks; it runs without a shell and without identities. */
export async function openEditor(env: NodeJS.ProcessEnv): Promise<EditorSession> {
  const folder = await createMemoryFolder(env);
  const path = join(folder.path, 'secrets.yml');
  const [program = 'vi', ...args] = (env['VISUAL'] || env['EDITOR'] || 'vi').trim().split(/\s+/);
  const quiet = /^(n?vim|vimx)$/.test(basename(program)) ? quietVim : [];
  return {
    edit: async (text) => {
      await writeFile(path, text, { mode: 0o600 });
      // TMPDIR, too: editors put copies there
      await run(program, [...args, ...quiet, path], { ...dropIdentities(env), TMPDIR: folder.path });
      return readFile(path, 'utf8');
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const endings = ['SIGTERM', 'SIGHUP'] as const;

/** How long an editor that is told to end may take before it is ended. */
const patienceMs = 1_000;

function run(program: string, args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const fail = (how: string, next = 'open it again'): UserError =>
    new UserError(`nothing was changed: the editor ${program} ${how}`, { next });
  return new Promise((done, failed) => {
    // Ctrl-C is the editor's own affair; but a terminal that is closed, or a logout, must not leave the plain text there
    const end = (signal: NodeJS.Signals): void => {
      child.kill(signal);
      setTimeout(() => child.kill('SIGKILL'), patienceMs).unref();
    };
    const unwatch = (): void => {
      for (const signal of endings) process.off(signal, end);
    };
    // before there is an editor: what it starts may end us before we are told that it runs
    for (const signal of endings) process.on(signal, end);
    const child = spawn(program, args, { stdio: 'inherit', env });
    child.on('error', () => {
      unwatch();
      failed(
        fail(
          'could not be started',
          'set EDITOR to a program that waits until the file is closed, such as vim, nano or "code --wait"',
        ),
      );
    });
    child.on('close', (code, signal) => {
      unwatch();
      if (code === 0) done();
      else failed(fail(signal ? `was ended by ${signal}` : `ended with code ${code}`));
    });
  });
}
