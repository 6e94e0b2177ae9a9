/** Files of every machine's root file system, by absolute path. What differs from machine to machine is in node-files.ts. */
export function machineFiles(): Record<string, string> {
  return {
    // The disk of a machine that is thrown away needs no syncs; they are most of the time an installation takes.
    '/etc/dpkg/dpkg.cfg.d/lab': 'force-unsafe-io\n',
    '/etc/systemd/journald.conf.d/lab.conf':
      '[Journal]\nStorage=persistent\nSystemMaxUse=64M\nRuntimeMaxUse=16M\n',
    '/etc/ssh/sshd_config.d/lab.conf': sshdSettings,
    '/etc/systemd/system/lab-cgroups.service': cgroupUnit,
    '/etc/hosts': '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n',
  };
}

/** Symbolic links of every machine's root file system: path → target. */
export function machineLinks(): Record<string, string> {
  const unit = (name: string): string => `/usr/lib/systemd/system/${name}`;
  const wants = (target: string, name: string): string => `/etc/systemd/system/${target}.wants/${name}`;
  return {
    [wants('multi-user.target', 'systemd-networkd.service')]: unit('systemd-networkd.service'),
    [wants('network-online.target', 'systemd-networkd-wait-online.service')]: unit(
      'systemd-networkd-wait-online.service',
    ),
    [wants('sysinit.target', 'lab-cgroups.service')]: '/etc/systemd/system/lab-cgroups.service',
    ...Object.fromEntries(maskedUnits.map((name) => [`/etc/systemd/system/${name}`, '/dev/null'])),
  };
}

// One host key, the one that known_hosts has; making the others costs seconds at the first start.
const sshdSettings = `HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
UseDNS no
`;

// Timers that would hold apt's lock when nobody expects it, and what waits for a console nobody sits at.
const maskedUnits = [
  ...[
    'apt-daily.timer',
    'apt-daily-upgrade.timer',
    'dpkg-db-backup.timer',
    'fstrim.timer',
    'e2scrub_all.timer',
  ],
  ...['console-getty.service', 'getty.target', 'sys-kernel-debug.mount', 'sys-kernel-tracing.mount'],
  'sshd-keygen.service',
];

// systemd-nspawn shows the controllers of cgroup version 1 read-only, and runc fails on that.
const cgroupUnit = `[Unit]
Description=Make the controllers of cgroup version 1 writable
DefaultDependencies=no
Before=sysinit.target
ConditionPathIsDirectory=/sys/fs/cgroup/freezer

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -euc 'mount -o remount,rw /sys/fs/cgroup; for dir in /sys/fs/cgroup/*/; do \\
  name=$$(basename "$$dir"); \\
  case "$$name" in systemd|unified) continue;; esac; \\
  umount -l "$$dir"; mount -t cgroup -o "rw,$$name" cgroup "$$dir"; \\
  done'
`;
