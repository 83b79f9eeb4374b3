#!/bin/sh
# SPDX-License-Identifier: MIT
# What can be wrong: one line on stderr that says it, the exit code of the manual, and nothing
# half-written in a destination.
. "$(dirname "$0")/stage.sh"

mkdir "$stage/source" "$stage/dest"
head -c 600000 /dev/urandom >"$stage/source/file"
cd "$stage/source" || exit 1
echo "not a key" >"$stage/garbage"
mkfifo "$stage/fifo"

# refused CODE WORDS command...: exactly one line, with these words in it.
refused() {
    expected=$1
    words=$2
    shift 2
    timeout 10 "$@" >"$stage/out" 2>"$stage/err" </dev/null
    code=$?
    [ $code = "$expected" ] || complain "$*: exit code $code instead of $expected"
    [ "$(wc -l <"$stage/err")" = 1 ] || complain "$*: not one line: $(cat "$stage/err")"
    grep -q -- "$words" "$stage/err" || complain "$*: not '$words' but: $(cat "$stage/err")"
    [ ! -s "$stage/out" ] || complain "$*: something on stdout"
}

# Options.
refused 1 "unknown option -v" "$uftp" -v file
refused 1 "unknown or ambiguous option --verbose" "$uftp" --verbose file
refused 1 "needs a value" "$uftp" file -R
refused 1 "'fast' is not a rate" "$uftp" -R fast file
refused 1 "no files to send" "$uftp"
refused 1 "'tfmcc:fast' is not a congestion control" "$uftp" -C tfmcc:fast file
refused 1 "cannot open restart file .*: No such file" "$uftp" -F _group_1_restart
refused 1 "is not one, or is damaged" "$uftp" -F /bin/sh
refused 1 "unknown option -z" "$uftpd" -z
refused 1 "unexpected operand" "$uftpd" -d file
refused 1 "heartbeats is not implemented yet" "$uftpd" -H host
refused 1 "cannot be used together" "$uftpd" -d -t -T /tmp
# Lists and files of the programs.
refused 1 "cannot open file list .*: No such file" "$uftp" -i "$stage/none"
refused 1 "cannot open exclude list .*: No such file" "$uftp" -X "$stage/none" file
refused 1 "cannot open host list .*: No such file" "$uftp" -H "@$stage/none" file
refused 1 "cannot open status file .*: No such file" "$uftp" -S "$stage/none/x" file
refused 4 "cannot open log file .*: No such file" "$uftp" -L "$stage/none/x" file
refused 1 "cannot open server list .*: No such file" "$uftpd" -d -S "$stage/none"
refused 1 "cannot open status file .*: No such file" "$uftpd" -d -I lo -F "$stage/none/x"
refused 4 "cannot open log file .*: No such file" "$uftpd" -I lo -L "$stage/none/x"
refused 1 "cannot write pid file .*: No such file" "$uftpd" -I lo -P "$stage/none/x"
refused 1 "cannot execute script" "$uftpd" -d -s "$stage/none"
# Keys.
refused 3 "cannot open key file .*: No such file" "$uftp" -k "$stage/none" file
refused 3 "cannot be used" "$uftp" -k "$stage/garbage" file
refused 3 "cannot read key file .*: Is a directory" "$uftp" -k "$stage" file
refused 3 "won't overwrite" "$uftp" -k "$stage/garbage" -K ec:secp256r1 file
refused 3 "cannot open key file .*: No such file" "$uftpd" -d -I lo -k "$stage/none"
refused 3 "cannot be used" "$uftpd" -d -I lo -k "$stage/garbage"
refused 3 "too long for an announcement" "$uftp" -I lo -K rsa:4096 file
grep -q "^not a key" "$stage/garbage" || complain "a key file was overwritten"
# Addresses and interfaces.
refused 1 "'nosuch0' is no interface" "$uftp" -I nosuch0 file
refused 1 "'nosuch0' is no interface" "$uftpd" -d -I lo,nosuch0
refused 2 "'300.1.1.1' is not a known address" "$uftp" -M 300.1.1.1 file
refused 2 "needs a private one" "$uftp" -M ff15::1 file
refused 2 "not of the same family" "$uftp" -M 230.4.4.1 -P ff15::1 file
refused 2 "neither a port" "$uftp" -p 70000 file
refused 2 "it is not a multicast group" "$uftpd" -d -I lo -M 127.0.0.1
echo "1|127.0.0.1|0" >"$stage/servers"
refused 1 "is not in 232.0.0.0/8" "$uftpd" -d -I lo -o -S "$stage/servers"
# No route: the only interface is down. Then a destination that leads nowhere.
ip link set lo down
refused 2 "no route for multicast" "$uftp" file
refused 2 "no route for multicast" "$uftpd" -d
refused 2 "no route to 192.0.2.1: Network is unreachable" "$uftp" -M 192.0.2.1 file
refused 2 "interface lo is down" "$uftp" -I lo file
ip link set lo up
refused 2 "cannot join group ff15::1: no route for multicast" "$uftpd" -d -I lo/4 -M ff15::1
# A port in use, at both ends.
start_receiver r1 -U 0xA1
refused 2 "port 1044 is in use" "$uftpd" -d -I lo -D "$stage/dest"
refused 2 "source port 1044 is in use" "$uftp" -I lo -u 1044 file

# Destinations.
refused 1 "is not a list of absolute paths" "$uftpd" -d -D relative
refused 1 "No such file or directory" "$uftpd" -d -I lo -D "$stage/none"
refused 1 "Not a directory" "$uftpd" -d -I lo -D "$stage/garbage"
mkdir "$stage/mount1" "$stage/mount2"
mount -t tmpfs -o size=1m tmpfs "$stage/mount1" || skip "no mounts of our own here"
mount -t tmpfs -o ro tmpfs "$stage/mount2"
refused 1 "Read-only file system" "$uftpd" -d -I lo -D "$stage/mount2"
refused 1 "must differ" "$uftpd" -d -I lo -D "$stage/dest" -T "$stage/dest"
[ -z "$(ls -A "$stage/dest")" ] || complain "left by the checks: $(ls -A "$stage/dest")"

# Files that cannot be sent: the session goes on, and ends with 10 when nothing was left to send.
send 10 -x 0 nothere
expect_lines 1 "Skipping nothere: no such file or directory" "$stage/send.log"
[ "$(wc -l <"$stage/send.log")" = 1 ] || complain "missing file: $(cat "$stage/send.log")"
send 10 -x 0 "$stage/fifo"
[ "$(wc -l <"$stage/send.log")" = 1 ] || complain "special file: $(cat "$stage/send.log")"
send 0 -x 0 nothere file
[ "$(wc -l <"$stage/send.log")" = 1 ] || complain "missing file: $(cat "$stage/send.log")"
cmp -s file "$stage/r1/file" || complain "the file after a missing one has not arrived"
rm "$stage/r1/file"

# Names that point outside: rejected, told once at each end, nothing written.
before=$(find "$stage" | sort | md5sum)
for name in ../evil sub/../../evil /etc/evil "$stage/evil"; do
    send 10 -x 0 -Y none -D "$name" file
    expect_lines 1 "Rejected" "$stage/send.log"
    [ "$(wc -l <"$stage/send.log")" = 1 ] || complain "$name: $(cat "$stage/send.log")"
done
expect_lines 4 "Rejecting file" "$stage/r1.log"
[ -z "$(ls -A "$stage/r1")" ] || complain "left over: $(ls -A "$stage/r1")"
[ "$before" = "$(find "$stage" | sort | md5sum)" ] || complain "something outside was written"
[ ! -e /etc/evil ] || complain "/etc/evil was written"
stop_receiver "$receiver"

# No receiver: exit 7, one line.
send 7 -x 0 file
[ "$(wc -l <"$stage/send.log")" = 1 ] || complain "no receiver: $(cat "$stage/send.log")"

# A disk that is too small is refused before a byte is sent; one that fills up in mid-file ends it.
start_receiver mount1 -U 0xA1 -x 0
head -c 2000000 /dev/urandom >big
send 8 big
expect_lines 1 "Error receiving big: no space left" "$stage/mount1.log"
[ -z "$(ls -A "$stage/mount1")" ] || complain "left over: $(ls -A "$stage/mount1")"
(
    wait_for test -n "$(sleep 1; ls -A "$stage/mount1")"
    head -c 2000000 /dev/zero >"$stage/mount1/filler" 2>/dev/null
) &
send 9 -R 2000 file
[ "$(ls -A "$stage/mount1")" = filler ] || complain "left over: $(ls -A "$stage/mount1")"
expect_lines 1 "Error receiving file: no space left" "$stage/mount1.log"
# The version, and one line for each of the two.
[ "$(wc -l <"$stage/mount1.log")" = 3 ] || complain "disk full: $(cat "$stage/mount1.log")"
kill -0 "$receiver" || complain "the receiver did not survive a full disk"
rm "$stage/mount1/filler"
send 0 file
cmp -s file "$stage/mount1/file" || complain "nothing arrives when there is room again"
stop_receiver "$receiver"

# Two receivers with one UID, on two hosts: one is served, the other is told of.
for host in 1 2; do
    unshare -n sleep 600 &
    eval "host$host=\$!"
    pids="$pids $!"
done
sleep 0.3
ip link add bridge0 type bridge mcast_snooping 0
ip addr add 10.77.0.254/24 dev bridge0
ip link set bridge0 up
for host in 1 2; do
    eval "pid=\$host$host"
    ip link add veth$host type veth peer name eth0 netns "$pid"
    ip link set veth$host master bridge0 up
    nsenter -t "$pid" -n ip addr add 10.77.0.$host/24 dev eth0
    nsenter -t "$pid" -n ip link set eth0 up
done
wait_for link_is_up veth1
wait_for link_is_up veth2
interface=eth0
for host in 1 2; do
    eval "inside=\"nsenter -t \$host$host -n\""
    start_receiver "twin$host" -U 0xA1
done
inside=
interface=bridge0
for cipher in none aes256-gcm; do
    send 0 -x 1 -Y $cipher -D "$cipher" file
    expect_lines 1 "another receiver with the same UID" "$stage/send.log"
done

verdict
