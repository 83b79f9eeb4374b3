/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "session.h"

/* The kind of session: 1 plain, 2 client authentication, 4 congestion control, 8 RSA key, 16 CCM,
 * 32 SHA-384, 64 closed membership; then the file's size in steps of 37 bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {.at = data, .end = data + size};
    const uint8_t kind = fuzz_byte(&input);
    const fuzz_session session = {
        .sender = {.version = 5,
                   .plain = kind & 1,
                   .client_auth = kind & 2,
                   .congestion_control = kind & 4 ? UFTP_CC_TFMCC : UFTP_CC_NONE,
                   .key = fuzz_key(kind & 8 ? UFTP_KEY_RSA : UFTP_KEY_EC),
                   .cipher = kind & 16 ? UFTP_CIPHER_AES128_CCM : UFTP_CIPHER_AES256_GCM,
                   .hash = kind & 32 ? UFTP_HASH_SHA384 : UFTP_HASH_SHA256,
                   .member_count = kind & 64 ? 1 : 0},
        .file_size = UINT32_C(37) * fuzz_byte(&input)};
    fuzz_session_run(&session, &input);
    return 0;
}
