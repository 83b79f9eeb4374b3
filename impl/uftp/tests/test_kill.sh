#!/bin/sh
# SPDX-License-Identifier: MIT
# Receivers are killed (SIGKILL) at random moments of a session. Whatever the moment: what stands
# under a final name is whole, the session can be restarted, and then everything has arrived and
# nothing is left over.
#
# usage: test_kill.sh UFTP UFTPD [ROUNDS [SEED]]
. "$(dirname "$0")/stage.sh"
rounds=${3:-3}
seed=${4:-1}
echo "seed $seed"

mkdir "$stage/source"
cd "$stage/source" || exit 1
for size in 0 100000 1500001 300000 1300; do
    head -c $size /dev/urandom >"file.$size"
done

# Two with a temporary directory, one that moves individually, one without any.
start_all() {
    running=
    for i in 1 2 3 4; do
        case $i in
        1 | 2) options="-T $stage/k$i.temp" ;;
        3) options="-T $stage/k$i.temp -i" ;;
        4) options= ;;
        esac
        mkdir -p "$stage/k$i.temp"
        # shellcheck disable=SC2086
        start_receiver "k$i" -U "0xA$i" $options
        running="$running $receiver"
    done
}

# What stands under a final name is whole: nothing else may be there without a temporary suffix.
check_names() {
    for i in 1 2 3 4; do
        for name in $(ls "$stage/k$i"); do
            case $name in *.~uftp-*) continue ;; esac
            cmp -s "$name" "$stage/k$i/$name" || complain "$1: k$i/$name is not whole"
        done
    done
}

for round in $(seq "$rounds"); do
    # Milliseconds at which each is killed, of a session whose data takes about 1.9 s: one in the
    # middle of it, the others at any time until after its end.
    moments=$(awk "BEGIN { srand($seed + $round); print int(300 + rand() * 1400)
        for (i = 1; i < 4; i++) print int(300 + rand() * 2200) }")
    start_all
    killers=
    # shellcheck disable=SC2086
    set -- $moments
    for pid in $running; do
        (sleep "$(awk "BEGIN { print $1 / 1000 }")" && kill -KILL "$pid") &
        killers="$killers $!"
        shift
    done
    "$uftp" -I lo -M "$group" -P "$private" -r 0.02:0.01:0.5 -s 10 -R 8000 -f \
        -H 0xA1,0xA2,0xA3,0xA4 file.* 2>"$stage/send.log"
    code=$?
    case $code in 0 | 7 | 8 | 9) ;; *) complain "round $round: exit code $code" ;; esac
    # shellcheck disable=SC2086
    wait $killers $running 2>/dev/null
    check_names "round $round, killed after $(echo $moments) ms"

    restart=$(ls _group_*_restart)
    start_all
    send 0 -F "$restart" -S "$stage/records"
    # shellcheck disable=SC2086
    for pid in $running; do
        stop_receiver "$pid"
    done
    # Who had finished before it was killed takes no part in the restart.
    for i in 1 2 3 4; do
        for name in file.*; do
            cmp -s "$name" "$stage/k$i/$name" ||
                complain "round $round: k$i/$name has not arrived (killed after $(echo $moments) ms)"
        done
        [ "$(ls -A "$stage/k$i" | wc -l)" = 5 ] || complain "round $round: left in k$i: $(ls -A "$stage/k$i")"
        [ -z "$(ls -A "$stage/k$i.temp")" ] || complain "round $round: left in k$i.temp: $(ls -A "$stage/k$i.temp")"
        rm -rf "$stage/k$i" "$stage/k$i.temp"
    done
    rm "$restart"
done
# What was received before the kill is not sent again, as far as whole sections go: of three sections
# of 2 MB, the first had been noted.
head -c 6000000 /dev/urandom >sections
mkdir -p "$stage/noted.temp"
start_receiver noted -U 0xA1 -T "$stage/noted.temp"
victim=$receiver
"$uftp" -I lo -M "$group" -P "$private" -r 0.02:0.01:0.5 -s 10 -b 512 -R 16000 -f -H 0xA1 \
    sections 2>"$stage/send.log" &
sending=$!
wait_for sh -c "ls '$stage/noted.temp'/_group_*_restart.note"
sleep 0.3
kill -KILL "$victim"
wait $sending "$victim" 2>/dev/null
restart=$(ls _group_*_restart)
start_receiver noted -U 0xA1 -T "$stage/noted.temp"
send 0 -F "$restart" -b 512
cmp sections "$stage/noted/sections" || complain "the restarted file differs"
expect_lines 0 "NAKs for section 0" "$stage/send.log"
expect_lines 1 "NAKs for section 2" "$stage/send.log"
[ -z "$(ls -A "$stage/noted.temp")" ] || complain "left over: $(ls -A "$stage/noted.temp")"
stop_receiver "$receiver"
verdict
