#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_decrypt.sh UFTP-PCAP SOURCE-DIR [TEST-TSHARK [UFTP-SIM]]: `uftp-pcap decrypt` on every capture
# that has a key log, and on captures of the simulator. What it writes says without a key what the
# original says with one; and where there is tshark, that reads every field of it as we do (version
# 5), names every message as we do (version 4), and finds nothing malformed.
set -u
pcap=$1
source=$2
compare=${3:-}
sim=${4:-}
work=$(mktemp -d "${TMPDIR:-/tmp}/uftp-decrypt.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}
if [ -z "$compare" ] || ! command -v tshark >/dev/null; then
    echo "without tshark"
    compare=
fi

# What packets say: all fields but those of the wrapper, whether decrypted or not. The type in the
# header is the message's.
says() {
    "$pcap" dump --quiet --json "$@" |
        sed -e 's/"len":[0-9]*,"state":"[a-z]*",//' -e 's/"encrypted":{[^}]*},//' \
            -e 's/"type":[0-9]*,"type_name":"[A-Z_]*",//'
}

# decrypts NAME CAPTURE KEYLOG: to $work/NAME.pcap; everything that is sealed opens.
decrypts() {
    "$pcap" decrypt -k "$3" -w "$work/$1.pcap" "$2" 2>"$work/err" || fail "$1: exit status $?"
    opened=$(sed -n 's/^uftp-pcap: \([0-9]*\) of \1 encrypted packets decrypted$/\1/p' "$work/err")
    [ -n "$opened" ] || { fail "$1: not all is decrypted:"; cat "$work/err"; }
    [ "${opened:-0}" -gt 0 ] || fail "$1: nothing was encrypted"
    says -k "$3" "$2" >"$work/wanted"
    says "$work/$1.pcap" >"$work/got"
    grep -q '"message":{' "$work/got" || fail "$1: no message is seen"
    cmp "$work/wanted" "$work/got" || fail "$1: it says something else"
    [ "$("$pcap" stats --json "$work/$1.pcap" | grep -c '"ENCRYPTED"')" -eq 0 ] ||
        fail "$1: something is still encrypted"
}

# names FILE: the messages in order, as tshark's and our own first word, and nothing is malformed.
names() {
    tshark -r "$1" -d udp.port==1044,uftp -T fields -e _ws.col.Info 2>/dev/null |
        sed 's/ .*//' >"$work/theirs"
    "$pcap" dump --quiet "$1" | sed 's/.* v[45] [^ ]* [^ ]* \([A-Z_]*\) .*/\1/' >"$work/ours"
    [ -s "$work/ours" ] && cmp "$work/ours" "$work/theirs" || fail "$1: tshark sees other messages"
    # It reads the fields of a KEYINFO_ACK of version 4 one byte too far on, and runs over its end.
    [ -z "$(tshark -r "$1" -d udp.port==1044,uftp -Y '_ws.malformed and uftp4.func != 6' \
        2>/dev/null)" ] || fail "$1: tshark finds it malformed"
}

count=0
for keys in "$source"/conformance/captures/v[45]-*/keylog.txt; do
    folder=$(dirname "$keys")
    name=$(basename "$folder")
    "$pcap" stats --json "$folder/session.pcap" 2>/dev/null | grep -q '"ENCRYPTED"' || continue
    decrypts "$name" "$folder/session.pcap" "$keys"
    # One file for tshark, whose start takes longer than its work: without the file header.
    version=${name%%-*}
    if [ -f "$work/$version.all" ]; then
        tail -c +25 "$work/$name.pcap" >>"$work/$version.all"
    else
        cp "$work/$name.pcap" "$work/$version.all"
    fi
    count=$((count + 1))
done
[ "$count" -ge 30 ] || fail "only $count captures with keys"
if [ -n "$compare" ]; then
    "$compare" "$work/v5.all" || fail "tshark and version 5"
    names "$work/v4.all"
fi

# The simulator's: raw IP. The receiver in the network has lost some, and repairs are in it, too.
if [ -n "$sim" ]; then
    for cipher in aes256-gcm aes128-ccm; do
        "$sim" run --quiet --set sender.cipher=$cipher --set sender.client_auth=true \
            --set receivers.down.loss=2% --keylog "$work/keys" --pcap "hub=$work/hub.pcap" \
            "$source/sim/scenarios/small.yaml" >/dev/null || fail "simulator"
        decrypts "sim-$cipher" "$work/hub.pcap" "$work/keys"
        grep -q '"STATUS"\|"naks"' "$work/got" || fail "simulator: no STATUS was sent"
        if [ -n "$compare" ]; then
            "$compare" "$work/hub.pcap" || fail "tshark and the simulator's capture"
            "$compare" "$work/sim-$cipher.pcap" || fail "tshark and the simulator's $cipher"
        fi
    done
    "$sim" run --quiet --set sender.version=4 --set sender.cipher=aes256-gcm --keylog "$work/keys" \
        --pcap "hub=$work/hub.pcap" "$source/sim/scenarios/small.yaml" >/dev/null || fail "version 4"
    decrypts sim-v4 "$work/hub.pcap" "$work/keys"
    [ -z "$compare" ] || names "$work/sim-v4.pcap"
    # In the clear, at a receiver, over a line that duplicates and reorders.
    "$sim" run --quiet --pcap "plant-1=$work/plain.pcap" --set receivers.down.duplicate=3% \
        --set receivers.down.hold=3% "$source/sim/scenarios/small.yaml" >/dev/null || fail "plain"
    [ -z "$compare" ] || "$compare" "$work/plain.pcap" || fail "tshark and a plain session"
fi

# A capture is never written over while it is read; "-" is stdout; nobody else may read the file.
cp "$work/v5.all" "$work/same"
"$pcap" decrypt -k "$keys" -w "$work/same" "$work/same" 2>/dev/null && fail "written over itself"
cmp -s "$work/same" "$work/v5.all" || fail "the capture was harmed"
set -- "$source/conformance/captures/v5-enc-default"
"$pcap" decrypt -q -k "$1/keylog.txt" -w - "$1/session.pcap" | cmp - "$work/v5-enc-default.pcap" ||
    fail "stdout differs"
[ "$(stat -c %a "$work/v5-enc-default.pcap")" = 600 ] || fail "others may read what was decrypted"
exit $failed
