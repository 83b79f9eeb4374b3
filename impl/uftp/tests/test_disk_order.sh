#!/bin/sh
# SPDX-License-Identifier: MIT
# What uftpd asks of the disk before it says COMPLETE, as the kernel sees it (strace), and what it
# says when the disk refuses. With --sync-to-disk the bytes of a file, and then its name, are on the
# disk before the sender is told.
#
# usage: test_disk_order.sh UFTP UFTPD
. "$(dirname "$0")/stage.sh"
command -v strace >/dev/null || skip "no strace"
strace -o /dev/null true 2>/dev/null || skip "tracing is not allowed here"

# The leak check of a sanitizer cannot be done under a tracer.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"

mkdir "$stage/source"
cd "$stage/source" || exit 1
head -c 50000 /dev/urandom >name

hex() {
    printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# start_traced NAME "STRACE OPTIONS" [OPTIONS]: a receiver as start_receiver has it, and its trace.
start_traced() {
    traced=$1
    # The tracer is its child (-D): signals and exit codes are the receiver's own. Strings in hex.
    inside="strace -D -yy -xx -s 24 -o $stage/$traced.trace -e trace=fsync,fdatasync,renameat,sendmmsg,sendmsg,pwritev $2"
    shift 2
    start_receiver "$traced" -U 0xA1 "$@"
    inside=
}

# steps NAME: what happened, a word each. Of a packet: version 5, 15 bytes, COMPLETE, its length in
# words, the file's ID (0: the group). Plain sessions, so that it can be read.
steps() {
    sed 's/\\x//g' "$stage/$1.trace" | sed -n "
        / = -1 /{ /fsync(/s/.*/flush-failed/p; /renameat(/s/.*/rename-failed/p; /pwrite/s/.*/write-failed/p; d; }
        /fsync(.*$(hex .~uftp-)/s/.*/flush-file/p
        /renameat(.*\"$(hex name)\"/s/.*/rename/p
        /fsync(/s/.*/flush-directory/p
        /iov_base=\"50.\{30\}0c0[25]0001/s/.*/complete/p
        /iov_base=\"50.\{30\}0c0[25]0000/s/.*/group-complete/p" | uniq | tr '\n' ' '
}

expect_steps() {
    found=$(steps "$1")
    [ "$found" = "$2 " ] || complain "$1: $found instead of $2"
}

start_traced sync "" --sync-to-disk
send 0 -Y none -H 0xA1 name
stop_receiver "$receiver"
expect_steps sync "flush-file rename flush-directory complete group-complete"
cmp name "$stage/sync/name" || complain "the file differs"

# Without the option nothing is flushed, and the name still comes before the word.
start_traced nosync ""
send 0 -Y none -H 0xA1 name
stop_receiver "$receiver"
expect_steps nosync "rename complete group-complete"

# A disk that cannot keep it. While blocks come in, that ends the session for this receiver; at the end
# of the file the answer is "rejected". Never is a file under its name that the disk has refused.
while read -r call code record what; do
    start_traced "$call" "-e inject=$call:error=EIO" --sync-to-disk
    send "$code" -Y none -H 0xA1 -S "$stage/$call.records" name
    expect_lines 1 "^RESULT;0xA1;name;48KB;$record;$" "$stage/$call.records"
    kill -0 "$receiver" || complain "the receiver did not survive an error of $call"
    stop_receiver "$receiver"
    expect_steps "$call" "$what"
    [ -z "$(ls -A "$stage/$call")" ] || complain "left over: $(ls -A "$stage/$call")"
done <<END
fsync 10 rejected flush-failed complete group-complete
pwritev 9 aborted write-failed
END
verdict
