# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# One session of real programs on the network of net.sh, for scripts that try one matter after the
# other. To be sourced after net.sh. The script sets $bin (our programs), $work and, for each case,
# $case_dir (a folder), $from and $to (ours or peer); $reason is empty as long as nothing failed.
#
#   fail TEXT                  the case has failed; only the first reason of a case is told
#   receiver NODE [OPTION...]  starts a receiver that is up when this returns; pid in $receiver. Its
#                              UID is 0x77000001 for r1 and so on; log, records and destination are
#                              $case_dir/NODE{.log,.status,}. What it listens to: $group, which the
#                              kernel's tables must show; its destination: $destination, if set
#   send LABEL CODE [OPTION...]        sends and expects this exit status; $case_dir/LABEL{.log,.status}.
#                              It runs in $case_dir, so that restart files are found there
#   send_begin LABEL [OPTION...]       the same in the background; pid in $sender
#   send_end CODE              waits for it
#   end PID [CODE]             ends a receiver, which has to say CODE (6: a signal)
#   end_all                    ends all receivers
#   wait_until COMMAND...      up to ten seconds; otherwise the case has failed
#   expect_same FILE COPY      the same bytes
#   expect_count N PATTERN FILE        so many lines match

# What both makes understand. GRTT starts at 0.05 s: on this network the default 0.5 s is waiting.
# The rate is paced, so that programs which share two CPUs lose nothing but what a case makes them lose.
session_sender="-x 3 -B 4194304 -U 0x77000051 -s 10 -r 0.05:0.01:15 -R 100000"
session_receiver="-d -q -x 3 -B 4194304"

fail() {
    [ -n "$reason" ] || reason=$*
}

program_of() { # program_of ours|peer sender|receiver
    case $1-$2 in
    ours-sender) echo "$bin/uftp" ;;
    ours-receiver) echo "$bin/uftpd" ;;
    peer-sender) echo "$UFTP_PEER_SENDER" ;;
    peer-receiver) echo "$UFTP_PEER_RECEIVER" ;;
    esac
}

receiver() {
    receiver_node=$1
    shift
    mkdir -p "$case_dir/$receiver_node"
    # shellcheck disable=SC2086 # words
    net_exec "$receiver_node" "$(program_of "$to" receiver)" $session_receiver -I "${interface:-e0}" \
        -U "0x7700000${receiver_node#r}" -D "${destination:-$case_dir/$receiver_node}" \
        -F "$case_dir/$receiver_node.status" "$@" >>"$case_dir/$receiver_node.log" 2>&1 </dev/null &
    receiver=$!
    pids="$pids $receiver"
    net_wait "$receiver_node" "${group:-}" || fail "receiver $receiver_node does not come up"
}

send_begin() {
    send_label=$1
    shift
    # shellcheck disable=SC2086 # words
    (cd "$case_dir" && net_exec s "$(program_of "$from" sender)" $session_sender \
        -I "${interface:-e0}" -S "$case_dir/$send_label.status" "$@") \
        >"$case_dir/$send_label.log" 2>&1 </dev/null &
    sender=$!
}

send_end() {
    # A watchdog, so that a session without end fails here and not by ctest's time limit.
    sender_waited=$sender
    (sleep 60 && kill -KILL "$sender_waited") >/dev/null 2>&1 &
    sender_watch=$!
    wait "$sender_waited"
    sender_code=$?
    kill $sender_watch 2>/dev/null
    [ $sender_code -eq "$1" ] || fail "$send_label: the sender's exit status is $sender_code, not $1"
}

send() {
    send_wanted=$2
    send_name=$1
    shift 2
    send_begin "$send_name" "$@"
    send_end "$send_wanted"
}

end() {
    kill -TERM "$1" 2>/dev/null
    wait "$1"
    end_code=$?
    [ $end_code -eq "${2:-6}" ] || fail "a receiver's exit status is $end_code, not ${2:-6}"
    pids=$(echo "$pids" | sed "s/ $1\$//; s/ $1 / /")
}

end_all() {
    for pid in $pids; do
        end "$pid"
    done
    pids=
}

wait_until() {
    wait_tries=0
    until "$@" >/dev/null 2>&1; do
        wait_tries=$((wait_tries + 1))
        [ $wait_tries -lt 200 ] || {
            fail "waited in vain for: $*"
            return 1
        }
        sleep 0.05
    done
}

expect_same() {
    cmp -s "$1" "$2" || fail "${2#"$case_dir"/} is not what was sent"
}

expect_count() {
    count_found=$(grep -c -- "$2" "$3" 2>/dev/null)
    [ "${count_found:-0}" -eq "$1" ] ||
        fail "${3#"$case_dir"/}: ${count_found:-0} lines, not $1, with '$2'"
}
