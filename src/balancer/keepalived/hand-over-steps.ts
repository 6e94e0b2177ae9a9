/**
 * What the balancers do while a virtual address moves from one (the giver) to another (the taker) without cutting a
 * connection, as one shell script with a step as its first argument. No I/O here.
 *
 * The taker sends on to the giver what belongs to connections that didn't begin with it; the giver still has the
 * address, on loopback, so it goes on with them and answers clients by itself. What is set up this way ends by itself
 * (a timer of systemd), so that a tool that is killed leaves nothing behind.
 */

/** In memory: gone after a reboot, as all that the steps set up is. */
export const handOverFolder = '/run/kawanan-hand-over';
export const handOverScriptPath = `${handOverFolder}/steps`;

/** `yield` ended, and the giver still carries the address. */
export const stillThereExitCode = 3;

/**
 * The script. Steps and their arguments, each idempotent:
 * `receive VIP DEVICE GIVER SECONDS` and `end-receive VIP` on the taker;
 * `keep VIP DEVICE SECONDS`, `yield VIP DEVICE STATE-FILE`, `count VIP` and `end-keep VIP DEVICE` on the giver;
 * `stand-aside STATE-FILE SECONDS` and `end-aside STATE-FILE` on a balancer that isn't to take it.
 */
export const handOverScript = `#!/bin/sh
set -e
step=$1 vip=$2
folder=${handOverFolder}
table=kawanan_$(echo "$vip" | tr -c '0-9\\n' _)

# later VIP STEP SECONDS [ARGUMENT...]: the step, run by systemd when the time is up, whatever became of us
later() {
  unit="kawanan-$2-$(basename "$1")" name=$2 first=$1 seconds=$3
  shift 3
  cancel "$unit"
  systemd-run --quiet --collect --unit "$unit" --on-active "$seconds" --timer-property AccuracySec=100ms \\
    /bin/sh "$folder/steps" "$name" "$first" "$@"
}

cancel() {
  systemctl stop "$1.timer" 2>/dev/null || true
  systemctl reset-failed "$1.service" 2>/dev/null || true
}

case $step in
receive)
  device=$3 giver=$4 seconds=$5
  later "$vip" end-receive "$seconds"
  # connections that are here already, from an earlier hand-over
  mine=$(ss -Htn src "$vip" | awk '{
    n = split($4, local, ":"); m = split($5, peer, ":")
    printf "%s%s . %s . %s", (NR > 1 ? ", " : ""), peer[m - 1], peer[m], local[n]
  }')
  elements=
  [ -z "$mine" ] || elements="elements = { $mine }"
  nft -f - <<END
table netdev $table {
}
delete table netdev $table
table netdev $table {
  set mine {
    type ipv4_addr . inet_service . inet_service
    flags dynamic, timeout
    size 65536
    timeout 1h
    $elements
  }
  chain hand_over {
    type filter hook ingress device "$device" priority 0; policy accept;
    ip daddr != $vip accept
    ip protocol tcp tcp flags & (syn | ack) == syn update @mine { ip saddr . tcp sport . tcp dport } accept
    ip protocol tcp ip saddr . tcp sport . tcp dport @mine accept
    ip daddr $vip ip protocol tcp counter fwd ip to $giver device "$device"
  }
}
END
  ;;
end-receive)
  cancel "kawanan-end-receive-$vip"
  nft delete table netdev "$table" 2>/dev/null || true
  ;;
keep)
  device=$3 seconds=$4
  settings=/proc/sys/net/ipv4/conf/$device
  mkdir -p "$folder/kept"
  [ -f "$folder/before" ] || echo "$(cat "$settings/arp_ignore") $(cat "$settings/arp_announce")" > "$folder/before"
  later "$vip" end-keep "$seconds" "$device"
  : > "$folder/kept/$vip"
  # never ask in the address's name: the answer would come here, and with it everybody's idea of where the address is
  echo 2 > "$settings/arp_announce"
  # nor answer for it once it is on loopback only: who is told that it is here would send us what began at the taker
  echo 1 > "$settings/arp_ignore"
  ip address add "$vip/32" dev lo 2>/dev/null || true
  ;;
yield)
  device=$3 state=$4
  echo -254 > "$state"
  looks=0
  while ip -o -4 address show dev "$device" | grep -q " $vip/" && [ $looks -lt 200 ]; do
    looks=$((looks + 1))
    sleep 0.01
  done
  echo 0 > "$state"
  [ $looks -lt 200 ] || exit ${stillThereExitCode}
  ;;
count)
  ss -Htn state connected exclude syn-recv exclude time-wait exclude fin-wait-2 src "$vip" | wc -l
  ;;
end-keep)
  device=$3
  settings=/proc/sys/net/ipv4/conf/$device
  cancel "kawanan-end-keep-$vip"
  # where the kernel can, clients are told; else they are when they send something
  ip -o -4 address show dev "$device" | grep -q " $vip/" || ss -K -n src "$vip" >/dev/null 2>&1 || true
  ip address del "$vip/32" dev lo 2>/dev/null || true
  rm -f "$folder/kept/$vip"
  if [ -f "$folder/before" ] && [ -z "$(ls "$folder/kept")" ]; then
    read -r ignore announce < "$folder/before"
    echo "$ignore" > "$settings/arp_ignore"
    echo "$announce" > "$settings/arp_announce"
    rm -f "$folder/before"
  fi
  ;;
stand-aside)
  state=$2 seconds=$3
  later "$state" end-aside "$seconds"
  echo -254 > "$state"
  ;;
end-aside)
  state=$2
  cancel "kawanan-end-aside-$(basename "$state")"
  echo 0 > "$state"
  ;;
esac
`;
