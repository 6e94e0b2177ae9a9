/** Where things are on a host: what we write, what we read, and what packages leave behind. */

/** Our own folder on a host; gone after `down`. */
export const ownFolder = '/var/lib/kawanan';
export const baselinePath = `${ownFolder}/baseline.json`;
/** The packages that our installs brought, one a line; written before each install. */
export const broughtPath = `${ownFolder}/brought-packages`;
export const aptLogPath = `${ownFolder}/apt.log`;
/** Bears the time of our last fetch of package lists. */
export const aptUpdatedPath = `${ownFolder}/apt-updated`;
export const hostsPath = '/etc/hosts';
export const sysctlPath = '/etc/sysctl.d/60-kawanan.conf';
export const engineDropInPath = '/etc/systemd/system/docker.service.d/kawanan.conf';
export const engineConfigPath = '/etc/docker/daemon.json';

/** Files whose content the baseline keeps: those we write here, those the balancer layer writes, and keepalived's own. */
export const baselineFiles = [
  '/etc/hostname',
  hostsPath,
  sysctlPath,
  engineDropInPath,
  engineConfigPath,
  '/etc/haproxy/haproxy.cfg',
  '/etc/nginx/nginx.conf',
  '/etc/keepalived/keepalived.conf',
  '/etc/nftables.conf',
  // keepalived 2.3 names its address protocol there when it starts, and no package owns the file
  '/etc/iproute2/rt_addrprotos.d/keepalived.conf',
] as const;

/** Folders that hold the data of containers: volumes, images. */
export const dataFolders = ['/var/lib/docker', '/var/lib/containerd'] as const;

/** Folders that packages leave behind when they are purged. */
export const leftoverFolders = [
  '/etc/docker',
  '/etc/cni',
  '/etc/containerd',
  '/etc/haproxy',
  '/etc/nginx',
  '/etc/keepalived',
  '/etc/iproute2/rt_addrprotos.d',
  '/etc/systemd/system/docker.service.d',
  '/etc/systemd/system/haproxy.service.d',
  '/etc/systemd/system/nginx.service.d',
  '/etc/systemd/system/keepalived.service.d',
  '/var/lib/haproxy',
  '/var/lib/nginx',
  '/var/log/nginx',
  '/opt/containerd',
  '/run/docker',
  '/run/containerd',
  '/run/haproxy',
] as const;

/** Folders that packages leave behind and that others use too: gone when they are empty, from the inside out. */
export const sharedFolders = ['/var/www/html', '/var/www', '/etc/ufw/applications.d', '/etc/ufw'] as const;

/** Services whose state the baseline keeps. */
export const watchedServices = [
  'docker.service',
  'docker.socket',
  'containerd.service',
  'haproxy.service',
  'nginx.service',
  'keepalived.service',
  'nftables.service',
] as const;

/** Services that keep a clock right; one that runs is enough. */
export const clockServices = [
  'systemd-timesyncd.service',
  'chrony.service',
  'chronyd.service',
  'ntp.service',
  'ntpd.service',
  'ntpsec.service',
  'openntpd.service',
] as const;
