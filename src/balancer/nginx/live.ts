/** A running NGINX as kawanan sees it: from its file, the kernel's connections, and checks that are made now. No I/O here. */
import type { BackendState } from '../haproxy/stats.ts';
import type { LiveBalancer, LiveFrontend, LiveServer } from '../live-server.ts';
import { readSeal } from '../seal.ts';
import { nginxConfigPath } from './render-nginx.ts';
import { parseNginxDigest, readNginxDigestScript } from './running-digest.ts';
import { listNginxServers } from './servers.ts';

/**
 * One round trip: prints `config`, `digest`, `address`, `port` and `peer` (established connections by local port and by
 * far end) and `check` lines. NGINX checks nobody, so every server is asked once from here, by the check in the file.
 */
export const viewScript = `
config=${nginxConfigPath}
printf 'config '; base64 -w0 "$config"; echo
${readNginxDigestScript} 2>/dev/null
ip -o -4 address show 2>/dev/null | awk '{ sub("/.*", "", $4); print "address", $4 }'
ss -Htn state established 2>/dev/null | awk -v config="$config" '
  BEGIN {
    while ((getline line < config) > 0) {
      split(line, word, " "); sub(";", "", word[2])
      if (word[1] == "server" && word[2] != "{") peer[word[2]] = 0
      if (word[1] == "listen" && word[2] != "") port[word[2]] = 0
    }
  }
  { n = split($3, local, ":"); if (local[n] in port) port[local[n]]++; if ($4 in peer) peer[$4]++ }
  END { for (one in port) print "port", one, port[one]; for (one in peer) print "peer", one, peer[one] }'
ask='exec 3<>"/dev/tcp/$1/$2" || exit
case $3 in
  tcp) echo L4OK ;;
  mysql) case $(head -c 5 <&3 | od -An -tx1) in *" 00 0a") echo L7OK ;; *) echo L7RSP ;; esac ;;
  *)
    printf "%s HTTP/1.1\\r\\nHost: kawanan.check\\r\\nUser-Agent: kawanan-check\\r\\nConnection: close\\r\\n\\r\\n" "$3" >&3
    read -r _ status _ <&3
    case $status in [23]??) echo "L7OK/$status" ;; "") echo L7RSP ;; *) echo "L7STS/$status" ;; esac ;;
esac'
check_server() {
  answer=$(timeout -s KILL 2 bash -c "$ask" ask "\${3%:*}" "\${3##*:}" "$4" 2>/dev/null)
  [ $? = 137 ] && answer=TOUT
  echo "check $1 $2 \${answer:-L4CON}"
}
while read -r word value rest; do
  case $word in
    upstream) backend=$value check=tcp ;;
    '#') [ "$value" = check ] && check=$rest ;;
    server) case $rest in *'; # '*) check_server "$backend" "\${rest##*; # }" "$value" "$check" 2>/dev/null & ;; esac ;;
  esac
done < "$config"
wait
exit 0
`;

/** Reads the script's answer; `undefined` where NGINX doesn't run or its configuration isn't ours. */
export function parseNginxView(output: string): LiveBalancer | undefined {
  const config = Buffer.from(/^config (\S*)$/m.exec(output)?.[1] ?? '', 'base64').toString('utf8');
  const [wanted, running] = [readSeal(config), parseNginxDigest(output)];
  if (wanted === undefined || running === undefined) return undefined;
  const counts = new Map<string, number>();
  const checks = new Map<string, string>();
  const addresses: string[] = [];
  for (const line of output.split('\n')) {
    const [kind = '', first = '', second = '', third = ''] = line.trim().split(' ');
    if (kind === 'port' || kind === 'peer') counts.set(`${kind} ${first}`, Number(second));
    if (kind === 'check') checks.set(`${first}/${second}`, third);
    if (kind === 'address') addresses.push(first);
  }
  const servers = listNginxServers(config).map(({ backend, name, address, words, held }): LiveServer => {
    const check = checks.get(`${backend}/${name}`) ?? '';
    const up = /^L[47]OK/.test(check);
    return {
      backend,
      name,
      address,
      admin: held ? 'drain' : 'ready',
      up,
      status: up ? (held ? 'DRAIN' : 'UP') : 'DOWN',
      check,
      weight: Number(/weight=(\d+)/.exec(words)?.[1] ?? 1),
      sessions: counts.get(`peer ${address}`) ?? 0,
      queued: 0,
    };
  });
  return {
    frontends: listFrontends(config, counts),
    servers,
    addresses,
    ...(wanted !== running && { unloaded: true as const }),
  };
}

function listFrontends(config: string, counts: Map<string, number>): LiveFrontend[] {
  const found = config.matchAll(/^\s*# frontend (\S+)\n\s*listen (\d+)/gm);
  return [...found].map(([, name = '', port = '']) => ({
    name,
    status: 'OPEN',
    sessions: counts.get(`port ${port}`) ?? 0,
  }));
}

/** The servers by their backends, as `kawanan status` has them; one that is held back isn't up. */
export function groupServers({ servers }: LiveBalancer): BackendState[] {
  const names = [...new Set(servers.map(({ backend }) => backend))];
  return names.map((name) => {
    const own = servers
      .filter(({ backend }) => backend === name)
      .map(({ admin, up, sessions, ...server }) => ({
        name: server.name,
        status: server.status,
        check: server.check,
        address: server.address,
        // NGINX keeps no book of it
        sinceSeconds: 0,
        currentSessions: sessions,
        up: up && admin === 'ready',
      }));
    return { name, status: own.some(({ up }) => up) ? 'UP' : 'DOWN', servers: own };
  });
}

/** Prints how many worker processes take connections, and how many there are to be. */
export const workersScript = `
master=$(cat /run/nginx.pid 2>/dev/null)
count=0
for stat in /proc/[0-9]*/stat; do
  read -r pid _ _ parent _ < "$stat" || continue
  [ "$parent" = "$master" ] || continue
  case $(tr '\\0' ' ' < "/proc/$pid/cmdline") in
    *'is shutting down'*) ;;
    'nginx: worker process'*) count=$((count + 1)) ;;
  esac
done 2>/dev/null
echo "$count $(getconf _NPROCESSORS_ONLN)"
`;

/** Whether none but the workers of the newest configuration take connections; source: process titles of NGINX. */
export function isSettled(answer: string): boolean {
  const [count = Number.NaN, wanted = Number.NaN] = answer.trim().split(' ').map(Number);
  return count === wanted;
}
