# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# What run-live-modes tries: one function for each mode, on top of session.sh. A mode that a make
# does not have returns 77. $source has the files, $keys the keys.

# --- bytes on the wire -------------------------------------------------------------------------
# Counted as they leave the sender's stack, headers of UDP and IP included, control messages not.
count_begin() {
    net_at s nft "table inet count { counter data {}; chain output {
        type filter hook output priority 0;
        ip daddr 224.0.0.0/4 udp dport 1044 meta length > 400 counter name data; }; }"
}

counted() {
    net_at s nft list counter inet count data | sed -n 's/.* bytes \([0-9]*\).*/\1/p'
}

count_end() {
    counted
    net_at s nft delete table inet count
}

counted_more_than() {
    [ "$(counted)" -gt "$1" ]
}

# --- operands and names ------------------------------------------------------------------------
mode_open() {
    receiver r1
    receiver r2
    send all 0 "$source/1301" "$source/tree"
    for node in r1 r2; do
        expect_same "$source/1301" "$case_dir/$node/1301"
        diff -r --no-dereference "$source/tree" "$case_dir/$node/tree" >"$case_dir/diff" ||
            fail "$node: $(head -n 1 "$case_dir/diff")"
    done
}

mode_names() {
    receiver r1
    id="-H 0x77000001"
    # shellcheck disable=SC2086
    {
        send base 0 $id -E "$source" -o -D based "$source/tree/sub"
        send replaced 0 $id -E "$source" -D replaced "$source/tree/sub"
        send renamed 0 $id -D renamed "$source/1301"
        send directory 0 $id -o -D folder "$source/1301"
        send several 0 $id -D both "$source/1301" "$source/1300"
        send absolute 0 $id -D "$case_dir/r1/absolute" "$source/1301"
        send outside 10 $id -D "$case_dir/elsewhere" "$source/1301"
        send nothing 10 $id -E /nowhere "$source/1301"
    }
    expect_same "$source/tree/sub/text" "$case_dir/r1/based/tree/sub/text"
    expect_same "$source/tree/sub/text" "$case_dir/r1/replaced/text" # one operand: -D is its name
    for name in renamed folder/1301 both/1301 absolute; do
        expect_same "$source/1301" "$case_dir/r1/$name"
    done
    expect_same "$source/1300" "$case_dir/r1/both/1300"
    expect_count 1 '^RESULT;.*;rejected;$' "$case_dir/outside.status"
    [ ! -e "$case_dir/elsewhere" ] || fail "written outside of the destination"
}

mode_delete() {
    receiver r1
    mkdir -p "$case_dir/r1/old/sub" && echo old >"$case_dir/r1/old/sub/x" && echo old >"$case_dir/r1/y"
    send delete 0 -H 0x77000001 @DELETE:old @DELETE:y @DELETE:never "$source/1301"
    expect_same "$source/1301" "$case_dir/r1/1301"
    [ "$(ls "$case_dir/r1")" = 1301 ] || fail "left over: $(ls "$case_dir/r1")"
    expect_count 4 '^RESULT;.*;copy;' "$case_dir/delete.status"
}

mode_free_space() {
    receiver r1
    send space 0 -H 0x77000001 @FREESPACE
    free=$(sed -n 's/^FREESPACE;\.;//p' "$case_dir/space.status")
    near=$(df -B1 --output=avail "$case_dir/r1" | tail -n 1)
    awk "BEGIN { exit !(${free:-0} > 0.9 * $near && ${free:-0} < 1.1 * $near) }" ||
        fail "free space is told as ${free:-nothing}, not about $near"
}

# --- what stands there -------------------------------------------------------------------------
mode_sync() {
    receiver r1
    sync="-z -H 0x77000001"
    # shellcheck disable=SC2086
    for label in first second; do
        send $label 0 $sync "$source/1300" "$source/1301"
    done
    expect_count 2 '^RESULT;.*;copy;' "$case_dir/first.status"
    expect_count 2 '^RESULT;.*;skipped;$' "$case_dir/second.status"
    # Older there: overwritten; newer there: left alone.
    echo older >"$case_dir/r1/1300" && touch -d 2001-01-01 "$case_dir/r1/1300"
    echo newer >"$case_dir/r1/1301" && touch -d 2037-01-01 "$case_dir/r1/1301"
    # shellcheck disable=SC2086
    send third 0 $sync "$source/1300" "$source/1301"
    expect_count 1 ';1300;1KB;overwritten;' "$case_dir/third.status"
    expect_count 1 ';1301;1KB;skipped;$' "$case_dir/third.status"
    expect_same "$source/1300" "$case_dir/r1/1300"
    [ "$(cat "$case_dir/r1/1301")" = newer ] || fail "the newer file is gone"
}

mode_preview() {
    receiver r1
    echo older >"$case_dir/r1/1300" && touch -d 2001-01-01 "$case_dir/r1/1300"
    send preview 0 -Z -H 0x77000001 "$source/1300" "$source/1301"
    expect_count 1 ';1300;1KB;overwritten;' "$case_dir/preview.status"
    expect_count 1 ';1301;1KB;copy;' "$case_dir/preview.status"
    [ "$(cat "$case_dir/r1/1300")" = older ] && [ "$(ls "$case_dir/r1")" = 1300 ] ||
        fail "a preview has changed something"
}

mode_backup() {
    mkdir "$case_dir/backup"
    receiver r1 -A "$case_dir/backup"
    echo old >"$case_dir/r1/1301" && echo older >"$case_dir/r1/gone"
    send backup 0 -H 0x77000001 "$source/1301" @DELETE:gone
    expect_same "$source/1301" "$case_dir/r1/1301"
    [ ! -e "$case_dir/r1/gone" ] || fail "not deleted"
    for name in 1301 gone; do
        kept=$(cd "$case_dir/backup" && ls -d [0-9]*/[0-9]*"$case_dir/r1/$name" 2>/dev/null)
        echo "$kept" | grep -Eq '^[0-9]{8}/[0-9]{6}/' || fail "no backup of $name"
    done
    [ "$(cat "$case_dir"/backup/*/*"$case_dir/r1/1301")" = old ] || fail "another backup of 1301"
}

mode_temp() {
    for options in "" -i; do
        rm -rf "$case_dir/r1" "$case_dir/temp"
        mkdir -p "$case_dir/r1/tree/sub" "$case_dir/temp"
        echo mine >"$case_dir/r1/tree/sub/mine"
        # shellcheck disable=SC2086
        receiver r1 -T "$case_dir/temp" $options
        send_begin "temp$options" -H 0x77000001 -R 10000 "$source/tree" "$source/megabyte"
        wait_until sh -c "find '$case_dir/temp' -type f | grep -q megabyte"
        [ ! -e "$case_dir/r1/tree/sub/text" ] || fail "in the destination before the end of the session"
        send_end 0
        end "$receiver"
        expect_same "$source/megabyte" "$case_dir/r1/megabyte"
        expect_same "$source/tree/sub/text" "$case_dir/r1/tree/sub/text"
        [ -z "$(ls -A "$case_dir/temp")" ] || fail "left: $(ls -A "$case_dir/temp")"
        if [ -n "$options" ]; then
            [ -e "$case_dir/r1/tree/sub/mine" ] || fail "-i has replaced the directory"
        else
            [ ! -e "$case_dir/r1/tree/sub/mine" ] || fail "without -i the directory was merged"
        fi
    done
}

# --- membership --------------------------------------------------------------------------------
mode_closed_mute() {
    receiver r1
    receiver r2
    send closed 0 -H 0x77000001,0x770000EE,0x77000002 "$source/1301"
    expect_count 1 '^CONNECT;failed;0x770000EE$' "$case_dir/closed.status"
    expect_count 1 '^RESULT;0x770000EE;1301;1KB;mute;$' "$case_dir/closed.status"
    expect_count 2 '^RESULT;.*;copy;' "$case_dir/closed.status"
    for node in r1 r2; do
        expect_same "$source/1301" "$case_dir/$node/1301"
    done
}

mode_quit_on_error() {
    receiver r1
    first=$receiver
    receiver r2
    send absent 7 -q -H 0x77000001,0x770000EE "$source/1301"
    [ -z "$(ls -A "$case_dir/r1")" ] || fail "sent although one is absent"
    # One goes in mid-file: it is over for the other one, too.
    send_begin gone -q -H 0x77000001,0x77000002 -R 8000 "$source/megabyte"
    wait_until sh -c "ls '$case_dir'/r1/megabyte*"
    end "$first"
    send_end 9
    wait_until sh -c "[ -z \"\$(ls -A '$case_dir/r2')\" ]"
}

mode_auth() {
    print1=$(print_of client1)
    server=$(print_of server)
    wrong=$(print_of stranger)
    echo "0x77000051|10.77.0.1|0|$server" >"$case_dir/servers"
    printf '# those of the north\r\n\r\n0x77000001|%s\r\n0x77000002|%s\r\n' "$print1" "$wrong" >"$case_dir/hosts"
    receiver r1 -E -S "$case_dir/servers" -k "$keys/client1.pem"
    receiver r2 -E -S "$case_dir/servers" -k "$keys/client2.pem"
    # The second one is not who the list says.
    send right 0 -c -H "@$case_dir/hosts" -k "$keys/server.pem" "$source/1301"
    expect_same "$source/1301" "$case_dir/r1/1301"
    expect_count 1 '^CONNECT;failed;0x77000002$' "$case_dir/right.status"
    [ ! -e "$case_dir/r2/1301" ] || fail "a receiver with another key was served"
    # Another server with the same UID and address, and one that sends in the clear.
    send stranger 7 -c -H 0x77000001 -k "$keys/stranger.pem" "$source/1300"
    send plain 7 -Y none -H 0x77000001 "$source/1300"
    [ ! -e "$case_dir/r1/1300" ] || fail "files from a stranger"
}

print_of() { # print_of NAME: the fingerprint of $keys/NAME.pem
    "$bin/uftp_keymgt" "$keys/$1.pem" 2>&1 | sed -n 's/.*fingerprint: //p'
}

# --- repair and rate ---------------------------------------------------------------------------
mode_tfmcc() {
    net_loss r1 2
    receiver r1
    receiver r2
    send tfmcc 0 -C tfmcc:max=100000 -H 0x77000001,0x77000002 "$source/megabyte" "$source/1301"
    for node in r1 r2; do
        expect_same "$source/megabyte" "$case_dir/$node/megabyte"
        expect_same "$source/1301" "$case_dir/$node/1301"
    done
    [ "$(net_lost r1)" -gt 0 ] || fail "no packet was lost"
    net_loss r1 0
}

# One receiver that misses half of everything is put out; the other one is served.
mode_naks() {
    net_loss r1 50
    receiver r1
    receiver r2
    send naks 0 -N 10 -m 2 -H 0x77000001,0x77000002 "$source/megabyte"
    expect_count 1 '^RESULT;0x77000001;megabyte;976KB;aborted;$' "$case_dir/naks.status"
    expect_same "$source/megabyte" "$case_dir/r2/megabyte"
    net_loss r1 0
}

# --- restarts ----------------------------------------------------------------------------------
# Three sections of 512-byte blocks, 2 MB each but the last one.
sections_begin() {
    mkdir -p "$case_dir/temp"
    receiver r1 -T "$case_dir/temp"
    count_begin
    send_begin first -f -b 512 -Y none -R 40000 -H 0x77000001 "$source/sections"
    wait_until counted_more_than 3600000
}

# sections_again PERCENT: resumes, and less than this share of the file leaves again. A datagram of
# the first run carries 512 bytes in 596 at most, and some may not have been written yet.
sections_again() {
    before=$(count_end)
    file=$(ls "$case_dir"/_group_*_restart 2>/dev/null)
    [ -f "$file" ] || fail "no restart file"
    count_begin
    send second 0 -b 512 -Y none -R 40000 -F "${file:-none}"
    again=$(count_end)
    size=$(stat -c %s "$source/sections")
    [ $((again * 100)) -lt $((size * $1)) ] ||
        fail "$again bytes were sent again of $size, after $before"
    expect_same "$source/sections" "$case_dir/r1/sections"
}

# The receiver is told to end, notes what it has, and comes back.
mode_restart_receiver_term() {
    sections_begin
    end "$receiver"
    send_end 9
    receiver r1 -T "$case_dir/temp"
    sections_again 60
}

# SIGKILL: whole sections are kept; the reference keeps nothing and starts anew.
mode_restart_receiver_kill() {
    sections_begin
    kill -KILL "$receiver"
    wait "$receiver" 2>/dev/null
    pids=
    send_end 9
    receiver r1 -T "$case_dir/temp"
    if [ "$to" = ours ]; then sections_again 85; else sections_again 125; fi
}

mode_restart_sender_int() {
    sections_begin
    kill -INT "$sender"
    send_end 6
    sections_again 60
}

# A sender that is killed has left its restart file: the reference writes it only at the end.
mode_restart_sender_kill() {
    [ "$from" = ours ] || return 77
    sections_begin
    kill -KILL "$sender"
    wait "$sender" 2>/dev/null
    sections_again 60
    # A session that all have finished leaves none, and one that is restarted leaves what it read.
    rm "$case_dir"/_group_*
    send well 0 -f -H 0x77000001 "$source/1301"
    [ -z "$(ls "$case_dir"/_group_* 2>/dev/null)" ] || fail "left: $(ls "$case_dir"/_group_*)"
}

# --- size ----------------------------------------------------------------------------------------
# Beyond 4 GiB: only when asked for by name. A file of holes, which cost nothing to read, with marks at
# the borders of 32 bits; jumbo blocks where they are the make's limit. The copy takes 4 GB in $TMPDIR.
mode_large() {
    size=4303355904 # 2^32, 8 MiB and a few bytes
    truncate -s $size "$case_dir/large"
    for offset in 0 2147483640 4294967290 $((size - 12)); do
        printf 'at %08x' $((offset & 0xffffffff)) |
            dd of="$case_dir/large" bs=1 seek=$offset conv=notrunc status=none
    done
    mkdir -p "$case_dir/r1"
    for node in s r1; do
        ip link set "to-$node" mtu 9000 && net_at $node ip link set e0 mtu 9000
    done
    receiver r1 -B 16777216
    send large 0 -Y none -b 8800 -R 1600000 -B 16777216 -H 0x77000001 "$case_dir/large"
    expect_same "$case_dir/large" "$case_dir/r1/large"
    expect_count 1 ";large;$((size / 1024))KB;copy;" "$case_dir/large.status"
    expect_count 1 ";large;$((size / 1024))KB;copied" "$case_dir/r1.status"
    expect_count 1 ";1;0;0;$((size / 1048576))MB;" "$case_dir/large.status"
    for node in s r1; do
        ip link set "to-$node" mtu 1500 && net_at $node ip link set e0 mtu 1500
    done
}

# --- the network -------------------------------------------------------------------------------
mode_ipv6() {
    interface=e0/6
    receiver r1 -M ff15::44:1
    receiver r2 -M ff15::44:1
    send ipv6 0 -M ff15::44:1 -P ff15::44:2:x -H 0x77000001,0x77000002 "$source/megabyte"
    for node in r1 r2; do
        expect_same "$source/megabyte" "$case_dir/$node/megabyte"
    done
}

mode_ssm() {
    echo "0x77000051|10.77.0.1|0" >"$case_dir/servers"
    group=01004DE8 # 232.77.0.1
    receiver r1 -o -S "$case_dir/servers" -M 232.77.0.1
    net_at r1 grep -Eqi '0xe84d0001 0x0a4d0001 +1 +0' /proc/net/mcfilter ||
        fail "the group is joined for any source"
    send_begin ssm -M 232.77.0.1 -P 232.77.0.2 -H 0x77000001 -R 20000 "$source/megabyte"
    wait_until net_at r1 grep -Eqi '0xe84d0002 0x0a4d0001 +1 +0' /proc/net/mcfilter
    send_end 0
    expect_same "$source/megabyte" "$case_dir/r1/megabyte"
    wait_until sh -c "! nsenter --net='$NET_WORK/net-r1' grep -qi 0xe84d0002 /proc/net/mcfilter"
}

# Groups that do not leave the link; the answers go to an address that means something on it only.
mode_link_local() {
    for scope in ff12 ff02; do
        group=${scope}0000000000000000000000440001
        interface=e0/6
        receiver r1 -M $scope::44:1
        send $scope 0 -M $scope::44:1 -P $scope::44:2 -H 0x77000001 -o -D $scope "$source/megabyte"
        end "$receiver"
        expect_same "$source/megabyte" "$case_dir/r1/$scope/megabyte"
    done
    # On the second of two links, by group and by the receiver's own address there.
    group=ff120000000000000000000000440001
    interface=e0/6,x1/6
    receiver r1 -M ff12::44:1
    interface=x1/6
    there=$(net_at r1 ip -6 -o addr show dev x1 scope link | sed 's/.*inet6 \([^/]*\).*/\1/')
    send second 0 -M ff12::44:1 -P ff12::44:2 -H 0x77000001 -o -D second "$source/1301"
    send unicast 0 -M "$there%x1" -H 0x77000001 -o -D unicast "$source/1301"
    if [ "$from" = ours ]; then # the zone says where, and an x in its name is no number to be drawn
        set -- "$(program_of ours sender)" -x 3 -U 0x77000051 -s 10 -r 0.05:0.01:15 -H 0x77000001
        net_at s "$@" -M ff12::44:1%x1 -P ff12::44:2:x%x1 -o -D zone "$source/1301" \
            >"$case_dir/zone.log" 2>&1 || fail "zone: the exit status is $?"
        net_at s "$@" -M ff12::44:1%e0 -P ff12::44:2%x1 "$source/1301" >>"$case_dir/zone.log" 2>&1 &&
            fail "two zones in one session"
        expect_same "$source/1301" "$case_dir/r1/zone/1301"
    fi
    end "$receiver"
    for name in second unicast; do
        expect_same "$source/1301" "$case_dir/r1/$name/1301"
    done
    [ "$(grep -c '^CONNECT;.*;fe80::' "$case_dir/r1.status")" -ge 4 ] ||
        fail "the senders' addresses are not those of a link"
    [ "$to" = ours ] || return 0
    interface=e0/6,x1/6
    receiver r1 -M ff12::44:1%x1
    [ "$(net_at r1 grep -c $group /proc/net/igmp6)" -eq 1 ] || fail "joined outside of the zone"
    interface=x1/6
    send zoned 0 -M ff12::44:1 -P ff12::44:2 -H 0x77000001 -o -D zoned "$source/1301"
    expect_same "$source/1301" "$case_dir/r1/zoned/1301"
}

# Two networks between the sender and one receiver, which listens to both.
mode_interfaces() {
    lists="e0,x1 10.77.0.2,10.78.0.2 $(index_of r1 e0),$(index_of r1 x1)"
    [ "$to" = peer ] || lists="$lists [ex]*"
    number=$(index_of s x1)
    round=0
    for list in $lists; do
        round=$((round + 1))
        interface=$list
        receiver r1
        for interface in e0 10.78.0.1 "$number" x1/4; do
            name=$round-$(echo "$interface" | tr / _)
            send "$name" 0 -H 0x77000001 -o -D "$name" "$source/1301"
            expect_same "$source/1301" "$case_dir/r1/$name/1301"
        done
        end "$receiver"
    done
    # By the addresses in the records: each way was really taken.
    for address in 10.77.0.1 10.78.0.1; do
        grep -q "^CONNECT;.*;$address;" "$case_dir/r1.status" || fail "nothing came from $address"
    done
}

index_of() { # index_of NODE INTERFACE
    net_at "$1" ip -o link show dev "$2" | sed 's/:.*//'
}
