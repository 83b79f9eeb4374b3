#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Drives the real program: test_keymgt.sh PROGRAM KEYS, where KEYS holds key files of the reference.
# Compares with what openssl makes of the same files, when it is there.
set -u

program=$1
keys=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

# expect EXIT TEXT ARGUMENT...: the exit code, the whole of stderr, and nothing on stdout.
expect() {
    code=$1 text=$2
    shift 2
    "$program" "$@" >out 2>err
    got=$?
    printf '%s' "$text" >wanted
    [ -z "$text" ] || echo >>wanted
    if [ "$got" != "$code" ] || ! cmp -s wanted err || [ -s out ]; then
        echo "FAILED: $* (exit $got, expected $code)"
        diff wanted err
        failed=1
    fi
}

# matches PATTERN: what the last run said, as one extended regular expression.
matches() {
    if ! grep -qxE "$1" err; then
        echo "FAILED: no line '$1' in:"
        cat err
        failed=1
    fi
}

check() {
    if ! "$@"; then
        echo "FAILED: $*"
        failed=1
    fi
}

# The fingerprint in the last output.
fingerprint() {
    sed -n 's/.*fingerprint: //p' err
}

# openssl_fingerprint FILE TYPE: SHA-1 over the blob, put together from openssl's output.
openssl_fingerprint() {
    case $2 in
    rsa)
        modulus=$(openssl rsa -in "$1" -noout -modulus 2>/dev/null | sed 's/.*=//')
        blob=$(printf '0100%04x00010001%s' $((${#modulus} / 2)) "$modulus")
        ;;
    *) # the point is the end of the public key's DER, behind the byte 04
        point=$(openssl ec -in "$1" -pubout -outform DER 2>/dev/null | tail -c "$3" |
            od -An -v -tx1 | tr -d ' \n')
        blob=$(printf '02%02x%04x%s' "$2" "$3" "$point")
        ;;
    esac
    # POSIX printf knows octal only
    octal=$(echo "$blob" | sed 's/../& /g' | tr ' ' '\n' | grep . | while read -r pair; do
        printf '\\%03o' "0x$pair"
    done)
    # shellcheck disable=SC2059
    printf "$octal" | openssl dgst -sha1 -r | cut -c1-40 | tr a-f A-F | sed 's/../&:/g; s/:$//'
}

reference_ec='ECDSA, curve prime256v1, fingerprint: D5:52:E9:7A:A6:11:2D:4D:E1:5D:04:83:84:16:88:8F:C5:87:89:3C'
reference_rsa='RSA, 2048 bits, fingerprint: A0:3D:67:AE:CB:17:E9:03:0C:7A:E6:CD:D7:DD:25:31:D4:03:F6:C5'

# Keys the reference made and whose fingerprints it logged; PKCS#8 of the same.
expect 0 "$keys/ec256.pem: $reference_ec
$keys/rsa2048.pem: $reference_rsa
$keys/rsa2048_pkcs8.pem: $reference_rsa" "$keys/ec256.pem" "$keys/rsa2048.pem" "$keys/rsa2048_pkcs8.pem"
expect 0 "$keys/ec256.pem: $reference_ec" -m "$keys/ec256.pem"
expect 0 "$keys/ec256.pem: $reference_ec" --machine -- "$keys/ec256.pem"

# Unreadable ones do not stop the rest, nor change the exit code.
expect 0 "failed to open key file: No such file or directory
missing.pem: no such key
$keys/ec256.pem: $reference_ec" missing.pem "$keys/ec256.pem"
expect 0 "failed to open key file: algorithm or feature not supported
$keys/ed25519.pem: no such key" "$keys/ed25519.pem"
expect 0 "failed to open key file: Is a directory
.: no such key" .
dd if=/dev/zero of=long.pem bs=1024 count=40 2>/dev/null
expect 0 "failed to open key file: limit exceeded
long.pem: no such key" long.pem
expect 0 ''

# Every kind: made, read back, and the same to openssl.
make_and_compare() { # KIND LINE TYPE [POINT BYTES]
    file=$(echo "$1" | tr : _).pem
    "$program" -g "$1" "$file" >out 2>err
    check [ "$?" = 0 ]
    check [ ! -s out ]
    matches "$file: $2, fingerprint: ([0-9A-F]{2}:){19}[0-9A-F]{2}"
    check [ "$(stat -c %a "$file")" = 600 ]
    made=$(fingerprint)
    expect 0 "$(cat err)" "$file"
    if command -v openssl >/dev/null; then
        check [ "$(openssl_fingerprint "$file" "$3" "${4:-0}")" = "$made" ]
        check openssl pkey -in "$file" -check -noout >/dev/null
    fi
}
umask 022
make_and_compare ec:secp256r1 'ECDSA, curve prime256v1' 23 64
make_and_compare ec:secp384r1 'ECDSA, curve secp384r1' 24 96
make_and_compare ec:secp521r1 'ECDSA, curve secp521r1' 25 132
make_and_compare ec:prime256v1 'ECDSA, curve prime256v1' 23 64
make_and_compare rsa:1024 'RSA, 1024 bits' rsa
make_and_compare rsa:2048 'RSA, 2048 bits' rsa
make_and_compare rsa:3072 'RSA, 3072 bits' rsa
make_and_compare rsa:4096 'RSA, 4096 bits' rsa
"$program" --generate=ec:secp256r1 long_option.pem >out 2>err
check [ -s long_option.pem ]
check [ "$(head -n 1 long_option.pem)" = '-----BEGIN EC PRIVATE KEY-----' ]

# Two keys are two keys.
"$program" -g ec:secp256r1 another.pem 2>/dev/null
check [ "$(cat another.pem)" != "$(cat ec_secp256r1.pem)" ]

# What is there is never overwritten, and links are not followed.
cp ec_secp256r1.pem kept.pem
expect 0 "Private key file already exists, won't overwrite
Error generating/storing key" -g ec:secp384r1 kept.pem
check cmp -s ec_secp256r1.pem kept.pem
ln -s elsewhere.pem link.pem
expect 0 "Private key file already exists, won't overwrite
Error generating/storing key" -g ec:secp256r1 link.pem
check [ ! -e elsewhere.pem ]
expect 0 "failed to open key file: No such file or directory
Error generating/storing key" -g ec:secp256r1 missing/x.pem

# A disk that is full leaves no half a key. (A file size limit stands in for it.)
(
    ulimit -f 0
    trap '' XFSZ
    "$program" -g ec:secp256r1 half.pem 2>&1
) | cat >err
matches 'failed to open key file: File too large'
matches 'Error generating/storing key'
check [ ! -e half.pem ]

# The command line.
expect 1 'Invalid key specification' -g dsa:1024 x.pem
expect 1 'Invalid key specification' -g '' x.pem
expect 1 'Invalid key size' -g rsa:512 x.pem
expect 1 'Invalid key size' -g rsa:4128 x.pem
expect 1 'Invalid key size' -g rsa: x.pem
expect 1 'Invalid curve' -g ec:secp256k1 x.pem
expect 1 'No keyfile specified' -g ec:secp256r1
expect 1 'No keyfile specified' -d
expect 1 "Can't specify both -g and -d" -g ec:secp256r1 -d x.pem
expect 0 '' -d kept.pem
check [ -e kept.pem ]
check [ ! -e x.pem ]
"$program" -z "$keys/ec256.pem" >out 2>err
check [ "$?" = 0 ]
matches "$keys/ec256.pem: $reference_ec"
for asked in --help --version; do
    "$program" "$asked" >out 2>err
    check [ "$?" = 0 ]
    check grep -q uftp_keymgt out
    check [ ! -s err ]
done

[ "$failed" = 0 ] && echo 'all as expected'
exit "$failed"
