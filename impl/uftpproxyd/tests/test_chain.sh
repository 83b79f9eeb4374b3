#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_chain.sh BIN [CASE]: uftp - server proxy - NAT - client proxy - two receivers, each in a
# network namespace of its own, with the programs of BIN; files are compared at the end.
#
#     s ---- bridge a ---- sp ---- wan ---- nat ---- cp ---- bridge b ---- r1, r2
#
# UFTP_PEER_PROXY=/path/uftpproxyd takes the place of either proxy in further cases, and
# UFTP_PEER_SENDER, UFTP_PEER_RECEIVER those of the ends.
# Exit status: 0 all passed, 1 a case failed, 77 namespaces are not to be had.
set -u
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "${1:?the folder of the programs}" && pwd)
only=${2:-}
# shellcheck source=conformance/live/net.sh
. "$here/../../../conformance/live/net.sh"
net_enter "$0" "$@" || exit
work=$NET_WORK
failed=0

node() {
    : >"$work/net-$1"
    unshare --net="$work/net-$1" true && net_at "$1" ip link set lo up
}

# plug NODE BRIDGE INTERFACE ADDRESS
plug() {
    ip link add "$1-$2" type veth peer name "$3" netns "$work/net-$1"
    ip link set "$1-$2" master "$2" up
    net_at "$1" ip addr add "$4/24" brd + dev "$3"
    net_at "$1" ip link set "$3" up
    net_at "$1" ip route add 224.0.0.0/4 dev "$3"
}

ip link set lo up
for bridge in bra brb; do
    ip link add $bridge type bridge mcast_snooping 0
    ip link set $bridge up
done
for name in s sp nat cp r1 r2; do
    node $name || { echo "cannot make the node $name"; exit 1; }
done
plug s bra e0 10.1.0.1
plug sp bra e0 10.1.0.2
plug cp brb e0 10.4.0.1
plug r1 brb e0 10.4.0.2
plug r2 brb e0 10.4.0.3
net_wire sp nat wan 10.2.0 || exit 1
net_wire nat cp in 10.3.0 || exit 1
net_at cp ip route add default via 10.3.0.1
net_at nat sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'

# Anew for each case: also what the NAT remembers. The port is not kept.
masquerade() {
    net_at nat nft flush ruleset
    net_at nat nft "table ip nat { chain post { type nat hook postrouting priority 100;
        oifname wan masquerade random; };
        chain way { type filter hook forward priority 0; policy drop;
        iifname in accept; iifname wan ct state established,related accept; }; }"
}

"$bin/uftp_keymgt" -g ec:secp256r1 "$work/cp.pem" >"$work/cp.key" 2>&1 || exit 1
"$bin/uftp_keymgt" -g ec:secp256r1 "$work/s.pem" >"$work/s.key" 2>&1 || exit 1
print_of() {
    grep -oE '([0-9A-F]{2}:){19}[0-9A-F]{2}' "$1" | head -n 1
}
cp_print=$(print_of "$work/cp.key")
s_print=$(print_of "$work/s.key")
mkdir "$work/out"
head -c 3000000 /dev/urandom >"$work/out/large"
: >"$work/out/empty"
head -c 1300 /dev/urandom >"$work/out/block"

# wait_for FILE PATTERN: until a log says so.
wait_for() {
    for _ in $(seq 100); do
        ! grep -qE "$2" "$1" 2>/dev/null || return 0
        sleep 0.05
    done
    echo "  $1 never said '$2'"
    return 1
}

stop_all() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null
    done
    for pid in $pids; do
        wait "$pid" 2>/dev/null
    done
}

# run NAME SENDER SERVER-PROXY CLIENT-PROXY RECEIVER plain|enc|auth
run() {
    [ -z "$only" ] || [ "$only" = "$1" ] || return 0
    masquerade
    rm -rf "$work/log" "$work/r1" "$work/r2"
    mkdir "$work/log" "$work/r1" "$work/r2"
    pids=
    printf '0x0A010001|10.1.0.1|0xC1|%s\n' "$s_print" >"$work/servers"
    printf '0xC1|10.4.0.1|%s\n' "$cp_print" >"$work/proxies"
    ciphers='-Y none' receiver=''
    case $6 in
    enc) ciphers="-Y aes256-gcm -k $work/s.pem" ;;
    auth) ciphers="-Y aes128-ccm -h sha384 -c -k $work/s.pem" ;;
    esac
    [ "$6" = plain ] || receiver="-S $work/servers -R $work/proxies"
    UFTPKEYLOGFILE=$work/log/sp.keys net_exec sp "$3" -d -x 5 -I e0 -U 0xA2 \
        -s "fp=$cp_print" >"$work/log/sp" 2>&1 &
    sp_pid=$!
    UFTPKEYLOGFILE=$work/log/cp.keys net_exec cp "$4" -d -x 5 -c -I e0 -O e0 -U 0xC1 \
        -k "$work/cp.pem" -H 10.2.0.1 -h 1 >"$work/log/cp" 2>&1 &
    pids="$sp_pid $!"
    for r in r1 r2; do
        # shellcheck disable=SC2086 # several words
        net_exec $r "$5" -d -x 5 -I e0 -D "$work/$r" $receiver >"$work/log/$r" 2>&1 &
        pids="$pids $!"
    done
    code=0
    wait_for "$work/log/sp" 'as downstream|downstream' || code=1
    sleep 0.3
    # shellcheck disable=SC2086
    [ $code != 0 ] || net_at s "$2" -I e0 -U 0x0A010001 -M 230.4.4.1 -P 230.5.5.5 -R 20000 -r 0.1 \
        -s 15 $ciphers -S "$work/log/status" "$work/out/large" "$work/out/empty" \
        "$work/out/block" >"$work/log/s" 2>&1 || code=$?
    for r in r1 r2; do
        for file in large empty block; do
            cmp -s "$work/out/$file" "$work/$r/$file" || { echo "  $r: $file differs"; code=1; }
        done
    done
    kill "$sp_pid" 2>/dev/null
    wait "$sp_pid"
    ended=$?
    [ $ended = 6 ] || { echo "  server proxy ended with $ended"; code=1; }
    stop_all
    if [ "$4" = "$bin/uftpproxyd" ] && [ "$6" != plain ]; then
        grep -q '^GROUP_MASTER ' "$work/log/cp.keys" || { echo "  no key log"; code=1; }
    fi
    if [ "$code" = 0 ]; then
        echo "passed: $1"
    else
        echo "FAILED: $1"
        failed=1
        tail -n 15 "$work"/log/s "$work"/log/sp "$work"/log/cp "$work"/log/r1 | sed 's/^/    /'
    fi
}

us=$bin/uftp up=$bin/uftpproxyd ud=$bin/uftpd
for mode in plain enc auth; do
    run "ours/$mode" "$us" "$up" "$up" "$ud" $mode
done
if [ -n "${UFTP_PEER_PROXY:-}" ]; then
    ps=${UFTP_PEER_SENDER:-$us} pd=${UFTP_PEER_RECEIVER:-$ud} pp=$UFTP_PEER_PROXY
    for mode in plain enc auth; do
        run "server-proxy-ours/$mode" "$ps" "$up" "$pp" "$pd" $mode
        run "client-proxy-ours/$mode" "$ps" "$pp" "$up" "$pd" $mode
        run "proxies-theirs/$mode" "$us" "$pp" "$pp" "$ud" $mode
    done
fi
exit $failed
