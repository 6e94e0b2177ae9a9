import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { bridgeName, type Lab, type LabNode, linkName, nodeDir } from './lab.ts';
import { lastLines, runLocal } from './run-local.ts';
import { bootedLine, hardwareAddress, umlPlaces, umlWords } from './uml-files.ts';

// Enters the control groups, puts together what the kernel sees of this computer in namespaces of its own, and runs it.
// The shell stays as number 1 of its process namespace, and all ends with it: a kernel that panics ends by signals to
// itself, and number 1 would take none.
const enterScript = `set -eu
while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift
exec unshare --mount --propagation slave --pid --fork --kill-child "$@"`;

const kernelScript = `set -eu
lower=$1 root=$2 node=$3 image=$4; shift 4
mount --bind "$lower" "$root"
mount -o remount,bind,ro "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=0700,size=100% tmpfs "$root${umlPlaces.temporary}"
mount --bind "$node" "$root${umlPlaces.node}"
mount --bind "$image" "$root${umlPlaces.image}"
export TMPDIR=${umlPlaces.temporary}
chroot "$root" "$@"`;

export interface UmlBootOptions {
  lab: Lab;
  node: LabNode;
  /** The release's root file system: it has the libraries that its kernel was built for. */
  lowerDir: string;
  /** Folder with `linux.uml` and `disk.img`. */
  imageDir: string;
}

/** The words that start a machine with a kernel of its own. `groupFiles` are the `cgroup.procs` it enters. */
export function umlBootWords(options: UmlBootOptions, groupFiles: string[]): string[] {
  const { lab, node, lowerDir, imageDir } = options;
  const dir = nodeDir(lab, node);
  const link = linkName(lab, node);
  return [
    ...['sh', '-c', enterScript, 'sh', ...groupFiles, '--'],
    ...['sh', '-c', kernelScript, 'sh', lowerDir, join(dir, 'root'), dir, imageDir],
    ...umlWords({ link, hardwareAddress: hardwareAddress(lab.id, node) }),
  ];
}

/** The kernel keeps this computer's end of the cable open by its name: it must be there first. */
export async function plugTap(lab: Lab, node: LabNode): Promise<void> {
  const link = linkName(lab, node);
  await runLocal('ip', ['tuntap', 'add', 'dev', link, 'mode', 'tap']);
  await runLocal('ip', ['link', 'set', 'dev', link, 'master', bridgeName(lab), 'up']);
}

/** Whether the machine has said on its console, since it was last switched on, that everything has started. */
export async function saidBooted(consoleFile: string): Promise<boolean> {
  return (await readFile(consoleFile, 'utf8').catch(() => '')).includes(bootedLine);
}

/** The last lines a machine printed, without colours and without the addresses that a kernel adds when it gives up. */
export function lastWords(printed: string, count: number): string[] {
  const lines = stripVTControlCharacters(printed)
    .split('\n')
    .filter((line) => !/^ (\[<|[0-9a-f]{8} )/.test(line));
  return lastLines(lines.join('\n'), count);
}
