#!/bin/sh
# SPDX-License-Identifier: MIT
#
# invariants.sh UFTP-SIM-BROKEN: a run ends as soon as a node does what none may, with the command
# that repeats it and the last lines of the nodes concerned. The program has a fault that can be
# switched on (broken.c).
set -u
# A run that is ended by a violation frees nothing; a sanitizer would call that a leak.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
sim=${1:?the program}
here=$(cd "$(dirname "$0")" && pwd)
scenario=$here/../scenarios/small.yaml
work=$(mktemp -d "${TMPDIR:-/tmp}/uftp-invariants.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
    echo "FAILED: $*"
    cat "$work/report"
    failed=1
}

# breaks FAULT MESSAGE NODES [OPTION...]
breaks() {
    fault=$1 message=$2 nodes=$3
    shift 3
    UFTP_BROKEN=$fault "$sim" run --seed 7 "$@" "$scenario" >"$work/out" 2>"$work/report"
    [ $? -eq 2 ] || fail "$fault: the exit status must be 2"
    grep -q "^sim: .*$message" "$work/report" || fail "$fault: not '$message'"
    # The last lines of each node that is concerned.
    for node in $nodes; do
        sed -n "/^node [0-9]* \"$node\"/,/^node/p" "$work/report" |
            grep -q '[0-9]\.[0-9]\{9\} \(sent\|event\|arrived\)' || fail "$fault: no lines of $node"
    done
    # The command that is printed gives the same again. What a report tells is seen with one only.
    command=$(sed -n 's/^sim: to repeat: uftp-sim //p' "$work/report")
    case $* in *--json*) command="$command --json $work/report.json" ;; esac
    digest=$(grep '^sim: seed 7, ' "$work/report")
    eval "UFTP_BROKEN=$fault \"\$sim\" $command" >"$work/out" 2>"$work/again"
    [ -n "$digest" ] && grep -qxF "$digest" "$work/again" || fail "$fault: the command repeats it not"
}

breaks complete 'plant-[0-2] calls "hello" complete, but it has other bytes\|nobody sent' "hub plant-0"
breaks clear 'hub sent a secret in the clear: the content of a file' hub --set sender.cipher=aes256-gcm
breaks report 'report.json holds a secret: a key of a session' hub --set sender.cipher=aes256-gcm \
    --json "$work/report.json"
[ ! -s "$work/report.json" ] || fail "report: it was written all the same"
breaks memory 'hub kept [0-9]* blocks of memory' hub

# Whoever wants to see how it goes on may.
UFTP_BROKEN=clear "$sim" run --no-invariants --set sender.cipher=aes256-gcm \
    --set sender.passes=2 "$scenario" \
    >"$work/out" 2>"$work/report"
grep -q '^uftp-sim: not as expected' "$work/report" || fail "--no-invariants: it does not go on"
# Without a fault all is well, and the digest is that of a run that nobody watches.
"$sim" run --quiet "$scenario" >"$work/out" 2>"$work/report" || fail "no fault"
"$sim" run --quiet --no-invariants "$scenario" | cmp -s - "$work/out" || fail "two digests"

exit $failed
