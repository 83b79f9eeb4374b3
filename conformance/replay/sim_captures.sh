#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sim_captures.sh UFTP-SIM UFTP-PCAP SCENARIOS: what our own cores say in the simulator keeps the
# rules that captures of real sessions are held to, and its captures and key logs are read like
# theirs. A scenario that corrupts packets has to be noticed.
set -u
sim=$1
pcap=$2
scenarios=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/uftp-sim-captures.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# check STATUS SCENARIO: the capture at the sender, with all keys.
check() {
    if ! "$sim" run --quiet --pcap "hub=$work/capture" --keylog "$work/keys" \
        "$scenarios/$2.yaml" >/dev/null 2>"$work/err"; then
        echo "$2 does not run: $(cat "$work/err")"
        failed=1
        return
    fi
    "$pcap" check -k "$work/keys" "$work/capture" >"$work/out" 2>"$work/err"
    status=$?
    [ $status = "$1" ] || {
        echo "$2: exit status $status instead of $1"
        cat "$work/out" "$work/err"
        failed=1
    }
    packets=$(sed -n 's/^packets: //p' "$work/out")
    [ "${packets:-0}" -gt 10 ] || { echo "$2: only '$packets' packets"; failed=1; }
    rm -f "$work/keys"
}

for scenario in small jumbo reordering interrupted crash-and-resume tree-of-routers nat-unicast; do
    check 0 $scenario
done
check 8 corruption
grep -q 'rule: sealed-opens' "$work/out" || { echo "corruption is not seen"; failed=1; }
exit $failed
