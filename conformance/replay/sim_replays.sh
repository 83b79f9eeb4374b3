#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sim_replays.sh UFTP-SIM UFTP-PCAP RECEIVER-REPLAY SENDER-REPLAY SCENARIOS: what the cores do in the
# simulator they do again when they are handed its captures. Shows that a replay depends on nothing
# but the packets, and that captures of the simulator are read as those of a network are.
set -u
sim=$1
pcap=$2
receiver=$3
sender=$4
scenarios=$5
work=$(mktemp -d "${TMPDIR:-/tmp}/uftp-sim-replays.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# The first REGISTER of a capture: ADDRESS UID.
registered() {
    # shellcheck disable=SC2086
    "$pcap" dump $keys "$1" 2>/dev/null |
        sed -n 's/^ *[0-9]* *[0-9.]* \([0-9.]*\):[0-9]* > .* \([0-9A-F]\{8\}\) REGISTER.*/\1 \2/p' |
        sort -u
}

node() {
    printf '"%s": {"role": "%s", "ip": "%s", "uid": "%s"}' "$1" "$2" "$3" "$4"
}

# The files that arrived at a node, as the capture has them.
expected() {
    rm -rf "$work/files"
    mkdir "$work/files"
    # shellcheck disable=SC2086
    "$pcap" extract $keys -o "$work/files" "$1" >/dev/null 2>&1
    separator=
    for file in "$work"/files/*/*; do
        printf '%s{"path": "%s", "type": "file", "sha256": "%s"}' "$separator" "${file##*/}" \
            "$(sha256sum "$file" | cut -d' ' -f1)"
        separator=', '
    done
}

# replay SCENARIO FILE SIZE NODES ARGV [OPTION...]: NODES are receivers, ARGV is the sender's
# command line as JSON, FILE and SIZE what it sends.
replay() {
    scenario=$1 file=$2 size=$3 nodes=$4 argv=$5
    shift 5
    rm -rf "$work/s"
    mkdir "$work/s"
    captures=
    for n in $nodes; do captures="$captures --pcap $n=$work/s/at-$n.pcap"; done
    # shellcheck disable=SC2086 # several words
    "$sim" run --quiet --pcap "hub=$work/s/session.pcap" --keylog "$work/s/keylog.txt" $captures \
        "$@" "$scenarios/$scenario.yaml" >/dev/null || { failed=1; return; }
    keys="-k $work/s/keylog.txt"
    [ -s "$work/s/keylog.txt" ] || { keys= && rm -f "$work/s/keylog.txt"; }
    {
        printf '{"captures": {"session.pcap": {}'
        for n in $nodes; do printf ', "at-%s.pcap": {}' "$n"; done
        printf '}, "nodes": {'
        node server sender 10.0.0.1 00000001
        for n in $nodes; do
            printf ', '
            # shellcheck disable=SC2046
            node "$n" receiver $(registered "$work/s/at-$n.pcap")
        done
        registered "$work/s/session.pcap" | while read -r ip uid; do
            printf ', '
            node "other-$uid" other "$ip" "$uid"
        done
        printf '}, "commands": [{"node": "server", "program": "uftp", "argv": %s}], ' "$argv"
        printf '"sent": [{"path": "%s", "type": "file", "size": %s, "generated": true, ' "$file" \
            "$size"
        printf '"mtime": 1767200000}], "expected": {'
        separator=
        for n in $nodes; do
            printf '%s"%s": {"files": [%s]}' "$separator" "$n" "$(expected "$work/s/at-$n.pcap")"
            separator=', '
        done
        printf '}}\n'
    } >"$work/s/manifest.json"
    for program in "$receiver" "$sender"; do
        if "$program" "$work/s" >"$work/out" 2>&1; then
            printf '%s %s: %s\n' "$scenario" "$*" \
                "$(grep -E ', (full|opened|plain)$' "$work/out" | tr '\n' ' ')"
        else
            echo "$scenario $*: $program fails"
            cat "$work/out" "$work/s/manifest.json"
            failed=1
        fi
    done
}

# Rates in units of the command line: 1 Kbit/s is 128 bytes/s.
fast='["-R", "80000", "send/hello"]'
rate='--set sender.rate=10240kB/s'
# shellcheck disable=SC2086
{
    replay small hello 100000 'plant-0 plant-1 plant-2' "$fast" $rate
    replay small hello 100000 'plant-0 plant-2' "$fast" $rate --set sender.cipher=aes256-gcm
    replay small hello 100000 'plant-0' "$fast" $rate --set sender.cipher=aes128-ccm \
        --set sender.client_auth=true --set sender.curve=secp384r1
    slow='["-R", "4000", "send/data.bin"]'
    rate='--set sender.rate=512kB/s'
    replay version-4 data.bin 2000000 'plant-0 plant-4' "$slow" $rate
    replay version-4 data.bin 2000000 'plant-0 plant-4' "$slow" $rate --set sender.cipher=aes256-gcm
    replay version-4 data.bin 2000000 'plant-0 plant-4' "$slow" $rate --set sender.version=5 \
        --set sender.cipher=aes256-gcm
    replay version-4 data.bin 2000000 'plant-1 plant-2' "$slow" $rate \
        --set receivers.up.loss=5% --set receivers.down.loss=10%
    replay jumbo image.bin 4000000 'straight-0 cut-0' \
        '["-R", "8000", "-b", "4000", "send/image.bin"]' --set sender.rate=1024kB/s
}
exit $failed
