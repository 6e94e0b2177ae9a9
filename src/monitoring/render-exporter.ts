/** The files of Debian's node exporter on a machine. No I/O here. */
import type { PasswordVersion } from './exporters.ts';
import { nodeExporterPort } from './targets.ts';

export const exporterPackage = 'prometheus-node-exporter';
export const exporterUnit = `${exporterPackage}.service`;
export const dropInPath = `/etc/systemd/system/${exporterUnit}.d/kawanan.conf`;
/** Holds a bcrypt of the password. */
export const webConfigPath = '/etc/prometheus/kawanan-web.yml';

/** Who asks: the name beside the password. */
export const monitoringUser = 'monitoring';

/** Units whose state is told. */
const units = ['docker', 'haproxy', 'nginx', 'keepalived', 'ssh'];

/**
 * At the machine's own address only, never at the virtual one, and only with the password: without its file the unit
 * doesn't start, not even in the moment when the package has just been installed.
 */
export function renderExporterDropIn(address: string): string {
  return `# Written by kawanan monitor up; gone after kawanan monitor down.
[Unit]
ConditionPathExists=${webConfigPath}
[Service]
ExecStart=
ExecStart=/usr/bin/prometheus-node-exporter \\
    --web.listen-address=${address}:${nodeExporterPort} \\
    --web.config.file=${webConfigPath} \\
    --collector.netdev.address-info \\
    --collector.systemd \\
    --collector.systemd.unit-include=(${units.join('|')})[.]service
`;
}

/** The first line says of which version of the secret the hash is. */
export function renderWebConfig(version: PasswordVersion, hash: string): string {
  return `${secretLine(version)}\nbasic_auth_users:\n  ${monitoringUser}: ${hash}\n`;
}

/** The first line of a file with the hash of that version of the secret, and of no other. */
export function secretLine({ name, id }: PasswordVersion): string {
  return `# of the secret ${name}, ${id}`;
}
