/* SPDX-License-Identifier: MIT
 *
 * The codec of version 3, which only reads: a datagram in memory of exactly its length. What
 * decodes lies inside it, and is as long as its header says.
 */
#include "fuzz.h"

#include "wire/v3.h"

#include <string.h>

static void inside(uftp_bytes part, const uint8_t *start, const uint8_t *end)
{
    if (part.len)
        FUZZ_CHECK(part.data >= start && part.data <= end && part.len <= (size_t)(end - part.data));
}

static void list_inside(const uftp_uid_list *list, const uint8_t *start, const uint8_t *end)
{
    inside((uftp_bytes){list->bytes, 4 * list->count}, start, end);
}

static void check(const uftp_v3_message *m, const uint8_t *start, const uint8_t *end)
{
    switch ((uftp_v3_type)m->type) {
    case UFTP_V3_ANNOUNCE:
        inside((uftp_bytes){m->as.announce.random, UFTP_RANDOM_LEN}, start, end);
        inside(m->as.announce.modulus, start, end);
        list_inside(&m->as.announce.members, start, end);
        break;
    case UFTP_V3_REGISTER:
        inside(m->as.registration.premaster, start, end);
        list_inside(&m->as.registration.clients, start, end);
        break;
    case UFTP_V3_CLIENT_KEY:
    case UFTP_V3_HB_REQ:
    case UFTP_V3_PROXY_KEY:
        inside(m->as.key.modulus, start, end);
        inside(m->as.key.signature, start, end);
        break;
    case UFTP_V3_REG_CONF:
        list_inside(&m->as.reg_conf.clients, start, end);
        break;
    case UFTP_V3_FILEINFO:
        FUZZ_CHECK(m->as.fileinfo.name.len + m->as.fileinfo.link.len <= 300);
        inside(m->as.fileinfo.name, start, end);
        inside(m->as.fileinfo.link, start, end);
        list_inside(&m->as.fileinfo.clients, start, end);
        break;
    case UFTP_V3_KEYINFO:
        inside(
            (uftp_bytes){m->as.keyinfo.entries, m->as.keyinfo.entry_count * UFTP_KEYINFO_ENTRY_LEN},
            start, end);
        break;
    case UFTP_V3_INFO_ACK:
        FUZZ_CHECK(m->as.info_ack.verify_data.len == 12);
        list_inside(&m->as.info_ack.clients, start, end);
        break;
    case UFTP_V3_FILESEG:
        inside(m->as.fileseg.data, start, end);
        break;
    case UFTP_V3_DONE:
        list_inside(&m->as.done.clients, start, end);
        break;
    case UFTP_V3_STATUS:
    case UFTP_V3_PRSTATUS:
        inside(m->as.status.naks, start, end);
        list_inside(&m->as.status.clients, start, end);
        break;
    case UFTP_V3_COMPLETE:
    case UFTP_V3_DONE_CONF:
        list_inside(&m->as.complete.clients, start, end);
        break;
    case UFTP_V3_ENCRYPTED:
        inside(m->as.encrypted.signature, start, end);
        inside(m->as.encrypted.payload, start, end);
        break;
    case UFTP_V3_ABORT:
        FUZZ_CHECK(m->as.abort.text.len <= 300);
        inside(m->as.abort.text, start, end);
        break;
    case UFTP_V3_HB_RESP:
    case UFTP_V3_KEY_REQ:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);
    FUZZ_CHECK(exact);
    if (size)
        memcpy(exact, data, size);
    uftp_reader r = {.at = exact, .end = exact + size};
    uftp_v3_header header;
    uftp_v3_message message;
    if (uftp_v3_header_read(&r, &header) == UFTP_OK) {
        FUZZ_CHECK(uftp_v3_message_name(header.type));
        if (uftp_v3_message_read(&r, &header, &message) == UFTP_OK) {
            FUZZ_CHECK(size == UFTP_V3_HEADER_LEN + (size_t)header.len);
            check(&message, exact, exact + size);
        }
    }
    free(exact);
    return 0;
}
