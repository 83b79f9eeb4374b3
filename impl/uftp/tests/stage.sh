# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by the live tests of uftp and uftpd: a network and mounts of their own, receivers that
# are up when start_receiver returns, and checks that say what they found.
#
# usage of a test: test_x.sh UFTP UFTPD

uftp=$1
uftpd=$2

# Exit code 77: ctest calls it skipped.
skip() {
    echo "skipped: $*"
    exit 77
}

if [ -z "${UFTP_TEST_INSIDE:-}" ]; then
    user=
    [ "$(id -u)" = 0 ] || user=-r
    command -v ip >/dev/null || skip "no iproute2"
    unshare $user -nm true 2>/dev/null || skip "no namespaces of our own here"
    UFTP_TEST_INSIDE=1 exec unshare $user -nm "$0" "$@"
fi

set -u
ip link set lo up
ip link set lo multicast on # or no group can be joined there
stage=$(mktemp -d /tmp/uftp-test.XXXXXX)
group=239.255.77.1
private=239.255.77.2
pids=
failures=0

finish() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null
    done
    wait
    umount "$stage"/mount* 2>/dev/null
    rm -rf "$stage"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Counts a failure and goes on: one run shows all of them.
complain() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

verdict() {
    if [ "$failures" = 0 ]; then
        echo "passed"
        exit 0
    fi
    echo "$failures failures"
    exit 1
}

# Waits up to five seconds for a command to succeed.
wait_for() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
        "$@" 2>/dev/null && return 0
        sleep 0.2
    done
    complain "waited in vain for: $*"
    return 1
}

link_is_up() {
    ip link show dev "$1" | grep -q "state UP"
}

# start_receiver NAME [options]: uftpd with destination $stage/NAME, log $stage/NAME.log. Its pid
# is in $receiver.
start_receiver() {
    name=$1
    shift
    mkdir -p "$stage/$name"
    : >"$stage/$name.log" # or the line waited for may be that of the one before
    # shellcheck disable=SC2086
    ${inside:-} "$uftpd" -d -I "${interface:-lo}" -M "$group" --share-port -D "$stage/$name" \
        -F "$stage/$name.status" "$@" 2>"$stage/$name.log" &
    receiver=$!
    pids="$pids $receiver"
    wait_for grep -q "UFTP version" "$stage/$name.log"
}

# Ends a receiver and checks that it said good-bye with the exit code of a signal.
stop_receiver() {
    kill "$1"
    wait "$1"
    code=$?
    [ $code = 6 ] || complain "receiver ended with $code instead of 6"
}

# send CODE [options] file...: uftp from $stage/source, log in $stage/send.log.
send() {
    expected=$1
    shift
    (cd "$stage/source" && exec ${inside:-} "$uftp" -I "${interface:-lo}" -M "$group" -P "$private" \
        -r 0.02:0.01:0.5 -s 10 -R 400000 "$@") 2>"$stage/send.log" >"$stage/send.out"
    code=$?
    if [ $code != "$expected" ]; then
        complain "uftp $*: exit code $code instead of $expected"
        cat "$stage/send.log"
    fi
    [ ! -s "$stage/send.out" ] || complain "uftp $*: something on stdout"
}

# The number of lines of a file that match.
expect_lines() {
    count=$(grep -c -- "$2" "$3")
    [ "$count" = "$1" ] || complain "$3: $count lines instead of $1 with '$2'"
}
