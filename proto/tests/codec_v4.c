/* SPDX-License-Identifier: MIT */
#include "codec_v4.h"

#include "support.h"

#include <stdlib.h>
#include <string.h>

int v4_encode(const uftp_message *message, uint8_t *out, size_t capacity, size_t *len)
{
    uint8_t *exact = malloc(capacity ? capacity : 1);
    assert_non_null(exact);
    memset(exact, 0xa5, capacity); /* what is not written shows */
    uftp_writer w = {.at = exact, .end = exact + capacity};
    int err = uftp_wire_v4.message_write(&w, message);
    *len = (size_t)(w.at - exact);
    if (err == UFTP_OK)
        memcpy(out, exact, *len);
    free(exact);
    return err;
}

int v4_reencode(const uint8_t *bytes, size_t len, uint8_t *again, size_t *again_len)
{
    uint8_t *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    uftp_reader r = {.at = exact, .end = exact + len};
    uftp_message message;
    int err = uftp_wire_v4.message_read(&r, &message);
    if (err == UFTP_OK)
        assert_int_equal(v4_encode(&message, again, UFTP_DATAGRAM_MAX, again_len), UFTP_OK);
    free(exact);
    return err;
}

int v4_decode(const uint8_t *bytes, size_t len, uftp_message *out)
{
    static uint8_t copy[UFTP_DATAGRAM_MAX];
    assert_true(len <= sizeof copy);
    memcpy(copy, bytes, len);
    uftp_reader r = {.at = copy, .end = copy + len};
    return uftp_wire_v4.message_read(&r, out);
}
