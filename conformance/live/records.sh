# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# The sessions of run-live-records: one function for each case, on top of session.sh. $source has the
# files. What a case writes to a status file must not depend on luck: groups are closed, or have one
# receiver, and who goes in mid-file goes in the middle of one.

all="-H 0x77000001,0x77000002"

two_receivers() {
    receiver r1
    first=$receiver
    receiver r2
    second=$receiver
}

# A third of the megabyte is with the receivers. The sender's log says when it begins: a receiver may
# keep what it has in its memory, so that nothing is to be seen on its disk.
on_its_way() { # on_its_way LABEL
    wait_until sh -c "sed -n '/^----- .*megabyte/,\$p' '$case_dir/$1.log' | grep -q 'Sending section'"
    sleep 0.35
}

case_clean() {
    two_receivers
    # shellcheck disable=SC2086
    send clean 0 $all "$source/0" "$source/1301" "$source/megabyte" "$source/tree"
}

case_open() {
    receiver r1
    send open 0 "$source/1301"
}

# Names in the records are as they were given.
case_names() {
    two_receivers
    printf '77000001\n10.77.0.9\n0X77000002\n' >"$case_dir/hosts"
    send names 0 -H "@$case_dir/hosts" -o -D folder "$source/1301"
}

case_mute() {
    two_receivers
    send mute 0 -H 0x77000001,0x770000EE,0x77000002 "$source/1301" "$source/0"
}

case_nobody() {
    two_receivers
    send nobody 7 -H 0x770000EE,0x770000EF "$source/1301"
}

# One leaves in the second of three files, saying so.
case_aborted() {
    two_receivers
    # shellcheck disable=SC2086
    send_begin aborted $all -R 8000 "$source/1300" "$source/megabyte" "$source/1301"
    on_its_way aborted
    end "$second"
    send_end 0
}

# The same without a word.
case_lost() {
    two_receivers
    # shellcheck disable=SC2086
    send_begin lost $all -R 8000 "$source/1300" "$source/megabyte" "$source/1301"
    on_its_way lost
    kill -KILL "$second"
    wait "$second" 2>/dev/null
    pids=" $first"
    send_end 0
}

case_all_lost() {
    receiver r1
    send_begin lost -H 0x77000001 -R 8000 "$source/1300" "$source/megabyte" "$source/1301"
    on_its_way lost
    kill -KILL "$receiver"
    wait "$receiver" 2>/dev/null
    pids=
    send_end 9
}

case_interrupted() {
    two_receivers
    # shellcheck disable=SC2086
    send_begin interrupted $all -R 8000 "$source/1300" "$source/megabyte" "$source/1301"
    on_its_way interrupted
    kill -INT "$sender"
    send_end 6
}

case_quit() {
    two_receivers
    send absent 7 -q -H 0x77000001,0x770000EE,0x77000002 "$source/1301"
    # shellcheck disable=SC2086
    send_begin gone $all -q -R 8000 "$source/1300" "$source/megabyte" "$source/1301"
    on_its_way gone
    end "$second"
    send_end 9
}

case_rejected() {
    two_receivers
    # shellcheck disable=SC2086
    send rejected 10 $all -o -D /elsewhere "$source/1301" "$source/tree"
}

# One that is there and equal, one older, one newer, one that is missing, a directory, a link.
case_sync() {
    two_receivers
    # shellcheck disable=SC2086
    {
        send before 0 $all "$source/1300" "$source/1301"
        echo older >"$case_dir/r1/1301" && touch -d 2001-01-01 "$case_dir/r1/1301"
        echo newer >"$case_dir/r2/1301" && touch -d 2037-01-01 "$case_dir/r2/1301"
        send preview 0 -Z $all "$source/1300" "$source/1301" "$source/0" "$source/tree" "$source/megabyte"
        send sync 0 -z $all "$source/1300" "$source/1301" "$source/0" "$source/tree" "$source/megabyte"
        send again 0 -z $all "$source/1300" "$source/1301" "$source/0" "$source/tree" "$source/megabyte"
    }
}

case_overwritten() {
    two_receivers
    # shellcheck disable=SC2086
    for label in before after; do
        send $label 0 $all "$source/1301" "$source/tree"
    done
}

case_naks() {
    net_loss r1 50
    two_receivers
    # shellcheck disable=SC2086
    send naks 0 $all -N 10 -m 2 "$source/megabyte" "$source/1300"
}

case_delete() {
    two_receivers
    echo old >"$case_dir/r1/old"
    # shellcheck disable=SC2086
    send delete 0 $all @DELETE:old @FREESPACE "$source/1301" @DELETE:never
}

case_temp() {
    mkdir "$case_dir/temp1"
    receiver r1 -T "$case_dir/temp1"
    send temp 0 -H 0x77000001 "$source/tree" "$source/1301"
    send again 0 -H 0x77000001 "$source/tree" "$source/1301"
}

case_skipped_operands() {
    receiver r1
    send skipped 0 -H 0x77000001 "$source/nowhere" "$source/1301" "$source/fifo"
    send nothing 10 -H 0x77000001 "$source/nowhere" "$source/fifo"
}

# The first one's disk is too small; then there is nobody else.
case_full() {
    mkdir "$case_dir/r1"
    mount -t tmpfs -o size=100k tmpfs "$case_dir/r1" || fail "cannot mount"
    two_receivers
    # shellcheck disable=SC2086
    send full 0 $all "$source/1300" "$source/megabyte" "$source/1301"
    send alone 8 -H 0x77000001 "$source/1300" "$source/megabyte" "$source/1301"
    end "$first"
    umount "$case_dir/r1"
}

# One of them takes no plain session.
case_refused() {
    receiver r1
    receiver r2 -E
    # shellcheck disable=SC2086
    send plain 0 $all -Y none "$source/1301"
}
