#!/bin/sh
# SPDX-License-Identifier: MIT
#
# scenarios.sh UFTP-SIM [--update]: every scenario runs as it expects, at a size that a test can
# afford, several times: by one thread and by three, in the order of time, without sharing what is
# the same for all receivers, all to the same digest.
# Those in digests.txt must also give the digest that is written there, whatever compiler and build
# type made the program. After a change that is meant to change what happens, --update writes the
# file anew.
set -u
sim=${1:?the program}
here=$(cd "$(dirname "$0")" && pwd)
scenarios=$here/../scenarios
known=$here/digests.txt
work=$(mktemp -d "${TMPDIR:-/tmp}/uftp-scenarios.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
    echo "FAILED: $*"
    failed=1
}

# What makes a scenario small enough; the others are.
smaller() {
    case $1 in
    satellite-1000) echo "--set receivers.count=8 --set sender.files.size=400kB --set expect.complete=16" ;;
    lan-100) echo "--set sender.files.size=1MB" ;;
    lossy-wifi | leo | satellite-30) echo "--set sender.files.size=1MB" ;;
    esac
}

for file in "$scenarios"/*.yaml; do
    name=$(basename "$file" .yaml)
    # shellcheck disable=SC2046 # several words
    "$sim" run --quiet --threads 3 $(smaller "$name") "$file" >"$work/$name" 2>"$work/errors" ||
        { fail "$name"; cat "$work/errors"; }
    for way in --no-sharing '--in-step --no-sharing' --in-step '--threads 1'; do
        # shellcheck disable=SC2046,SC2086
        "$sim" run $way --json "$work/$name.json" $(smaller "$name") "$file" >"$work/again" 2>&1
        [ -s "$work/$name.json" ] || fail "$name: no JSON"
        [ -s "$work/$name" ] && [ "$(tail -n 1 "$work/again")" = "$(cat "$work/$name")" ] ||
            fail "$name $way: two digests: $(cat "$work/$name") and $(tail -n 1 "$work/again")"
        [ -f "$work/$name.first" ] || cp "$work/$name.json" "$work/$name.first"
        cmp "$work/$name.json" "$work/$name.first" || fail "$name $way: another report"
    done
done
count=$(find "$scenarios" -name '*.yaml' | wc -l)
[ "$count" -ge 20 ] || fail "only $count scenarios"
[ "$("$sim" list "$scenarios" | grep -c receiver)" -eq "$count" ] || fail "list: not all of them"

if [ "${2:-}" = --update ]; then
    while read -r name digest; do
        case $name in '#' | '') echo "$name${digest:+ $digest}" ;; *) echo "$name $(sed 's/digest: //' "$work/$name")" ;; esac
    done <"$known" >"$work/known" && cp "$work/known" "$known"
fi
while read -r name digest; do
    case $name in '#' | '') continue ;; esac
    [ "$(cat "$work/$name")" = "digest: $digest" ] || fail "$name: $(cat "$work/$name") is not the known one"
done <"$known"

# Seeds side by side, and the command that repeats a failure.
"$sim" run --seeds 1..4 --jobs 2 "$scenarios/small.yaml" >"$work/seeds" || fail "seeds 1..4"
[ "$(grep -c '^seed [1-4] digest: ' "$work/seeds")" -eq 4 ] || fail "seeds 1..4: $(cat "$work/seeds")"
one=$("$sim" run --seed 3 --quiet "$scenarios/small.yaml")
grep -qx "seed 3 $one" "$work/seeds" || fail "seed 3 alone is another run"
"$sim" run --seeds 5..9 --set expect.within=1ms "$scenarios/small.yaml" >"$work/seeds" 2>&1
[ $? -eq 2 ] || fail "a failing seed must give exit status 2"
grep -q '^to repeat: uftp-sim run .*small.yaml --seed 5 --set expect.within=1ms$' "$work/seeds" ||
    fail "no command to repeat: $(cat "$work/seeds")"

# A capture has what the node sent and got, and the key log the secrets of all.
"$sim" run --quiet --set sender.cipher=aes256-gcm --keylog "$work/keys" --pcap "hub=$work/hub.pcap" \
    --pcap "hub>plant-1=$work/link.pcap" --events "$work/events" --report "$work/page.html" \
    "$scenarios/small.yaml" >"$work/digest" || fail "captures"
# 24 bytes of file header, and more than the file in blocks.
[ "$(wc -c <"$work/hub.pcap")" -gt 100024 ] && [ "$(wc -c <"$work/link.pcap")" -gt 100024 ] ||
    fail "captures are too short"
[ "$(cut -d' ' -f1 "$work/keys" | sort -u | wc -l)" -eq 9 ] || fail "labels of the key log"
[ "$(grep -c '^CLIENT_APP_KEY [0-9A-F]\{8\} [0-9A-F]\{8\} [0-9a-f]\{64\}$' "$work/keys")" -eq 6 ] ||
    fail "keys of the clients"
grep -q 'SESSION_FINISHED result=0' "$work/events" || fail "events"
grep -q '</html>' "$work/page.html" && ! grep -q '://' "$work/page.html" || fail "page"
"$sim" run --pcap "nobody=$work/x.pcap" "$scenarios/small.yaml" >/dev/null 2>&1
[ $? -eq 1 ] || fail "a capture at nobody's"

# The documentation: each option is told, and the example runs.
docs=$here/../../docs/simulator.md
for option in $("$sim" run --help | grep -oE '^ +--[a-z-]+' | grep -vE 'help|version'); do
    grep -qF -- "\`$option" "$docs" || fail "docs/simulator.md does not tell $option"
done
sed -n '/^```yaml$/,/^```$/p' "$docs" | grep -v '^```' >"$work/example.yaml"
"$sim" run --quiet "$work/example.yaml" >/dev/null || fail "the example of docs/simulator.md"

exit $failed
