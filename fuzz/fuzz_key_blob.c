/* SPDX-License-Identifier: MIT
 *
 * What a stranger's public key can do: the first two bytes say how long the blob is, a signature
 * over a fixed digest follows. No input may verify but for the corpus, and checks must agree.
 */
#include "fuzz.h"

#include "crypto/ec.h"
#include "crypto/hash.h"
#include "crypto/sign.h"

#include <uftp/key.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t digest[UFTP_HASH_MAX] = {0xd1, 0x6e, 0x57};
    if (size < 3)
        return 0;
    uint8_t hash = data[2];
    size_t blob_len = (size_t)(data[0] << 8 | data[1]);
    data += 3;
    size -= 3;
    if (blob_len > size)
        blob_len = size;
    const uftp_bytes blob = {data, blob_len}, signature = {data + blob_len, size - blob_len};
    int checked = uftp_public_key_check(blob);
    int verified = uftp_verify(blob, hash, digest, signature);
    if (!uftp_hash_len(hash))
        FUZZ_CHECK(verified == UFTP_ERR_UNSUPPORTED);
    else if (checked == UFTP_OK)
        FUZZ_CHECK(verified == UFTP_OK || verified == UFTP_ERR_AUTH);
    else
        FUZZ_CHECK(verified == UFTP_ERR_KEY);
    if (checked == UFTP_OK && data[0] == UFTP_KEY_EC)
        FUZZ_CHECK(uftp_ec_blob_curve(blob));
    uint8_t fingerprint[UFTP_FINGERPRINT_LEN], parsed[UFTP_FINGERPRINT_LEN];
    char text[UFTP_FINGERPRINT_TEXT_MAX];
    uftp_fingerprint(blob.data, blob.len, fingerprint);
    FUZZ_CHECK(uftp_fingerprint_parse(uftp_fingerprint_format(fingerprint, text), parsed) ==
               UFTP_OK);
    return 0;
}
