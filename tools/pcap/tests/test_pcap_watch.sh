#!/bin/sh
# SPDX-License-Identifier: MIT
# test_pcap_watch.sh UFTP UFTPD UFTP-PCAP: dump, check, stats and extract on a live interface, until
# they are interrupted or have seen enough, while real programs transfer files in version 5 and, in
# CBC mode with an HMAC, in version 4. The key log is empty when the watchers start: they decrypt
# with what the sender writes into it while they watch.
. "$(dirname "$0")/../../../impl/uftp/tests/stage.sh"
pcap=$3

mkdir "$stage/source"
head -c 70000 /dev/urandom >"$stage/source/file.70000"
(umask 077 && : >"$stage/keys")

# watch NAME COMMAND...: in the background, output in $stage/NAME; its pid is in $watcher.
watch() {
    name=$1
    shift
    "$pcap" "$@" -i lo -f udp >"$stage/$name" 2>"$stage/$name.err" &
    watcher=$!
    pids="$pids $watcher"
}

# finish_watch NAME PID CODE: interrupts it and expects it to end with CODE.
finish_watch() {
    kill -INT "$2"
    wait "$2"
    code=$?
    [ $code = "$3" ] || complain "$1 ended with $code instead of $3: $(cat "$stage/$1" "$stage/$1.err")"
}

# expect FILE PATTERN: a line that matches.
expect() {
    grep -qE -- "$2" "$stage/$1" || complain "nothing like '$2' in $1: $(tail -n 5 "$stage/$1")"
}

mkdir "$stage/files"
watch dump dump -k "$stage/keys"
dump=$watcher
watch check check -k "$stage/keys"
check=$watcher
watch check.json check --json
check_json=$watcher
watch stats stats --json -k "$stage/keys"
stats=$watcher
watch extract extract -o "$stage/files" -k "$stage/keys"
extract=$watcher
watch count dump -c 7
count=$watcher
watch once stats -c 7
once=$watcher
sleep 0.5 # they say nothing before the first packet

start_receiver r1 -U 0xA1 --legacy-crypto
send 0 --keylog "$stage/keys" file.70000
mv "$stage/r1/file.70000" "$stage/r1/first"
send 0 --keylog "$stage/keys" --wire 4 -Y aes256-cbc -h sha256 -e ecdh_rsa:secp256r1 \
    -K rsa:2048 --legacy-crypto file.70000
stop_receiver "$receiver"

# These have seen enough by themselves.
is_gone() {
    ! kill -0 "$1"
}
for pid in "$count" "$once"; do
    wait_for is_gone "$pid" && { wait "$pid" || complain "a watcher with -c ended with $?"; }
done
expect_lines 7 ' v5 ' "$stage/count"
expect once '^frames: 7$'

sleep 0.5 # the last packets are on their way
finish_watch dump "$dump" 0
finish_watch check "$check" 0
finish_watch check.json "$check_json" 0
finish_watch stats "$stats" 0
finish_watch extract "$extract" 0

expect dump ' v5 .* \[FILESEG\] seq .* file 1 section 0 block 53, 1100 bytes$'
expect dump ' v4 .* \[FILESEG\] seq .* file 1 section 0 block 53, 1100 bytes$'
expect_lines 0 'no key' "$stage/dump"
expect check '^not_decrypted: 0$'
expect check '^whole: yes$'
expect check.json '^\{"packets":[0-9]*,"not_decrypted":[1-9][0-9]*,"whole":true,"broken":\[\]\}$'
expect stats '"decrypted":\{"KEYINFO_ACK":1,"FILEINFO":'
expect stats '"version":64,'
expect extract '^2 written, 0 incomplete, 0 failed$'
expect_lines 0 'lost by the live capture' "$stage/dump.err"
[ "$(find "$stage/files" -name file.70000 -exec cmp {} "$stage/source/file.70000" \; -print |
    wc -l)" = 2 ] || complain "the files differ: $(ls -lR "$stage/files")"
verdict
