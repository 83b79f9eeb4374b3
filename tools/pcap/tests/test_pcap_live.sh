#!/bin/sh
# SPDX-License-Identifier: MIT
# test_pcap_live.sh UFTP UFTPD UFTP-PCAP: uftp-pcap on a live interface, and key logs as the real
# programs write them: secrets only where asked for, and enough to open the session. A transfer is
# watched by one uftp-pcap; where tcpdump or dumpcap is there, it is also
# captured and extracted again.
. "$(dirname "$0")/../../../impl/uftp/tests/stage.sh"
pcap=$3

mkdir "$stage/source"
head -c 70000 /dev/urandom >"$stage/source/file.70000"

# Both ends log, one by option, one by the environment.
"$pcap" dump -i lo -f udp >"$stage/dump" 2>"$stage/dump.err" &
watcher=$!
pids="$pids $watcher"
# Whatever captures here: one writes pcap, the other pcapng.
capturer=
if command -v tcpdump >/dev/null; then
    tcpdump -i lo -U -Z root -w "$stage/session.pcap" udp 2>"$stage/capturer.err" &
    capturer=$!
elif command -v dumpcap >/dev/null; then
    dumpcap -q -i lo -f udp -w "$stage/session.pcap" 2>"$stage/capturer.err" &
    capturer=$!
fi
if [ -n "$capturer" ]; then
    pids="$pids $capturer"
    wait_for grep -qE "listening on|File:" "$stage/capturer.err"
fi
sleep 0.5 # for the watcher to be there; it says nothing before the first packet
start_receiver r1 -U 0xA1 --keylog "$stage/receiver.keys"
UFTPKEYLOGFILE=$stage/sender.keys send 0 file.70000
stop_receiver "$receiver"
sleep 0.3 # the last packets are on their way to the watcher
kill -INT "$watcher"
wait "$watcher" || complain "the watcher ended with $?"

[ "$(stat -c %a "$stage/sender.keys")" = 600 ] || complain "the sender's key log may be read"
[ "$(stat -c %a "$stage/receiver.keys")" = 600 ] || complain "the receiver's key log may be read"
expect_lines 1 "The secrets of this session go to a key log" "$stage/send.log"
expect_lines 1 "The secrets of all sessions go to a key log" "$stage/r1.log"
for label in SERVER_APP_KEY SERVER_APP_IV; do
    [ "$(grep "^$label " "$stage/sender.keys")" = "$(grep "^$label " "$stage/receiver.keys")" ] ||
        complain "the logs do not agree on $label"
done
grep -q ' v5 .* ANNOUNCE seq 0 ' "$stage/dump" || complain "nothing seen live: $(cat "$stage/dump.err")"
grep -q ' ENCRYPTED seq .*no key' "$stage/dump" || complain "no encrypted packets seen live"

# Without being asked, nobody tells.
start_receiver r2 -U 0xA2
send 0 file.70000
stop_receiver "$receiver"
expect_lines 1 "^SERVER_APP_KEY" "$stage/sender.keys"

if [ -n "$capturer" ]; then
    sleep 1 # its buffers
    kill "$capturer"
    wait "$capturer"
    # Loopback hands each multicast to the capture once; the second session stays sealed.
    for keys in sender receiver; do
        mkdir "$stage/$keys"
        "$pcap" extract -o "$stage/$keys" -k "$stage/$keys.keys" "$stage/session.pcap" \
            >"$stage/extract.log" 2>&1
        cmp -s "$stage/source/file.70000" "$stage/$keys"/*/file.70000 ||
            complain "with the $keys's keys: $(cat "$stage/extract.log")"
    done
    "$pcap" check -k "$stage/sender.keys" "$stage/session.pcap" >"$stage/check.log" 2>&1 ||
        complain "rules are broken: $(cat "$stage/check.log")"
fi

# A key log that cannot be written stops the programs before they send anything.
send 3 --keylog "$stage/none/keys" file.70000
ln -s "$stage/sender.keys" "$stage/link"
send 3 --keylog "$stage/link" file.70000
verdict
