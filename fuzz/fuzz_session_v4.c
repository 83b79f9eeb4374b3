/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "session.h"

/* The kind of session: two bits for the key exchange (0: none, plain), two for the cipher, then
 * 16 client authentication, 32 signatures by the key exchange's keys, 64 SHA-1, 128 congestion
 * control; then the file's size in steps of 37 bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uftp_cipher ciphers[] = {UFTP_CIPHER_AES256_GCM, UFTP_CIPHER_AES128_CCM,
                                          UFTP_CIPHER_AES256_CBC, UFTP_CIPHER_3DES_CBC};
    fuzz_input input = {.at = data, .end = data + size};
    const uint8_t kind = fuzz_byte(&input);
    const uftp_key_exchange exchange = kind & 3;
    const fuzz_session session = {
        .sender = {.version = 4,
                   .plain = exchange == 0,
                   .key_exchange = exchange,
                   .key = fuzz_key(exchange == UFTP_KEY_EXCHANGE_ECDH_ECDSA ? UFTP_KEY_EC
                                                                            : UFTP_KEY_RSA),
                   .cipher = ciphers[kind >> 2 & 3],
                   .client_auth = kind & 16,
                   .sigtype = kind & 32 ? UFTP_SIGTYPE_KEYEX : UFTP_SIGTYPE_HMAC,
                   .hash = kind & 64 ? UFTP_HASH_SHA1 : UFTP_HASH_SHA256,
                   .congestion_control = kind & 128 ? UFTP_CC_TFMCC : UFTP_CC_NONE,
                   .legacy_crypto = true},
        .legacy_crypto = true,
        .file_size = UINT32_C(37) * fuzz_byte(&input)};
    fuzz_session_run(&session, &input);
    return 0;
}
