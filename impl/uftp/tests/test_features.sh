#!/bin/sh
# SPDX-License-Identifier: MIT
# What options do on the wire, on the disk and to the process, seen from outside: one function per
# feature, named in conformance/features.md. What is sent is watched by the kernel's packet filter.
#
# usage: test_features.sh UFTP UFTPD [FUNCTION ...]
. "$(dirname "$0")/stage.sh"
command -v nft >/dev/null || skip "no nftables"
nft add table inet probe 2>/dev/null || skip "no packet filter here"
shift 2

mkdir "$stage/source"
cd "$stage/source" || exit 1
head -c 100000 /dev/urandom >file
head -c 2000000 /dev/urandom >big
echo small >small
touch -d '2020-02-03 04:05:06' small
mkdir -p tree/sub tree/empty
echo text >tree/sub/text
ln -s sub/text tree/link

# watch NAME MATCH...: counts what leaves this host and matches, until the next `unwatch`.
watch() {
    counter=$1
    shift
    nft "table inet probe { counter $counter {}; chain output { type filter hook output priority 0; }; }"
    nft add rule inet probe output "$*" counter name "$counter"
}

unwatch() {
    nft delete table inet probe
    nft add table inet probe
}

watched() {
    nft list counter inet probe "$1" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}

expect_packets() { # expect_packets COUNT|some NAME
    count=$(watched "$2")
    if [ "$1" = some ]; then
        [ "$count" -gt 0 ] || complain "no packet of '$2'"
    else
        [ "$count" = "$1" ] || complain "$count packets of '$2' instead of $1"
    fi
}

in_kernel_form() { # 232.77.0.1: E84D0001
    # shellcheck disable=SC2046
    printf '%02X%02X%02X%02X' $(echo "$1" | tr . ' ')
}

dscp_and_hops_are_on_the_wire() {
    start_receiver dscp -U 0xA1 -Q 10
    watch sent "udp dport 1044 ip daddr 239.255.77.0/24"
    watch marked "udp dport 1044 ip daddr 239.255.77.0/24 ip dscp 0x2e ip ttl 7"
    watch answers "udp sport 1044 ip daddr 127.0.0.1 ip dscp 10"
    send 0 -H 0xA1 -Q 0x2e -t 7 file
    expect_packets some sent
    expect_packets "$(watched sent)" marked
    expect_packets some answers
    unwatch
    stop_receiver "$receiver"
}

# ECT(0), beside the DSCP, on what congestion control watches.
congestion_control_marks_packets() {
    start_receiver ecn -U 0xA1
    watch marked "udp dport 1044 ip daddr 239.255.77.0/24 ip dscp 10 ip ecn ect0"
    send 0 -H 0xA1 -Q 10 -C tfmcc:init=8000 file
    expect_packets some marked
    unwatch
    watch unmarked "udp dport 1044 ip ecn != not-ect"
    send 0 -H 0xA1 -Q 10 file
    expect_packets 0 unmarked
    unwatch
    cmp file "$stage/ecn/file" || complain "the file differs"
    stop_receiver "$receiver"
}

options_for_windows_say_so() {
    start_receiver windows -U 0xA1 -m
    wait_for grep -q "^.*-m has no effect here" "$stage/windows.log"
    send 0 -H 0xA1 -y small
    expect_lines 1 "^-y has no effect here" "$stage/send.log"
    stop_receiver "$receiver"
}

fragments_are_allowed() {
    start_receiver df -U 0xA1
    watch dont_fragment "udp dport 1044 ip frag-off & 0x4000 != 0"
    watch sent "udp dport 1044 ip frag-off & 0x4000 == 0"
    send 0 -H 0xA1 -b 8800 big # a jumbo block
    expect_packets 0 dont_fragment
    expect_packets some sent
    unwatch
    cmp big "$stage/df/big" || complain "a file in jumbo blocks differs"
    stop_receiver "$receiver"
}

addresses_and_ports_by_default() {
    watch public "udp dport 1044 ip daddr 230.4.4.1"
    watch private "udp dport 1044 ip daddr 230.5.5.0/24"
    mkdir "$stage/default"
    "$uftpd" -d -I lo -D "$stage/default" 2>"$stage/default.log" &
    receiver=$!
    pids="$pids $receiver"
    wait_for grep -q "UFTP version" "$stage/default.log"
    "$uftp" -I lo -r 0.02:0.01:0.5 -s 10 -R 400000 -H 0x7F000001 -S "$stage/default.status" file 2>"$stage/send.log"
    expect_packets some public
    expect_packets some private
    # The UID is the interface's address.
    expect_lines 1 "^CONNECT;success;0x7F000001$" "$stage/default.status"
    cmp file "$stage/default/file" || complain "the file has not come by default"
    unwatch
    stop_receiver "$receiver"
}

other_ports() {
    start_receiver ports -U 0xA1 -p 2044
    watch there "udp sport 4444 udp dport 2044"
    send 0 -H 0xA1 -p 2044 -u 4444 file
    expect_packets some there
    unwatch
    cmp file "$stage/ports/file" || complain "the file has not come to another port"
    stop_receiver "$receiver"
}

broadcast_is_a_public_address() {
    mkdir "$stage/broadcast"
    "$uftpd" -d -I lo -U 0xA1 -D "$stage/broadcast" 2>"$stage/broadcast.log" &
    receiver=$!
    pids="$pids $receiver"
    wait_for grep -q "UFTP version" "$stage/broadcast.log"
    group=127.255.255.255
    send 0 -H 0xA1 file
    group=239.255.77.1
    cmp file "$stage/broadcast/file" || complain "the file has not come by broadcast"
    stop_receiver "$receiver"
}

interfaces_by_pattern_index_and_address() {
    for interface in 'l*' 1 127.0.0.1 lo/4; do
        start_receiver interfaces -U 0xA1
        [ "$interface" = 'l*' ] && interface=lo
        send 0 -H 0xA1 -o -D "by-$(echo "$interface" | tr / _)" small
        stop_receiver "$receiver"
    done
    interface=lo
    for name in lo 1 127.0.0.1 lo_4; do
        [ -e "$stage/interfaces/by-$name/small" ] || complain "nothing came by interface $name"
    done
}

several_public_addresses() {
    start_receiver several -U 0xA1 -M 239.255.77.1,239.255.77.9
    send 0 -H 0xA1 file
    group=239.255.77.9
    send 0 -H 0xA1 small
    group=239.255.77.1
    [ -e "$stage/several/file" ] && [ -e "$stage/several/small" ] ||
        complain "not both groups were heard"
    stop_receiver "$receiver"
}

source_specific_groups_name_their_source() {
    echo '0xB1|127.0.0.1|0' >"$stage/servers"
    start_receiver ssm -U 0xA1 -o -S "$stage/servers" -M 232.77.77.1
    # Interface, group, source, sockets that include it, sockets that exclude it.
    grep -qi "$(in_kernel_form 232.77.77.1) 0x$(in_kernel_form 127.0.0.1) *1 *0" /proc/net/mcfilter ||
        complain "the public group is joined for any source: $(cat /proc/net/mcfilter)"
    group=232.77.77.1
    private=232.77.77.2
    (cd "$stage/source" && exec "$uftp" -I lo -M "$group" -P "$private" -U 0xB1 -H 0xA1 \
        -r 0.02:0.01:0.5 -s 10 -R 8000 big) 2>"$stage/send.log" &
    sending=$!
    wait_for grep -qi "$(in_kernel_form 232.77.77.2) 0x$(in_kernel_form 127.0.0.1) *1 *0" /proc/net/mcfilter
    wait $sending || complain "nothing sent to a source-specific group"
    cmp big "$stage/ssm/big" || complain "the file differs by SSM"
    ! grep -qi "$(in_kernel_form 232.77.77.2)" /proc/net/mcfilter || complain "the private group was not left"
    private=239.255.77.2
    send 7 -U 0xB1 -H 0xA1 file # a private group for any source is turned down
    send 7 -U 0xB2 -H 0xA1 file # and so is a server that is not listed
    group=239.255.77.1
    stop_receiver "$receiver"
}

groups_are_left_after_the_session() {
    start_receiver left -U 0xA1
    grep -qi "$(printf '%08X' $((0x014dffef)))" /proc/net/igmp || complain "the public group is not joined"
    (cd "$stage/source" && exec "$uftp" -I lo -M "$group" -P "$private" -H 0xA1 -r 0.02:0.01:0.5 \
        -s 10 -R 8000 big) 2>"$stage/send.log" &
    sending=$!
    wait_for grep -qi 024DFFEF /proc/net/igmp
    wait $sending
    wait_for sh -c '! grep -qi 024DFFEF /proc/net/igmp'
    grep -qi 014DFFEF /proc/net/igmp || complain "the public group was left, too"
    stop_receiver "$receiver"
}

announces_are_sent_as_often_as_robust_says() {
    watch announces "udp dport 1044 ip daddr $group"
    send 7 -s 13 -H 0xAE file
    expect_packets 13 announces
    unwatch
}

buffers_are_as_asked() {
    command -v ss >/dev/null || return 0
    start_receiver buffers -U 0xA1 -B 100000
    ss -uamn 'sport = :1044' | grep -q 'rb200000' || complain "other buffers: $(ss -uamn 'sport = :1044')"
    stop_receiver "$receiver"
}

what_is_replaced_or_deleted_is_kept() {
    mkdir -p "$stage/backups" "$stage/kept"
    start_receiver kept -U 0xA1 -A "$stage/backups"
    echo old >"$stage/kept/small"
    echo older >"$stage/kept/file"
    send 0 -H 0xA1 -S "$stage/kept.records" small @DELETE:file
    expect_lines 1 "^RESULT;0xA1;small;0KB;copy;" "$stage/kept.records"
    [ ! -e "$stage/kept/file" ] || complain "@DELETE has left the file"
    cmp small "$stage/kept/small"
    for name in small file; do
        found=$(cd "$stage/backups" && ls -d [0-9]*/[0-9]*"$stage/kept/$name")
        echo "$found" | grep -Eq '^[0-9]{8}/[0-9]{6}/' || complain "no backup of $name: $(find "$stage/backups")"
    done
    [ "$(cat "$stage"/backups/*/*"$stage/kept/small")" = old ] || complain "another backup"
    stop_receiver "$receiver"
}

absolute_names_go_where_they_may() {
    mkdir -p "$stage/d1" "$stage/d2"
    # The last -D counts.
    start_receiver d1 -U 0xA1 -D "$stage/d1,$stage/d2"
    send 0 -H 0xA1 -D "$stage/d2/there" small
    cmp small "$stage/d2/there" || complain "not in the second directory"
    send 0 -H 0xA1 -D here small
    cmp small "$stage/d1/here" || complain "not in the first directory"
    send 10 -H 0xA1 -S "$stage/rejected" -D "$stage/d3/nowhere" small
    expect_lines 1 ";rejected;$" "$stage/rejected"
    send 10 -H 0xA1 -D ../up small
    [ ! -e "$stage/up" ] && [ ! -e "$stage/d3" ] || complain "something was written outside"
    stop_receiver "$receiver"
}

moving_individually_keeps_the_others() {
    printf '#!/bin/sh\necho "$#" "$1" "$3" >>"%s/moved.out"\n' "$stage" >"$stage/moved"
    chmod +x "$stage/moved"
    for options in -i ''; do
        rm -rf "$stage/moved.d" "$stage/moved.t" "$stage/moved.out"
        mkdir -p "$stage/moved.d/tree/sub" "$stage/moved.t"
        echo mine >"$stage/moved.d/tree/sub/mine"
        # shellcheck disable=SC2086
        start_receiver moved.d -U 0xA1 -T "$stage/moved.t" $options -s "$stage/moved"
        send 0 -H 0xA1 tree
        stop_receiver "$receiver"
        wait_for test -s "$stage/moved.out"
        sleep 0.2
        cmp tree/sub/text "$stage/moved.d/tree/sub/text" || complain "the file is not there ($options)"
        [ -d "$stage/moved.d/tree/empty" ] || complain "the empty directory is not there ($options)"
        if [ -n "$options" ]; then
            [ -e "$stage/moved.d/tree/sub/mine" ] || complain "-i has replaced the directory"
            # Once for each: the file, the link, the empty directory.
            expect_lines 3 "^3 -I $stage/moved.d/tree/" "$stage/moved.out"
            expect_lines 1 "tree/link$" "$stage/moved.out"
            expect_lines 1 "tree/empty$" "$stage/moved.out"
        else
            [ ! -e "$stage/moved.d/tree/sub/mine" ] || complain "without -i the directory was merged"
            expect_lines 1 "^3 -I $stage/moved.d/tree$" "$stage/moved.out"
        fi
    done
}

files_appear_complete_and_under_a_temporary_name_before() {
    start_receiver partial -U 0xA1 -t
    (cd "$stage/source" && exec "$uftp" -I lo -M "$group" -P "$private" -H 0xA1 -r 0.02:0.01:0.5 \
        -s 10 -R 8000 big) 2>"$stage/send.log" &
    sending=$!
    wait_for sh -c "ls '$stage'/partial/big.~uftp-????????-0001 >/dev/null"
    [ ! -e "$stage/partial/big" ] || complain "a partial file stands under its final name"
    wait $sending
    [ "$(ls "$stage/partial")" = big ] || complain "left over: $(ls "$stage/partial")"
    cmp big "$stage/partial/big" || complain "the file differs"
    stop_receiver "$receiver"
}

what_stands_in_the_way_is_replaced() {
    start_receiver way -U 0xA1
    mkdir -p "$stage/way/small/below"
    ln -s /etc/hostname "$stage/way/file"
    before=$(cksum </etc/hostname)
    send 0 -H 0xA1 small file
    cmp small "$stage/way/small" && cmp file "$stage/way/file" || complain "not replaced"
    [ ! -L "$stage/way/file" ] || complain "the link is still there"
    [ "$(cksum </etc/hostname)" = "$before" ] || complain "a link was followed"
    stop_receiver "$receiver"
}

sync_goes_by_time_and_size() {
    start_receiver sync -U 0xA1
    send 0 -H 0xA1 small
    [ "$(stat -c %Y "$stage/sync/small")" = "$(stat -c %Y small)" ] || complain "another time"
    touch -d '2019-01-01' "$stage/sync/small"
    send 0 -H 0xA1 -Z -S "$stage/sync.records" small
    expect_lines 1 ";small;0KB;overwritten;" "$stage/sync.records"
    [ "$(stat -c %Y "$stage/sync/small")" != "$(stat -c %Y small)" ] || complain "a preview has changed the file"
    send 0 -H 0xA1 -z -S "$stage/sync.records" small # older there
    expect_lines 2 ";small;0KB;overwritten;" "$stage/sync.records"
    touch -d '2021-01-01' "$stage/sync/small"
    send 0 -H 0xA1 -z -S "$stage/sync.records" small # newer there
    expect_lines 1 ";small;0KB;skipped;" "$stage/sync.records"
    stop_receiver "$receiver"
}

special_files_and_long_names_are_skipped() {
    start_receiver special -U 0xA1
    mkfifo tree/fifo
    deep=tree/$(printf '%0150d' 1)/$(printf '%0160d' 2)
    mkdir -p "${deep%/*}" && echo deep >"$deep"
    send 0 -H 0xA1 tree
    expect_lines 1 "Skipping special file" "$stage/send.log"
    expect_lines 1 "Max pathname length exceeded" "$stage/send.log"
    [ -e "$stage/special/tree/sub/text" ] || complain "the others were not sent"
    rm -r tree/fifo "${deep%/*}"
    stop_receiver "$receiver"
}

plain_sessions_are_refused_on_request() {
    start_receiver strict -U 0xA1 -E
    send 7 -H 0xA1 -Y none -S "$stage/strict.records" small
    expect_lines 1 "^CONNECT;failed;0xA1$" "$stage/strict.records"
    send 0 -H 0xA1 small
    stop_receiver "$receiver"
}

log_files_are_rolled() {
    for round in 1 2 3 4; do
        head -c 1100000 /dev/zero | tr '\0' . >"$stage/rolled" # what is there counts
        send 7 -H 0xAE -L "$stage/rolled" -g 1 -n 2 file
        [ "$(stat -c %s "$stage/rolled")" -lt 1000000 ] || complain "round $round: not rolled"
    done
    [ -e "$stage/rolled.1" ] && [ -e "$stage/rolled.2" ] && [ ! -e "$stage/rolled.3" ] ||
        complain "other archives: $(ls "$stage"/rolled*)"
    # A line has its time, and its session where there is one.
    form='^[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8}\.[0-9]{6}: (\[[0-9A-F]{8}/[0-9A-F]{2}:(0|[0-9A-F]{4})\]: )?'
    [ "$(grep -Evc "$form" "$stage/rolled")" = 0 ] || complain "lines of another form in $stage/rolled"
    grep -Eq '\[[0-9A-F]{8}/00:0\]: ' "$stage/rolled" || complain "no line names its session"
}

a_log_into_a_closed_pipe_harms_no_session() {
    start_receiver pipe -U 0xA1
    {
        "$uftp" -I lo -M "$group" -P "$private" -H 0xA1 -r 0.02:0.01:0.5 -s 10 -R 8000 -x 5 big
        echo $? >"$stage/pipe.code"
    } 2>&1 | true
    wait_for test -s "$stage/pipe.code"
    [ "$(cat "$stage/pipe.code")" = 0 ] || complain "exit code $(cat "$stage/pipe.code")"
    cmp big "$stage/pipe/big" || complain "the file has not come"
    stop_receiver "$receiver"
}

levels_add_lines() {
    start_receiver levels -U 0xA1 -x 5
    before=0
    for level in 0 1 2 3 4 5; do
        send 0 -H 0xA1 -x $level file
        lines=$(wc -l <"$stage/send.log")
        [ $level -gt 1 ] || [ "$lines" = 0 ] || complain "level $level is not quiet"
        [ "$lines" -ge "$before" ] || complain "level $level tells less than the one before"
        [ $level != 2 ] && [ $level != 3 ] || [ "$lines" -gt "$before" ] || complain "level $level adds nothing"
        before=$lines
    done
    stop_receiver "$receiver"
}

records_of_both_sides() {
    start_receiver records -U 0xA1
    send 0 -H 0xA1,0xAE -S @LOG -U 0xB1 small
    expect_lines 1 '^CONNECT;success;0xA1$' "$stage/send.log"
    expect_lines 1 '^CONNECT;failed;0xAE$' "$stage/send.log"
    expect_lines 1 '^RESULT;0xA1;small;0KB;copy;[0-9.]*KB/s$' "$stage/send.log"
    expect_lines 1 '^RESULT;0xAE;small;0KB;mute;$' "$stage/send.log"
    expect_lines 1 '^HSTATS;target;copy;overwrite;skip;totalMB;time;speedKB/s$' "$stage/send.log"
    expect_lines 1 '^STATS;0xA1;1;0;0;0MB;[0-9.]*;[0-9.]*KB/s$' "$stage/send.log"
    expect_lines 1 'Host: 0xA1 *Status: Completed *time: ' "$stage/send.log"
    when='[0-9]\{4\}/[0-9][0-9]/[0-9][0-9]-[0-9:]\{8\}'
    expect_lines 1 "^CONNECT;$when;000000B1;[0-9A-F]\{8\};127.0.0.1;127.0.0.1$" "$stage/records.status"
    expect_lines 1 "^RESULT;$when;000000B1;[0-9A-F]\{8\};small;0KB;copied$" "$stage/records.status"
    stop_receiver "$receiver"
}

daemons_are_nice_and_end_by_signals() {
    start_receiver nice -U 0xA1 -N 5
    [ "$(cut -d ' ' -f 19 "/proc/$receiver/stat")" = 5 ] || complain "not nice"
    kill -HUP "$receiver"
    wait "$receiver"
    [ $? = 129 ] || complain "HUP has not its default meaning"
    start_receiver term -U 0xA1
    began=$(date +%s%N)
    kill -INT "$receiver"
    wait "$receiver"
    [ $? = 6 ] || complain "INT: another exit code than 6"
    [ $((($(date +%s%N) - began) / 1000000)) -lt 3000 ] || complain "INT: it took more than three seconds"
}

# The most that was ever resident: docs/memory.md has the formula. The first transfer fills the
# buffers of a batch of datagrams; after that only the maps may grow. Sanitizers have needs of their
# own.
memory_does_not_grow_with_files() {
    ! grep -q __asan_init "$uftpd" || return 0
    start_receiver memory -U 0xA1
    for size in 40 400; do
        truncate -s ${size}M sparse$size
        send 0 -H 0xA1 -b 8800 -R 4000000 sparse$size
        [ "$(stat -c %s "$stage/memory/sparse$size")" = $((size << 20)) ] || complain "sparse$size has not come"
        resident=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$receiver/status")
        echo "uftpd: $resident kB after a file of $size MiB"
        [ $size = 400 ] || first=$resident
        rm "sparse$size" "$stage/memory/sparse$size"
    done
    [ "$resident" -lt 16384 ] || complain "uftpd has used $resident kB"
    # The 4 MiB of receive buffers become resident as bursts touch them; a file's bytes must not.
    [ $((resident - first)) -lt 5120 ] || complain "uftpd has grown from $first to $resident kB"
    stop_receiver "$receiver"
}

features="dscp_and_hops_are_on_the_wire congestion_control_marks_packets options_for_windows_say_so
fragments_are_allowed addresses_and_ports_by_default
other_ports broadcast_is_a_public_address interfaces_by_pattern_index_and_address
several_public_addresses source_specific_groups_name_their_source groups_are_left_after_the_session
announces_are_sent_as_often_as_robust_says buffers_are_as_asked what_is_replaced_or_deleted_is_kept
absolute_names_go_where_they_may moving_individually_keeps_the_others
files_appear_complete_and_under_a_temporary_name_before what_stands_in_the_way_is_replaced
sync_goes_by_time_and_size special_files_and_long_names_are_skipped
plain_sessions_are_refused_on_request log_files_are_rolled
a_log_into_a_closed_pipe_harms_no_session levels_add_lines records_of_both_sides
daemons_are_nice_and_end_by_signals memory_does_not_grow_with_files"
[ $# = 0 ] || features=$*
for feature in $features; do
    failed_before=$failures
    $feature
    [ $failures = $failed_before ] || echo "^ in $feature"
done
verdict
