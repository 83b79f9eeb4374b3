#!/bin/sh
# SPDX-License-Identifier: MIT
# Every exit code of uftp (0 to 10) and uftpd (0 to 6), provoked in every way that is known, and one
# line on stderr where there is something to say.
#
# usage: test_exit_codes.sh UFTP UFTPD
. "$(dirname "$0")/stage.sh"

mkdir "$stage/source" "$stage/d"
cd "$stage/source" || exit 1
echo small >small
head -c 2000000 /dev/urandom >big
echo taken >taken
echo "not hexadecimal" >bad-list
head -c 100 /dev/urandom >bad-restart

# What needs nobody else. A line: the code, what it is, and the options.
while IFS='|' read -r code what options; do
    # shellcheck disable=SC2086 # words
    send "$code" -x 0 $options
    [ "$(wc -l <"$stage/send.log")" = 1 ] || complain "$what: not one line: $(cat "$stage/send.log")"
done <<END
1|unknown option|--no-such-option
1|no operand|
1|a value out of range|-R 0 small
1|not a number|-s many small
1|restart with sync|-f -z small
1|no list of files|-i no-such-list
1|no list of hosts|-H @no-such-list small
1|not a host|-H @bad-list small
1|no list of exclusions|-X no-such-list small
1|no status file|-S no/such/place small
1|no restart file|-F no-such-file
1|not a restart file|-F bad-restart
1|no such interface|-I nosuch0 small
2|unknown host|-M no-such-host.invalid small
2|no private group of the family|-M ff15::77:1 small
2|a private address that is no group|-P 127.0.0.1 small
2|a port that is none|-p 70000 small
3|would overwrite|-k taken -K ec:secp256r1 small
3|no key file|-k no-such-key small
3|not a key|-k small small
3|a key too long for the wire|-K rsa:4096 small
4|no place for a log|-L no/such/place small
7|nobody answers|-H 0xAE small
7|nobody answers, -q|-q -H 0xAE small
END

# uftpd's own.
while IFS='|' read -r code what options; do
    # shellcheck disable=SC2086
    timeout 5 "$uftpd" -I lo $options 2>"$stage/err" </dev/null
    found=$?
    [ $found = "$code" ] || complain "uftpd, $what: exit code $found instead of $code"
    [ "$(wc -l <"$stage/err")" = 1 ] || complain "uftpd, $what: not one line: $(cat "$stage/err")"
done <<END
1|unknown option|--no-such-option
1|a relative directory|-d -D relative
1|no such directory|-d -D $stage/none
1|no server list|-d -D $stage/d -S $stage/none
1|source-specific without servers|-d -D $stage/d -o
1|no script|-d -D $stage/d -s $stage/none
1|no status file|-d -D $stage/d -F $stage/none/x
1|no pid file|-D $stage/d -P $stage/none/x
2|not a group|-d -D $stage/d -M 127.0.0.1
3|no key file|-d -D $stage/d -k $stage/none
3|would overwrite|-d -D $stage/d -k $stage/source/taken -K ec:secp256r1
4|no place for a log|-D $stage/d -L $stage/none/x
END

# 0: the parent of a daemon. 2: the port is taken. 6: it is told to end.
"$uftpd" -I lo -U 0xD1 -M "$group" -D "$stage/d" -L "$stage/d.log" -P "$stage/d.pid" ||
    complain "the daemon's parent did not end with 0"
wait_for test -s "$stage/d.pid"
timeout 5 "$uftpd" -d -I lo -M "$group" -D "$stage/d" 2>"$stage/err"
[ $? = 2 ] || complain "a port that is taken is not 2"
kill "$(cat "$stage/d.pid")"
wait_for grep -q "Exiting on signal 15" "$stage/d.log"
for signal in INT TERM; do
    start_receiver $signal -U 0xA1
    kill -$signal "$receiver"
    wait "$receiver"
    [ $? = 6 ] || complain "uftpd: $signal is not 6"
done

# 5: no memory, however little there is of it: no crash, no other code than that of a start.
memory_is_short() { # memory_is_short CODE COMMAND...: CODE is that of a start
    started=$1
    shift
    seen=
    for limit in $(seq 3500 250 40000); do
        (ulimit -v "$limit" && exec "$@") >"$stage/out" 2>"$stage/err" </dev/null
        code=$?
        case $code in
        127) continue ;; # the loader had none
        5) seen=1 ;;
        "$started") break ;;
        *) complain "$limit KiB: $1 ended with $code: $(cat "$stage/err")" ;;
        esac
        [ "$(cat "$stage/err")" = "${1##*/}: out of memory" ] ||
            complain "$limit KiB: not one line: $(cat "$stage/err")"
    done
    [ -n "$seen" ] || complain "$1: no limit made it say that there is no memory"
}
if ! grep -q __asan_init "$uftp"; then # sanitizers reserve terabytes
    memory_is_short 7 "$uftp" -x 0 -I lo -M "$group" -P "$private" -H 0xAE -r 0.02:0.01:0.5 -s 10 small
    mkfifo "$stage/fifo"
    memory_is_short 4 "$uftpd" -I lo -D "$stage/d" -L "$stage/none/x" # it ends where it opens the log
fi

# With a receiver.
start_receiver r1 -U 0xA1
send 0 -H 0xA1 small
send 0 -H 0xA1,0xAE small # one is enough
send 0 -H 0xA1 -z small   # skipped
send 0 -H 0xA1 -Z big     # would be sent
send 7 -H 0xA1,0xAE -q small
send 10 -H 0xA1 no-such-file
send 10 -H 0xA1 -D ../up small
send 10 -H 0xA1 -E /nowhere "$stage/source/small"
send 0 -H 0xA1 no-such-file small
for signal in INT TERM; do
    : >"$stage/send.log" # or the line waited for may be that of the last round
    (cd "$stage/source" && exec "$uftp" -I lo -M "$group" -P "$private" -H 0xA1 -r 0.02:0.01:0.5 -s 10 \
        -R 4000 big) 2>"$stage/send.log" &
    sender=$!
    wait_for grep -q "Sending section" "$stage/send.log"
    kill -$signal $sender
    wait $sender
    [ $? = 6 ] || complain "uftp: $signal is not 6"
done
# It goes in mid-file: with a word, without one, and as one of two with -q.
for signal in TERM KILL; do
    : >"$stage/send.log"
    (wait_for grep -q "Sending section" "$stage/send.log" && kill -$signal "$receiver") &
    send 9 -H 0xA1 -R 4000 big
    wait $!
    start_receiver r1 -U 0xA1
done
# It answers no more when the time for the file is up.
: >"$stage/send.log"
(wait_for grep -q "Sending section" "$stage/send.log" && kill -STOP "$receiver") &
send 9 -H 0xA1 -R 16000 -W 110 big
wait $!
kill -CONT "$receiver"
expect_lines 1 "Max file transfer time exceeded" "$stage/send.log"
start_receiver r2 -U 0xA2
other=$receiver
: >"$stage/send.log"
(wait_for grep -q "Sending section" "$stage/send.log" && kill "$other") &
send 9 -H 0xA1,0xA2 -q -R 4000 big
wait $!
# A disk that is too small: 8, and with room for the first file only, too.
mkdir "$stage/mount1" && mount -t tmpfs -o size=64k none "$stage/mount1" || skip "no mounts of our own"
start_receiver mount1 -U 0xA3
send 8 -H 0xA3 big
send 8 -H 0xA3 small big
stop_receiver "$receiver"
verdict
