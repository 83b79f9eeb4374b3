#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_rt.sh BIN: uftp and two uftpd, real programs on real stacks, across a satellite of 2 % loss
# that ns-3 emulates (100 ms, so that the test is short). 77 where namespaces or taps are not allowed.
set -u
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/conformance/live/net.sh"
net_enter "$0" "$@" || exit
bin=$1
work=$NET_WORK
fail() {
    echo "$*"
    tail -n 20 "$work"/*.log
    exit 1
}

ip link set lo up
for node in s r1 r2; do
    : >"$work/net-$node"
    unshare --net="$work/net-$node" true || fail "no namespace"
done
"$bin/uftp-ns3-rt" --delay 100 --loss 2 "$work/net-s" "$work/net-r1" "$work/net-r2" \
    >"$work/rt.log" 2>&1 &
satellite=$!
tries=0
until grep -q ready "$work/rt.log"; do
    kill -0 $satellite 2>/dev/null || { wait $satellite; code=$?; cat "$work/rt.log"; exit $code; }
    tries=$((tries + 1))
    [ $tries -lt 200 ] || fail "the satellite does not come up"
    sleep 0.05
done
index=0
for node in s r1 r2; do
    index=$((index + 1))
    net_at $node ip -batch - <<END || fail "no address"
link set lo up
addr add 10.77.0.$index/24 brd + dev sat0
link set sat0 up
route add 224.0.0.0/4 dev sat0
END
done

head -c 300000 /dev/urandom >"$work/file.bin"
receivers=
for node in r1 r2; do
    mkdir "$work/$node"
    net_exec $node "$bin/uftpd" -d -q -x 3 -I sat0 -D "$work/$node" -U 0x7700000${node#r} \
        >"$work/$node.log" 2>&1 &
    receivers="$receivers $!"
done
for node in r1 r2; do
    net_wait $node || fail "receiver $node does not come up"
done
net_at s timeout -k 5 100 "$bin/uftp" -x 3 -I sat0 -U 0x77000051 -R 4000 -H 0x77000001,0x77000002 \
    "$work/file.bin" >"$work/sender.log" 2>&1 </dev/null || fail "the sender exits with $?"
for node in r1 r2; do
    cmp "$work/file.bin" "$work/$node/file.bin" || fail "$node has another file"
done
# shellcheck disable=SC2086 # words
kill $receivers
kill -TERM $satellite
wait $satellite
code=$?
cat "$work/rt.log"
# A busy machine may be late; then nothing was shown of timing, but the files are there.
[ $code -le 1 ] || fail "the satellite exits with $code"
grep -Eq '^lost +[1-9]' "$work/rt.log" || fail "nothing was lost: was it crossed at all?"
