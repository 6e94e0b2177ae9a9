/** Files and command line of a machine with a kernel of its own; pure. */

import type { LabNetwork, LabNode } from './lab.ts';
import type { NodeFile } from './node-files.ts';

/** Where the programs of User-Mode Linux see what they need; they run in the root file system of the release. */
export const umlPlaces = { node: '/mnt', image: '/srv', temporary: '/tmp' } as const;

/** What the machine prints on its console when systemd has started everything. */
export const bootedLine = 'kawanan-lab: booted';

/** Megabytes of memory the machine believes it has; this computer gives it only what it touches. */
const memoryMegabytes = 2048;

const networkFile = '/etc/lab/network';
const initFile = '/usr/local/sbin/lab-init';
const shutdownFile = '/usr/lib/systemd/system-shutdown/lab-network';
const bootedUnit = '/etc/systemd/system/lab-booted.service';

/** The words that start the kernel, in the root file system that holds its libraries. */
export function umlWords(options: { link: string; hardwareAddress: string }): string[] {
  const { node, image } = umlPlaces;
  return [
    `${image}/linux.uml`,
    `mem=${memoryMegabytes}M`,
    // A layer of its own over an image that all share; made by the kernel at the first start.
    ...[`ubd0=${node}/disk.cow,${image}/disk.img`, 'root=/dev/ubda', 'rootfstype=ext4', 'rw'],
    // The order of writes holds in this computer's cache, whatever becomes of the process: nothing to wait for.
    'rootflags=nobarrier,noinit_itable',
    `vec0:transport=tap,ifname=${options.link},depth=128,gro=1,mac=${options.hardwareAddress}`,
    // What it may see of this computer's files.
    `hostfs=${node}/upper`,
    ...['con0=null,fd:1', 'con=null', 'ssl=null', 'loglevel=4', 'lsm=capability'],
    ...[`uml_dir=${umlPlaces.temporary}/`, `init=${initFile}`],
  ];
}

/** The hardware address of a machine: the same at each start, or its peers would look for the old one. */
export function hardwareAddress(labId: string, node: LabNode): string {
  const bytes = (labId.match(/../g) ?? []).slice(0, 4);
  return ['02', ...bytes, node.index.toString(16).padStart(2, '0')].join(':');
}

/** Files of a machine's own that only one with a kernel of its own has. */
export function renderUmlNodeFiles(node: LabNode, network: LabNetwork): NodeFile[] {
  const lines = [
    'link set dev vec0 name host0',
    `address add ${network.addresses[node.name]}/${network.prefixLength} dev host0`,
    'link set dev host0 up',
    `route add default via ${network.bridgeAddress}`,
  ];
  return [{ path: networkFile, content: `${lines.join('\n')}\n`, mode: 0o644 }];
}

/** Files that the image has beyond the root file system of its release. */
export function umlImageFiles(): NodeFile[] {
  return [
    { path: initFile, content: initScript, mode: 0o755 },
    { path: shutdownFile, content: shutdownScript, mode: 0o755 },
    { path: bootedUnit, content: bootedService, mode: 0o644 },
  ];
}

/** Symbolic links of the image: path → target. */
export function umlImageLinks(): Record<string, string> {
  const masked = [
    // lab-init has done it; without udev networkd would wait for it for ever.
    ...['systemd-networkd.service', 'systemd-networkd.socket', 'systemd-networkd-wait-online.service'],
    // Each costs a second or more here, and a machine that is thrown away needs none.
    ...['systemd-update-utmp.service', 'systemd-random-seed.service'],
    ...['ldconfig.service', 'systemd-update-done.service', 'modprobe@.service', 'kmod-static-nodes.service'],
    ...['systemd-binfmt.service', 'proc-sys-fs-binfmt_misc.automount'],
  ];
  return {
    '/etc/systemd/system/multi-user.target.wants/lab-booted.service': bootedUnit,
    ...Object.fromEntries(masked.map((name) => [`/etc/systemd/system/${name}`, '/dev/null'])),
  };
}

// What a container's surroundings do before its first program runs: its identity, its network.
const initScript = `#!/bin/sh
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -o remount,noatime /
mount -t hostfs none ${umlPlaces.node}
if ! [ -e /var/lib/lab-identity ]; then
  cp -a ${umlPlaces.node}/. /
  sync
  touch /var/lib/lab-identity
fi
cp ${umlPlaces.node}/etc/resolv.conf /etc/resolv.conf
umount ${umlPlaces.node}
ip -batch ${networkFile}
exec /sbin/init "$@"
`;

// A kernel that restarts becomes itself anew, with the files it held open: the cable would be taken.
const shutdownScript = `#!/bin/sh
ip link set dev host0 down
`;

// Not oneshot: it would be one of the jobs that it waits for.
const bootedService = `[Unit]
Description=Tell the lab that everything has started

[Service]
Type=simple
ExecStart=/bin/sh -c 'systemctl is-system-running --wait >/dev/null; echo "${bootedLine}" >/dev/console'
`;
