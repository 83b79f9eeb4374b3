#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_pcap_cli.sh PROGRAM SOURCE_DIR: uftp-pcap as people call it: exit statuses, standard input,
# reports on stderr, output that other programs parse.
set -u
program=$1
source=$2
captures=$source/conformance/captures
work=$(mktemp -d "${TMPDIR:-/tmp}/uftp-pcap.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
# expect WHAT WANTED GOT
expect() {
    [ "$2" = "$3" ] || { echo "$1: expected '$2', got '$3'"; failed=1; }
}
# status WANTED ARGUMENT...
status() {
    wanted=$1
    shift
    "$program" "$@" >"$work/out" 2>"$work/err" </dev/null
    expect "exit status of $*" "$wanted" $?
}

plain=$captures/v5-loss5/session.pcap
sealed=$captures/v5-enc-tree

# Wrong command lines are refused, with a line.
for arguments in "" "dump" "guess $plain" "dump $plain more" "dump -i lo $plain" "extract $plain" \
    "check --rules $plain" "dump --rules" "check -v $plain" "dump -o $work $plain" "dump -c 0 $plain" "extract -o $work/none $plain"; do
    # shellcheck disable=SC2086 # a list of arguments
    status 1 $arguments
    [ -s "$work/err" ] || { echo "no word about: $arguments"; failed=1; }
done
status 2 dump "$work/none"
status 2 dump "$source/LICENSE"
status 2 dump -f 'no such filter' "$plain"
status 3 dump -k "$plain" "$plain"
status 3 dump -k "$work/none" "$plain"

# A line per packet; the same from stdin, and compressed.
status 0 dump "$plain"
expect "lines of dump" 276 "$(wc -l <"$work/out")"
gzip -c "$plain" | "$program" dump - >"$work/stdin"
cmp -s "$work/out" "$work/stdin" || { echo "dump from stdin differs"; failed=1; }
status 0 dump -c 7 "$plain"
expect "lines of dump -c 7" 7 "$(wc -l <"$work/out")"
status 0 dump --json "$plain"
expect "objects of dump --json" 276 "$(grep -c '^{"number":[0-9]*,.*}$' "$work/out")"
status 0 dump -f 'src host 10.77.0.12' "$plain"
expect "lines of a filtered dump" 5 "$(wc -l <"$work/out")"

# Keys or none.
status 0 dump "$sealed/session.pcap"
grep -q '115 encrypted packets have no key' "$work/err" ||
    { echo "missing keys are not told"; failed=1; }
status 0 dump --quiet "$sealed/session.pcap"
expect "report with --quiet" "" "$(cat "$work/err")"
status 0 dump -k "$sealed/keylog.txt" "$sealed/session.pcap"
expect "decrypted lines" 115 "$(grep -c '\[[A-Z_]*\] seq' "$work/out")"

# A private key opens what was agreed upon by RSA (version 4), and says where it does not.
rsa=$captures/v4-enc-aes256-gcm-rsa
status 0 dump --key "$rsa/keys/server.pem" "$rsa/session.pcap"
expect "lines decrypted by a private key" 76 "$(grep -c '\[[A-Z_]*\] seq' "$work/out")"
expect "report with a private key" "" "$(cat "$work/err")"
status 0 dump --key "$rsa/keys/r1.pem" "$rsa/session.pcap"
grep -q 'session 865F8AB2: the private key is not the one it announces' "$work/err" ||
    { echo "a key that does not fit is not told"; failed=1; }
ecdh=$captures/v4-enc-aes256-gcm-ecdh-ecdsa
status 0 dump --key "$ecdh/keys/server.pem" "$ecdh/session.pcap"
grep -q 'session 01E2D280: .*come from ECDH' "$work/err" ||
    { echo "a key that cannot do is not told"; failed=1; }
status 0 stats --key "$rsa/keys/server.pem" "$sealed/session.pcap"
grep -q 'a private key opens no session of this version' "$work/err" ||
    { echo "a key for version 5 is not told"; failed=1; }
# The key that programs of version 4 make by default is too short for ours. (A session of Debian's
# 4.10.2 on the loopback device, AES-256-CBC, SHA-1, RSA exchange; the key was made for it.)
short=$source/tools/pcap/tests/data/v4-rsa512
mkdir "$work/short"
status 0 extract -o "$work/short" --key "$short.pem" "$short.pcap"
expect "a file under a short key" 3000 "$(tr -cd u <"$(echo "$work"/short/*/file.3000)" | wc -c)"
status 0 check --key "$short.pem" "$short.pcap"
expect "report with a short key" "" "$(cat "$work/err")"
openssl pkcs8 -topk8 -nocrypt -in "$short.pem" -out "$work/pkcs8.pem" 2>/dev/null &&
    status 0 check --key "$work/pkcs8.pem" "$short.pcap" && expect "PKCS#8" "" "$(cat "$work/err")"
status 0 check --key "$short.pem" "$rsa/session.pcap"
grep -q 'the private key is not the one it announces' "$work/err" ||
    { echo "a short key that does not fit is not told"; failed=1; }
head -c 300 "$short.pem" >"$work/half.pem"
status 3 check --key "$work/half.pem" "$short.pcap"
status 3 dump --key "$work/none" "$plain"
status 3 dump --key "$source/LICENSE" "$plain"

# Rules: a good capture, and one whose third packet on is somebody's fault.
status 0 check "$plain"
status 0 check --json -k "$sealed/keylog.txt" "$sealed/session.pcap"
expect "check --json" \
    '{"packets":128,"not_decrypted":0,"whole":true,"broken":[]}' "$(cat "$work/out")"
grep '_APP_' "$sealed/keylog.txt" | sed 's/^\(SERVER_APP_KEY [^ ]* [^ ]* \)...../\100000/' >"$work/keys"
status 8 check -k "$work/keys" "$sealed/session.pcap"
grep -q 'rule: sealed-opens' "$work/out" || { echo "a wrong key breaks no rule"; failed=1; }

# Files, and a capture that breaks off among them.
mkdir "$work/files" "$work/part"
status 0 extract -o "$work/files" -k "$sealed/keylog.txt" "$sealed/session.pcap"
expect "extracted" "10 written, 0 incomplete, 0 failed" "$(tail -n 1 "$work/out")"
expect "a link" one.bin "$(readlink "$work"/files/*/d/to-one)"
expect "a size" 70000 "$(wc -c <"$(echo "$work"/files/*/d/one.bin)")"
head -c 100000 "$plain" >"$work/cut.pcap"
status 8 extract -o "$work/part" "$work/cut.pcap"
grep -q 'the capture breaks off after frame' "$work/err" || { echo "the cut is not told"; failed=1; }
[ -f "$(echo "$work"/part/*/file-300000.bin.0001.incomplete)" ] ||
    { echo "the incomplete file is not there"; failed=1; }

# Figures.
status 0 stats --json "$plain"
grep -q '"FILESEG":246' "$work/out" || { echo "stats does not count"; failed=1; }

cp "$captures/v4-loss5/session.pcap" "$work/damaged.pcap" # in the first frame, the robustness
printf '\377' | dd of="$work/damaged.pcap" bs=1 seek=101 conv=notrunc 2>"$work/dd"
status 8 check "$work/damaged.pcap"
expect "what is told of a rule" "rule: announce-settings section: v5 1.6, v4 3.1 demands: ROBUST is 10 to \
50, congestion control none or TFMCC count: 1 packets: 1" \
    "$(grep -A 5 announce-settings "$work/out" | tr -s ' \n' '  ' | sed 's/^ *-* *//; s/ *$//')"
status 8 check --json "$work/damaged.pcap"
grep -q '{"rule":"announce-settings",.*"count":1,"packets":\[1\]}' "$work/out" ||
    { echo "a broken rule is not in JSON"; failed=1; }
status 0 check --rules
expect "rules listed" "$(grep -c '^    X([A-Z_0-9]*, *"' "$source/tools/pcap/check.h")" \
    "$(grep -cE '^[a-z-]+ +(v[345] [0-9.]+(, )?)+ +[a-zA-Z].*' "$work/out")"
status 0 check --rules --json
expect "a rule in JSON" 1 "$(grep -c '^\[{"rule":"malformed-message","section":"[^"]*","demands":' "$work/out")"

# Every rule is in the manual page's list.
for rule in $("$program" check --rules | cut -d " " -f 1); do
    grep -q "^| \`$rule\` |" "$source/docs/captures.md" ||
        { echo "docs/captures.md does not tell the rule $rule"; failed=1; }
done
exit $failed
