/** The one script that reads everything of a host; `parse-host.ts` reads its answer. */
import { quoteWord } from '../remote/command.ts';
import {
  baselineFiles,
  baselinePath,
  broughtPath,
  clockServices,
  dataFolders,
  leftoverFolders,
  sharedFolders,
  watchedServices,
} from './paths.ts';
import { sysctlFile, sysctlKeys } from './sysctl.ts';

/**
 * For `sh -s`, as root. Each line of its output is words and, last, a value in base64, so that nothing a host
 * holds can be taken for an answer. Each program it starts costs the host a millisecond or two: few are started. Changes nothing, and goes on where a program is missing: what it can't read
 * it doesn't say. The clock comes first and last: a busy machine takes seconds for the rest, and they are known then.
 */
export const observeScript = `export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec 2>/dev/null
say() { printf '%s ' "$*"; base64 -w0; echo; }
date +%s%3N | say clock
cat /etc/os-release | say os-release
{ dpkg --print-architecture || uname -m; } | say architecture
[ -d /run/systemd/system ] && echo yes | say systemd
systemd-detect-virt --container | say container
dpkg-query -W -f='\${db:Status-Status} \${binary:Package}\\n' | say packages
ls /var/lib/dpkg/updates | grep '^[0-9]' | say dpkg-updates
cat /proc/sys/kernel/hostname | say hostname
for path in ${words([...baselineFiles, baselinePath, broughtPath])}; do
  [ -f "$path" ] && say file "$path" "$(stat -L -c '%a %U:%G' "$path")" <"$path"
done
grep -H '' ${words(sysctlKeys.map(sysctlFile))} | say sysctl
systemctl show -p Id,LoadState,ActiveState,UnitFileState ${words([...watchedServices, ...clockServices])} | say services
pid=$(cat /run/docker.pid) && [ -r "/proc/$pid/environ" ] &&
  tr '\\0' '\\n' <"/proc/$pid/environ" | grep '^DOCKER_SERVICE_' | say engine-environment
for module in ip_vs vxlan overlay; do
  if [ -e "/sys/module/$module" ] || modprobe -n -q "$module"; then echo "$module"; fi
done | say modules
grep -w overlay /proc/filesystems | say filesystems
{ zcat /proc/config.gz || cat "/boot/config-$(uname -r)"; } |
  grep -E 'CONFIG_(IP_VS|VXLAN|OVERLAY_FS)[= ]' | say kernel-config
[ -d /sys/kernel/security/apparmor ] && cat /sys/module/apparmor/parameters/enabled | say apparmor
folders='${dataFolders.join(' ')}'
if ! [ -e ${quoteWord(baselinePath)} ]; then
  folders="$folders ${[...leftoverFolders, ...sharedFolders].join(' ')}"
  cut -d: -f1 /etc/passwd | say users
  cut -d: -f1 /etc/group | say groups
  iptables -S FORWARD | head -n 1 | say forward-policy
fi
for folder in $folders; do
  [ -d "$folder" ] || continue
  state=empty
  for entry in "$folder"/* "$folder"/.[!.]*; do [ -e "$entry" ] && state=filled && break; done
  echo "$folder $state"
done | say folders
date +%s%3N | say clock
exit 0
`;

function words(all: readonly string[]): string {
  return all.map(quoteWord).join(' ');
}
