import type { Command, CommandResult } from './command.ts';
import type { WriteFileOptions } from './host.ts';

type Run = (command: Command) => Promise<CommandResult>;

// $1 path, $2 mode, $3 owner, $4 size, $5 `swap` or `stage`. Only what arrived whole is kept: when the connection breaks, `cat` ends early.
const stageScript = `set -eu
path=$1; dir=$(dirname -- "$path"); base=$(basename -- "$path")
mkdir -p -- "$dir"
rm -f -- "$dir/.$base.kawanan-"*
umask 077
new=$(mktemp -- "$dir/.$base.kawanan-XXXXXXXX")
trap 'rm -f -- "$new"' EXIT
chown -- "$3" "$new"
cat > "$new"
[ "$(wc -c < "$new")" -eq "$4" ] || { echo "only a part of $path arrived" >&2; exit 65; }
chmod -- "$2" "$new"
sync "$new"
if [ "$5" = swap ]; then mv -fT -- "$new" "$path"; sync "$dir"; fi
trap - EXIT
printf %s "$new"`;

// $1 new file, $2 path
const swapScript = `set -eu
mv -fT -- "$1" "$2"
sync "$(dirname -- "$2")"`;

const absentExitCode = 66;
const readScript = `if [ -e "$1" ]; then exec cat -- "$1"; else exit ${absentExitCode}; fi`;

/** Writes a whole file as root: staged beside the old one, checked, synced, swapped in. See `Host.writeFile`. */
export async function writeRemoteFile(
  run: Run,
  path: string,
  content: string | Uint8Array,
  options: WriteFileOptions,
): Promise<void> {
  const bytes = Buffer.from(content as string);
  const mode = (options.mode ?? 0o644).toString(8).padStart(4, '0');
  const { owner = 'root:root', check } = options;
  const stage = [stageScript, 'kawanan', path, mode, owner, String(bytes.length), check ? 'stage' : 'swap'];
  const title = `writing ${path}`;
  const staged = await run({ program: 'sh', args: ['-c', ...stage], title, stdin: bytes, asRoot: true });
  if (!check) return;
  const newPath = staged.stdout;
  try {
    await run(check(newPath));
  } catch (error) {
    await run({ program: 'rm', args: ['-f', '--', newPath], asRoot: true });
    throw error;
  }
  await run({ program: 'sh', args: ['-c', swapScript, 'kawanan', newPath, path], title, asRoot: true });
}

/** A file's text, read as root; `undefined` where there is none. */
export async function readRemoteFile(run: Run, path: string): Promise<string | undefined> {
  const result = await run({
    program: 'sh',
    args: ['-c', readScript, 'kawanan', path],
    title: `reading ${path}`,
    asRoot: true,
    accept: [0, absentExitCode],
  });
  return result.exitCode === absentExitCode ? undefined : result.stdout;
}

/** Removes a file as root; no error where there is none. */
export async function removeRemoteFile(run: Run, path: string): Promise<void> {
  await run({ program: 'rm', args: ['-f', '--', path], asRoot: true });
}
