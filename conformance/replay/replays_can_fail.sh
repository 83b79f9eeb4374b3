#!/bin/sh
# SPDX-License-Identifier: MIT
#
# replays_can_fail.sh DAMAGE RECEIVER-REPLAY SENDER-REPLAY PROXY-REPLAY CAPTURES: a capture that was damaged in
# one place must fail its replay, by the rule that names the damage. Shows that the replays look at
# what they claim to look at.
set -u
damage=$1
receiver=$2
sender=$3
proxy=$4
captures=$5
work=$(mktemp -d "${TMPDIR:-/tmp}/uftp-damage.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# case REPLAY CAPTURE FILE RULE TYPE NUMBER DAMAGE...: types are those of the wire
case_() {
    replay=$1 name=$2 file=$3 rule=$4
    shift 4
    rm -rf "$work/$name"
    cp -R "$captures/$name" "$work/$name" && chmod -R u+w "$work/$name" || exit 1
    if ! "$damage" "$captures/$name/$file" "$work/$name/$file" "$@" >"$work/where"; then
        echo "$name: no such packet: $*"
        failed=1
        return
    fi
    "$replay" "$work/$name" >"$work/out" 2>&1
    status=$?
    if [ $status != 0 ] && grep -q "^rule: *$rule " "$work/out" &&
        grep -q '^repeat: .*replay' "$work/out"; then
        echo "$name, $(cat "$work/where"), type $*: $rule"
    else
        echo "$name, type $*: exit status $status, not rule $rule:"
        cat "$work/out"
        failed=1
    fi
}

r=$receiver
s=$sender
# What the captured receiver said was other than what ours says.
case_ "$r" v5-loss5 at-r2.pcap nak-bitmap 11 1 26 1
case_ "$r" v4-loss5 at-r2.pcap nak-bitmap 11 1 26 1
case_ "$r" v5-plain-1 session.pcap reply-unasked 12 9 drop
case_ "$r" v5-plain-1 session.pcap reply-kind 12 3 drop
case_ "$r" v4-plain-1 session.pcap reply-status 12 3 20 2
case_ "$r" v5-sync session.pcap reply-status 12 1 20 3
case_ "$r" v5-plain-1 session.pcap reply-file 8 2 19 4
case_ "$r" v5-restart at-r2.pcap partial-flag 8 4 20 1
# What the captured sender said: a block that does not come, and one that comes as another.
case_ "$r" v5-plain-1 session.pcap reply-kind 9 40 drop
case_ "$r" v5-plain-1 session.pcap files-kept 9 40 100 1
# Handshakes: a group master, a random number, a block that does not open.
case_ "$r" v4-server-v5-client-aes128-ccm-ecdh-rsa session.pcap reply-missing 5 1 -60 1
case_ "$r" v4-server-v5-client-aes128-ccm-ecdh-rsa session.pcap reply-missing 2 1 30 1
case_ "$r" v5-enc-aes128-gcm-sha256-secp256r1-ec256r1 session.pcap reply-file 18 20 100 1
# The sender's replay: other NAKs, a reply that never came, other bytes, another list.
case_ "$s" v5-loss5 session.pcap block-order 11 1 30 1
case_ "$s" v4-loss5 session.pcap block-order 11 1 30 1
case_ "$s" v5-plain-1 session.pcap message-kind 12 3 drop
case_ "$s" v5-plain-1 session.pcap block-data 9 40 100 1
case_ "$s" v5-plain-1 session.pcap file-described 7 3 31 1
case_ "$s" v5-plain-5 session.pcap receivers-listed 10 1 -1 64
case_ "$s" v5-plain-5 session.pcap message-unasked 13 1 drop
case_ "$s" v5-loss10-both session.pcap losses-counted 11 3 drop
case_ "$s" v5-enc-clientauth-ec256 session.pcap receivers-listed 2 1 40 1
# The proxies': what is passed on, what is gathered, who is told keys, who answers a challenge.
case_ "$proxy" v5-chain-plain wan.pcap proxy-message 9 5 100 1
case_ "$proxy" v5-chain-plain net-b.pcap proxy-message 12 2 drop
case_ "$proxy" v5-response-plain session.pcap proxy-message 12 1 20 2
case_ "$proxy" v5-chain-nat-enc net-b.pcap proxy-message 2 1 40 1
case_ "$proxy" v5-chain-nat-enc wan.pcap proxy-message 14 2 -1 1
exit $failed
