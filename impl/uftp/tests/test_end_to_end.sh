#!/bin/sh
# SPDX-License-Identifier: MIT
# uftp and uftpd over loopback multicast: what arrives is what was sent.
. "$(dirname "$0")/stage.sh"

mkdir "$stage/source"
cd "$stage/source" || exit 1
for size in 0 1 1299 1300 1301 70000 3000000; do
    head -c $size /dev/urandom >"file.$size"
done
mkdir -p tree/sub/deep tree/empty
echo hello >tree/sub/deep/text
echo "odd name" >"tree/a; \$(b) \"c\"
d"
ln -s sub/deep/text tree/link
ln -s /nonexistent tree/dangling
touch -d "2001-02-03 04:05:06" tree/sub/deep/text
files="file.0 file.1 file.1299 file.1300 file.1301 file.70000 file.3000000 tree"

# same RECEIVER: every name, byte, link and time, and nothing besides.
same() {
    diff -r --no-dereference "$stage/source" "$stage/$1" >"$stage/diff" 2>&1 ||
        complain "$1 differs: $(head -3 "$stage/diff")"
    [ "$(stat -c %Y "$stage/$1/tree/sub/deep/text")" = \
        "$(stat -c %Y "$stage/source/tree/sub/deep/text")" ] || complain "$1: other time"
}

# One and three receivers, encrypted and not.
for cipher in aes256-gcm none aes128-ccm; do
    for count in 1 3; do
        started=
        for i in $(seq $count); do
            start_receiver "r$i" -U "0xA$i"
            started="$started $receiver"
        done
        rm -f "$stage/status"
        # shellcheck disable=SC2086
        send 0 -Y $cipher -S "$stage/status" $files
        for i in $(seq $count); do
            same "r$i"
            expect_lines 12 "^RESULT;0x000000A$i;.*;copy;" "$stage/status"
            expect_lines 1 "^STATS;0x000000A$i;12;0;0;2MB;" "$stage/status"
            expect_lines 12 ";copied$" "$stage/r$i.status"
        done
        for pid in $started; do
            stop_receiver "$pid"
        done
        rm -rf "$stage"/r? "$stage"/r?.status
    done
done

# Keys that are kept, client authentication, other algorithms.
start_receiver r1 -U 0xA1 -k "$stage/client.pem" -K ec:secp384r1 -E
send 0 -c -k "$stage/server.pem" -K rsa:2048 -h sha512 -e secp521r1 file.70000
stop_receiver "$receiver"
start_receiver r1 -U 0xA1 -k "$stage/client.pem"
wait_for grep -q "fingerprint" "$stage/r1.log"
print=$(sed -n 's/.*fingerprint //p' "$stage/r1.log")
printf '0xA1|%s\n' "$print" >"$stage/hosts"
send 0 -c -k "$stage/server.pem" -H "@$stage/hosts" file.1301
# The right fingerprint got in; a wrong one must not.
wrong=00
[ "${print%%:*}" != 00 ] || wrong=01
printf '0xA1|%s%s\n' "$wrong" "${print#??}" >"$stage/hosts"
send 7 -c -H "@$stage/hosts" file.1300
[ ! -e "$stage/r1/file.1300" ] || complain "a receiver with a wrong key was served"
stop_receiver "$receiver"
rm -rf "$stage/r1"

# A closed group with one that is absent; the others are served (exit 0).
start_receiver r1 -U 0xA1
send 0 -H 0xA1,0xA9 -S "$stage/closed" file.1
expect_lines 1 "^CONNECT;failed;0xA9" "$stage/closed"
expect_lines 1 "^RESULT;0xA9;file.1;0KB;mute;" "$stage/closed"
send 7 -q -H 0xA1,0xA9 file.1300
# The names: -D, -o, -X, -i, -E.
send 0 -D renamed file.1
send 0 -o -D dir file.1
echo tree/sub >"$stage/exclude"
send 0 -D less -o -X "$stage/exclude" tree
printf 'file.1299\r\n\nfile.1301' >"$stage/list"
send 0 -i "$stage/list"
printf 'file.0\n' | send 0 -o -D stdin -i -
send 0 -l -D followed tree/link
ln -s file.1 "$stage/source/to1" && send 0 -l -D to1 to1 && rm "$stage/source/to1"
[ -f "$stage/r1/to1" ] && [ ! -L "$stage/r1/to1" ] || complain "-l has sent the link"
send 0 -E "$stage/source/tree/" -o -D based "$stage/source/tree/sub"
for name in renamed dir/file.1 stdin/file.0 followed less/tree/empty file.1299 file.1301 based/sub/deep/text; do
    [ -e "$stage/r1/$name" ] || complain "$name has not arrived"
done
[ ! -e "$stage/r1/less/tree/sub" ] || complain "an excluded name was sent"
# Sync leaves alone what is there; a preview changes nothing; @DELETE deletes.
send 0 -z -S "$stage/sync" file.1299
expect_lines 1 ";file.1299;1KB;skipped;$" "$stage/sync"
send 0 -Z -S "$stage/sync" file.0
expect_lines 1 ";file.0;0KB;copy;" "$stage/sync"
[ ! -e "$stage/r1/file.0" ] || complain "a preview has sent something"
send 0 @DELETE:file.1299 @FREESPACE -S "$stage/sync"
[ ! -e "$stage/r1/file.1299" ] || complain "@DELETE has not deleted"
expect_lines 1 "^FREESPACE;.;[0-9]*$" "$stage/sync"
stop_receiver "$receiver"

# Both ends of an interruption: exit 6, "aborted", and nothing half-written is left.
rm -rf "$stage/r1"
start_receiver r1 -U 0xA1
(cd "$stage/source" && exec "$uftp" -I lo -M "$group" -P "$private" -r 0.02:0.01:0.5 -s 10 -R 8000 -x 0 \
    file.3000000) 2>"$stage/send.log" &
sender=$!
pids="$pids $sender"
sleep 1
kill "$sender"
wait "$sender"
[ $? = 6 ] || complain "uftp did not end with 6"
expect_lines 1 "Got signal 15, aborting" "$stage/send.log"
wait_for grep -q "Server quit" "$stage/r1.log"
[ -z "$(ls -A "$stage/r1")" ] || complain "left over: $(ls -A "$stage/r1")"
(sleep 1 && kill "$receiver") &
send 9 -R 8000 -S "$stage/aborted" file.3000000
expect_lines 1 ";aborted;$" "$stage/aborted"
wait "$receiver"
[ -z "$(ls -A "$stage/r1")" ] || complain "left over: $(ls -A "$stage/r1")"

# In the background: exit code 0, pid file, log, no terminal, "/" as its place; TERM ends it.
mkdir "$stage/d1"
"$uftpd" -I lo -U 0xD1 -M "$group" -D "$stage/d1" -L "$stage/d1.log" -P "$stage/d1.pid" -F @LOG ||
    complain "the daemon did not start"
wait_for test -s "$stage/d1.pid"
pid=$(cat "$stage/d1.pid")
pids="$pids $pid"
[ "$(stat -c %a "$stage/d1.pid")" = 644 ] || complain "pid file: mode $(stat -c %a "$stage/d1.pid")"
[ "$(readlink "/proc/$pid/cwd")" = / ] || [ "$(id -u)" != 0 ] || complain "the daemon is not in /"
send 0 file.70000
cmp "$stage/source/file.70000" "$stage/d1/file.70000" || complain "the daemon's file differs"
[ "$(stat -c %a "$stage/d1/file.70000")" = 644 ] || complain "the daemon's file has another mode"
kill "$pid"
wait_for grep -q "Exiting on signal 15" "$stage/d1.log"
expect_lines 1 "^RESULT;.*;file.70000;68KB;copied$" "$stage/d1.log"

# The script is told of what arrived, and quiet is quiet.
printf '#!/bin/sh\necho "$@" >>"%s/script.out"\n' "$stage" >"$stage/script"
chmod +x "$stage/script"
start_receiver r2 -U 0xA2 -s "$stage/script"
send 0 -x 0 file.1 file.0
[ ! -s "$stage/send.log" ] || complain "not quiet: $(cat "$stage/send.log")"
wait_for grep -q "r2/file.0" "$stage/script.out"
expect_lines 2 "^-I [0-9A-F]\{8\} $stage/r2/file.[01]$" "$stage/script.out"
# Progress: one line that is redrawn, only when asked for here (stderr is no terminal).
send 0 -x 0 --progress=always -R 20000 file.3000000
tr '\r' '\n' <"$stage/send.log" | grep -q "file.3000000 .* %  .* Mbit/s  0/1 done, 1 active, 0 lost" ||
    complain "no progress line"
tail -c 4 "$stage/send.log" | od -An -c | grep -q '033   \[   K' || complain "progress is left there"
stop_receiver "$receiver"

# With a temporary directory nothing stands in the destination before the end.
mkdir "$stage/temp"
start_receiver r3 -U 0xA3 -T "$stage/temp" -s "$stage/script"
# shellcheck disable=SC2086
send 0 $files
same r3
[ -z "$(ls -A "$stage/temp")" ] || complain "left in -T: $(ls -A "$stage/temp")"
wait_for grep -q "r3/tree" "$stage/script.out"
expect_lines 1 "$stage/r3/" "$stage/script.out"
stop_receiver "$receiver"

# A receiver that goes in mid-file, and a session restarted for it: it keeps what it had.
mkdir "$stage/r4.tmp"
start_receiver r4 -U 0xA4 -T "$stage/r4.tmp"
start_receiver r5 -U 0xA5
other=$receiver
receiver=${pids% *}
receiver=${receiver##* }
send 0 -f -R 8000 -H 0xA4,0xA5,0xAE file.3000000 &
sending=$!
wait_for sh -c "ls '$stage'/r4.tmp/_group_*/*.~uftp-*"
sleep 1
stop_receiver "$receiver"
wait $sending
restart=$(cd "$stage/source" && ls _group_*_restart)
[ "$(stat -c %s "$stage/source/$restart")" = $((12 + 300 + 2 * 156)) ] ||
    complain "the restart file is not for one file and two hosts"
start_receiver r4 -U 0xA4 -T "$stage/r4.tmp"
send 0 -F "$restart"
cmp "$stage/source/file.3000000" "$stage/r4/file.3000000" || complain "the restarted file differs"
naks=$(sed -n 's/.*Got \([0-9]*\) NAKs for section 0 from client 0xA4$/\1/p' "$stage/send.log" | head -1)
[ "${naks:-0}" -gt 0 ] && [ "$naks" -lt 2200 ] || complain "the restart began anew (NAKs: ${naks:-none})"
stop_receiver "$receiver"
stop_receiver "$other"
rm "$stage/source/$restart"

# IPv6, which lo does not multicast, and a receiver that listens on both families.
ip link add six type veth peer name six1 && ip link set six1 up && ip link set six up &&
    ip addr add fd77::1/64 dev six nodad || complain "no interface for IPv6"
wait_for link_is_up six
group=ff15::77:1
private=ff15::77:x
mkdir "$stage/r6"
"$uftpd" -d -I lo,six -U 0xA6 -M ff15::77:1,239.255.77.1 -D "$stage/r6" 2>"$stage/r6.log" &
receiver=$!
pids="$pids $receiver"
wait_for grep -q "UFTP version" "$stage/r6.log"
interface=six/6
send 0 file.70000
cmp "$stage/source/file.70000" "$stage/r6/file.70000" || complain "the file differs over IPv6"
group=239.255.77.1
private=239.255.77.2
interface=lo
send 0 file.1301
cmp "$stage/source/file.1301" "$stage/r6/file.1301" || complain "the file differs on the other family"
# Unicast needs no group.
group=127.0.0.1
send 0 file.1300
cmp "$stage/source/file.1300" "$stage/r6/file.1300" || complain "the file differs by unicast"
stop_receiver "$receiver"

verdict
