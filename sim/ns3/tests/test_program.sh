#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_program.sh PROGRAM BUILD: what uftp-ns3 promises a script, and that it stays in the tree.
set -u
program=$1
build=$2
bad=0
complain() {
    echo "$*"
    bad=1
}

# expect STATUS OPTION...: the exit status; the output is left in $out.
expect() {
    wanted=$1
    shift
    out=$("$program" "$@" 2>&1)
    got=$?
    [ $got -eq "$wanted" ] || complain "$* exits with $got instead of $wanted: $out"
}
has() {
    printf '%s\n' "$out" | grep -Eq "$1" || complain "no line '$1' in: $out"
}

small="--receivers 3 --file-size 50k --plain"
expect 0 $small
has '^time +[0-9]+\.[0-9]{3} s$'
has '^passes +[1-9]'
has '^sent +[0-9]+ bytes in [0-9]+ datagrams$'
has '^identical +yes \(3 of 3 receivers\)$'
has '^digest +[0-9a-f]{64}$'
first=$out
expect 0 $small
[ "$first" = "$out" ] || complain "two processes, two results: $first; $out"
expect 0 $small --run 2
[ "$first" != "$out" ] || complain "--run changes nothing"
expect 0 $small --encrypted
[ "$first" != "$out" ] || complain "--encrypted changes nothing"
expect 0 $small --stack --queue fq-codel --reference
has '^engine +our own$'

# A receiver without the file must be seen: none hears anything; the time is too short.
expect 1 $small --loss 100
has '^identical +no \(0 of 3 receivers\)$'
expect 1 $small --limit 1
has '^time +not within 1 s$'

expect 2 --receivers 201
expect 2 --receivers 101 --stack
expect 2 --queue fq-codel
expect 2 --delay 280-240
expect 2 --loss 101
expect 2 --rate 0
expect 2 --file-size 0
expect 2 --seed 0
expect 2 operand

# ns-3 is GPL-2.0-only: what links it must not be installed with the rest.
if grep -rqs --include=cmake_install.cmake 'bin/uftp-ns3' "$build"; then
    complain "uftp-ns3 would be installed"
fi
exit $bad
