#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sim_captures.sh UFTP-SIM UFTP-PCAP SCENARIOS: what our own cores say in the simulator keeps the
# rules that captures of real sessions are held to, and its captures and key logs are read like
# theirs: every scenario, and the versions and ciphers besides. A scenario that corrupts packets has
# to be noticed.
set -u
sim=$1
pcap=$2
scenarios=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/uftp-sim-captures.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
count=0

# check STATUS SENDER SCENARIO [OPTION...]: the capture at the sender, with all keys.
check() {
    status=$1 node=$2 scenario=$3
    shift 3
    if ! "$sim" run --quiet --pcap "$node=$work/capture" --keylog "$work/keys" "$@" \
        "$scenarios/$scenario.yaml" >/dev/null 2>"$work/err"; then
        echo "$scenario $* does not run: $(cat "$work/err")"
        failed=1
        return
    fi
    "$pcap" check -k "$work/keys" "$work/capture" >"$work/out" 2>"$work/err"
    got=$?
    [ $got = "$status" ] || {
        echo "$scenario $*, node $node: exit status $got instead of $status"
        cat "$work/out" "$work/err"
        failed=1
    }
    packets=$(sed -n 's/^packets: //p' "$work/out")
    [ "${packets:-0}" -gt 10 ] || { echo "$scenario $*: only '$packets' packets"; failed=1; }
    grep -q '^not_decrypted: 0' "$work/out" || [ "$status" = 8 ] ||
        { echo "$scenario $*: not all is decrypted"; failed=1; }
    count=$((count + 1))
    rm -f "$work/keys"
}

# The nodes that send.
senders() {
    awk '/^[a-z]/ { inside = $1 == "sender:" }
         inside && /^  (- )?name: / { print $NF; named = 1 }
         END { if (!named) print "hub" }' "$1"
}

for file in "$scenarios"/*.yaml; do
    scenario=$(basename "$file" .yaml)
    case $scenario in
    corruption)
        check 8 hub $scenario
        grep -q 'rule: sealed-opens' "$work/out" || { echo "corruption is not seen"; failed=1; }
        ;;
    comes-back) # started anew under its UID in the same session: a receiver that changed its keys
        check 8 hub $scenario
        grep -q 'rule: register-changed' "$work/out" || { echo "new keys are not seen"; failed=1; }
        ;;
    satellite-1000)
        check 0 hub $scenario --set receivers.count=8 --set sender.files.size=400kB \
            --set expect.complete=16
        ;;
    lan-100) check 0 hub $scenario --set sender.files.size=1MB ;;
    *) for node in $(senders "$file"); do check 0 "$node" $scenario; done ;;
    esac
done
for cipher in aes128-gcm aes256-gcm aes128-ccm aes256-ccm; do
    check 0 hub small --set sender.cipher=$cipher
    check 0 hub small --set sender.cipher=$cipher --set sender.client_auth=true \
        --set sender.hash=sha512 --set sender.curve=secp521r1 --set sender.key=rsa:2048
    check 0 hub version-4 --set sender.cipher=$cipher
    check 0 hub version-4 --set sender.cipher=$cipher --set sender.client_auth=true \
        --set sender.hash=sha384 --set sender.key=rsa:2048
done
legacy='--set sender.legacy=true --set receivers.legacy=true'
for cipher in 3des-cbc aes128-cbc aes256-cbc; do
    for exchange in rsa ecdh-rsa ecdh-ecdsa; do
        key=rsa:2048
        [ $exchange = ecdh-ecdsa ] && key=ec:secp256r1
        for signature in hmac keyex; do
            # shellcheck disable=SC2086 # several words
            check 0 hub version-4 $legacy --set sender.cipher=$cipher --set sender.key=$key \
                --set sender.exchange=$exchange --set sender.signature=$signature \
                --set sender.files.size=100kB
        done
    done
done
check 0 hub tree-of-routers --set sender.congestion=tfmcc
check 0 hub version-4 --set sender.congestion=tfmcc --set sender.cipher=aes256-gcm
echo "$count captures"
exit $failed
