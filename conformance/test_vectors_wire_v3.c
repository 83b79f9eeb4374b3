/* SPDX-License-Identifier: MIT
 *
 * The constructed vectors of version 3 (vectors/README.md): one datagram of each kind, with values
 * that are all different, so that a field read from a wrong place shows. What tshark reads in them
 * is compared in replay/test_tshark.c.
 */
#include "tests/support.h"
#include "wire/v3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVER = 0x0a000001, CLIENT = 0x0a000002, PROXY = 0x0a000009, GROUP = 0x1a2b3c4d };

static void address_is(const uftp_uid_list *list, size_t count, uint32_t first)
{
    assert_int_equal(list->count, count);
    if (count)
        assert_int_equal(uftp_uid_list_get(list, 0), first);
}

static void text_is(uftp_bytes text, const char *wanted)
{
    assert_int_equal(text.len, strlen(wanted));
    assert_memory_equal(text.data, wanted, text.len);
}

static void starts(uftp_bytes bytes, size_t len, uint8_t first)
{
    assert_int_equal(bytes.len, len);
    assert_int_equal(bytes.data[0], first);
}

static void announce_closed_clear(const uftp_v3_message *m)
{
    const uftp_v3_announce *a = &m->as.announce;
    assert_true(!a->restart && !a->sync_mode && !a->sync_preview && !a->client_auth);
    assert_int_equal(a->announce_interval_ms, 2500);
    assert_int_equal(a->status_interval_ms, 4000);
    assert_int_equal(a->register_interval_ms, 4001);
    assert_int_equal(a->done_interval_ms, 4002);
    assert_int_equal(a->announce_time_s, 10);
    assert_int_equal(a->status_time_s, 12);
    assert_int_equal(a->mtu, 1500);
    assert_int_equal(a->private_address, 0xe605054d);
    assert_int_equal(a->random[0], 0xa0);
    assert_int_equal(a->modulus.len + a->sigtype + a->hash + a->cipher, 0);
    address_is(&a->members, 1, CLIENT);
}
static void announce_open_enc(const uftp_v3_message *m)
{
    const uftp_v3_announce *a = &m->as.announce;
    assert_true(!a->restart && a->sync_mode && !a->sync_preview && a->client_auth);
    assert_int_equal(a->sigtype, 2);
    assert_int_equal(a->hash, 3);
    assert_int_equal(a->cipher, 4);
    assert_int_equal(a->exponent, 65537);
    starts(a->modulus, 64, 1);
    address_is(&a->members, 0, 0);
}
static void registration(const uftp_v3_message *m)
{
    assert_int_equal(m->as.registration.random[0], 0xb0);
    starts(m->as.registration.premaster, 64, 0x80);
    address_is(&m->as.registration.clients, 0, 0);
}
static void register_proxy(const uftp_v3_message *m)
{
    assert_int_equal(m->as.registration.premaster.len, 0);
    address_is(&m->as.registration.clients, 2, CLIENT);
}
static void client_key(const uftp_v3_message *m)
{
    assert_int_equal(m->as.key.exponent, 65537);
    starts(m->as.key.modulus, 64, 1);
    starts(m->as.key.signature, 64, 0x80);
}
static void with_nonce(const uftp_v3_message *m)
{
    assert_int_equal(m->as.key.nonce, 0x01020304);
    client_key(m);
}
static void reg_conf(const uftp_v3_message *m)
{
    address_is(&m->as.reg_conf.clients, 1, CLIENT);
}
static void fileinfo(const uftp_v3_message *m)
{
    const uftp_v3_fileinfo *f = &m->as.fileinfo;
    assert_int_equal(f->file_type, 0);
    assert_int_equal(f->file_id, 1);
    assert_int_equal(f->blocks, 0x11223);
    assert_int_equal(f->sections, 2);
    assert_int_equal(f->size, UINT64_C(0x123456789a));
    assert_int_equal(f->mtime, f->has_mtime ? 0x5f000001 : 0);
    text_is(f->name, "dir/name.bin");
    address_is(&f->clients, 1, CLIENT);
}
static void fileinfo_31(const uftp_v3_message *m)
{
    assert_true(m->as.fileinfo.has_mtime);
    fileinfo(m);
}
static void fileinfo_30(const uftp_v3_message *m)
{
    assert_false(m->as.fileinfo.has_mtime);
    fileinfo(m);
}
static void keyinfo(const uftp_v3_message *m)
{
    const uftp_v3_keyinfo *k = &m->as.keyinfo;
    assert_int_equal(k->master_len, 48);
    assert_int_equal(k->time.seconds, 0x4e150380);
    assert_int_equal(k->time.us, 123456);
    assert_int_equal(k->entry_count, 1);
    assert_int_equal(k->entries[0], 0x0a);
    assert_int_equal(k->entries[5], 0x01);
}
static void info_ack(const uftp_v3_message *m)
{
    assert_true(m->as.info_ack.partial);
    assert_int_equal(m->as.info_ack.file_id, 1);
    starts(m->as.info_ack.verify_data, 12, 0);
    address_is(&m->as.info_ack.clients, 0, 0);
}
static void fileseg(const uftp_v3_message *m)
{
    const uftp_v3_fileseg *f = &m->as.fileseg;
    assert_int_equal(f->file_id, 1);
    assert_int_equal(f->pass, 1);
    assert_int_equal(f->section, 1);
    assert_int_equal(f->block, 7);
    text_is(f->data, "hello");
}
static void done(const uftp_v3_message *m)
{
    assert_int_equal(m->as.done.pass, 2);
    assert_int_equal(m->as.done.section, 3);
    assert_int_equal(m->as.done.file_id, 1);
    address_is(&m->as.done.clients, 1, CLIENT);
}
static void status(const uftp_v3_message *m, uint32_t naks, size_t len)
{
    assert_int_equal(m->as.status.file_id, 1);
    assert_int_equal(m->as.status.pass, 2);
    assert_int_equal(m->as.status.seq, 0);
    assert_int_equal(m->as.status.section, 3);
    assert_int_equal(m->as.status.nak_count, naks);
    assert_int_equal(m->as.status.naks.len, len);
}
static void status_naks(const uftp_v3_message *m)
{
    status(m, 2, 1444);
    assert_int_equal(m->as.status.naks.data[0], 5);
}
static void status_none(const uftp_v3_message *m)
{
    status(m, 0, 0);
}
static void prstatus(const uftp_v3_message *m)
{
    assert_int_equal(m->as.status.pass, 2);
    assert_int_equal(m->as.status.seq, 4);
    assert_int_equal(m->as.status.section, 3);
    address_is(&m->as.status.clients, 2, CLIENT);
}
static void complete(const uftp_v3_message *m)
{
    assert_int_equal(m->as.complete.status, UFTP_COMPLETE_OVERWRITE);
    assert_int_equal(m->as.complete.file_id, 1);
    address_is(&m->as.complete.clients, 0, 0);
}
static void done_conf(const uftp_v3_message *m)
{
    assert_int_equal(m->as.complete.file_id, 0);
    address_is(&m->as.complete.clients, 1, CLIENT);
}
static void hb_resp(const uftp_v3_message *m)
{
    assert_int_equal(m->as.hb_resp.result, 2);
    assert_int_equal(m->as.hb_resp.nonce, 0x01020304);
}
static void key_req(const uftp_v3_message *m)
{
    assert_false(m->reserved_set);
}
static void encrypted(const uftp_v3_message *m)
{
    assert_int_equal(m->as.encrypted.time.seconds, 0x4e150380);
    assert_int_equal(m->as.encrypted.time.us, 123456);
    starts(m->as.encrypted.signature, 20, 0);
    assert_int_equal(m->as.encrypted.payload.len, 32);
}
static void abort_message(const uftp_v3_message *m)
{
    assert_true(m->as.abort.current_file);
    assert_int_equal(m->as.abort.host, 0);
    text_is(m->as.abort.text, "test abort");
}

static const struct vector {
    const char *name;
    uint8_t type;
    uint32_t group, source;
    void (*check)(const uftp_v3_message *m);
} vectors[] = {
    {"announce_closed_clear", UFTP_V3_ANNOUNCE, GROUP, SERVER, announce_closed_clear},
    {"announce_open_enc", UFTP_V3_ANNOUNCE, GROUP, SERVER, announce_open_enc},
    {"register", UFTP_V3_REGISTER, GROUP, CLIENT, registration},
    {"register_proxy", UFTP_V3_REGISTER, GROUP, PROXY, register_proxy},
    {"client_key", UFTP_V3_CLIENT_KEY, GROUP, CLIENT, client_key},
    {"reg_conf", UFTP_V3_REG_CONF, GROUP, SERVER, reg_conf},
    {"fileinfo_31", UFTP_V3_FILEINFO, GROUP, SERVER, fileinfo_31},
    {"fileinfo_30", UFTP_V3_FILEINFO, GROUP, SERVER, fileinfo_30},
    {"keyinfo", UFTP_V3_KEYINFO, GROUP, SERVER, keyinfo},
    {"info_ack", UFTP_V3_INFO_ACK, GROUP, CLIENT, info_ack},
    {"fileseg", UFTP_V3_FILESEG, GROUP, SERVER, fileseg},
    {"done", UFTP_V3_DONE, GROUP, SERVER, done},
    {"status_naks", UFTP_V3_STATUS, GROUP, CLIENT, status_naks},
    {"status_none", UFTP_V3_STATUS, GROUP, CLIENT, status_none},
    {"prstatus", UFTP_V3_PRSTATUS, GROUP, PROXY, prstatus},
    {"complete", UFTP_V3_COMPLETE, GROUP, CLIENT, complete},
    {"done_conf", UFTP_V3_DONE_CONF, GROUP, SERVER, done_conf},
    {"hb_req", UFTP_V3_HB_REQ, 0, PROXY, with_nonce},
    {"hb_resp", UFTP_V3_HB_RESP, 0, SERVER, hb_resp},
    {"key_req", UFTP_V3_KEY_REQ, 0, CLIENT, key_req},
    {"proxy_key", UFTP_V3_PROXY_KEY, 0, PROXY, with_nonce},
    {"encrypted", UFTP_V3_ENCRYPTED, GROUP, SERVER, encrypted},
    {"abort", UFTP_V3_ABORT, GROUP, SERVER, abort_message},
};
#define VECTOR_COUNT (sizeof vectors / sizeof *vectors)

static char *file;

static size_t load(const struct vector *v, uint8_t out[UFTP_DATAGRAM_MAX])
{
    size_t len = strlen(v->name);
    for (const char *line = file; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, v->name, len) != 0 || strncmp(line + len, " = ", 3) != 0)
            continue;
        static char hex[2 * UFTP_DATAGRAM_MAX + 1];
        assert_int_equal(sscanf(line + len + 3, "%18000[0-9a-f]", hex), 1);
        return test_unhex(hex, out, UFTP_DATAGRAM_MAX);
    }
    fail_msg("no vector %s", v->name);
    return 0;
}

static int decode(const uint8_t *bytes, size_t len, uftp_v3_header *header, uftp_v3_message *m)
{
    uftp_reader r = {.at = bytes, .end = bytes + len};
    int err = uftp_v3_header_read(&r, header);
    return err < 0 ? err : uftp_v3_message_read(&r, header, m);
}

/* Breaks when a field is read from a wrong place. */
static void every_vector_decodes_to_its_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        uint8_t bytes[UFTP_DATAGRAM_MAX];
        size_t len = load(&vectors[i], bytes);
        uftp_v3_header header;
        uftp_v3_message m;
        int err = decode(bytes, len, &header, &m);
        if (err < 0)
            fail_msg("%s: error %d", vectors[i].name, err);
        assert_int_equal(header.type, vectors[i].type);
        assert_int_equal(header.group, vectors[i].group);
        assert_int_equal(header.source, vectors[i].source);
        assert_int_equal(header.len, len - UFTP_V3_HEADER_LEN);
        assert_false(m.reserved_set);
        assert_string_not_equal(uftp_v3_message_name(header.type), "UNKNOWN");
        vectors[i].check(&m);
    }
}

/* The length in the header is believed no further than the bytes reach, and a count no further than
 * the length: each cut is seen, with and without a header that goes along with it. */
static void a_datagram_of_another_length_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        uint8_t bytes[UFTP_DATAGRAM_MAX];
        size_t full = load(&vectors[i], bytes);
        bool open_end = vectors[i].type == UFTP_V3_FILESEG || vectors[i].type == UFTP_V3_STATUS;
        for (size_t len = 0; len < full + 5; len++) {
            uint8_t *exact = malloc(len ? len : 1);
            uftp_v3_header header;
            uftp_v3_message m;
            assert_non_null(exact);
            memset(exact, 0, len);
            memcpy(exact, bytes, len < full ? len : full);
            if (len != full)
                assert_true(decode(exact, len, &header, &m) < 0);
            if (len >= UFTP_V3_HEADER_LEN && len != full) {
                exact[2] = (uint8_t)((len - UFTP_V3_HEADER_LEN) >> 8);
                exact[3] = (uint8_t)(len - UFTP_V3_HEADER_LEN);
                if (decode(exact, len, &header, &m) == UFTP_OK &&
                    !(open_end && len >= UFTP_V3_HEADER_LEN + 12))
                    fail_msg("%s passes with %zu bytes", vectors[i].name, len);
            }
            free(exact);
        }
    }
}

/* Under a sanitizer: whatever the bytes, nothing beside them is read. */
static void damaged_bytes_are_read_in_their_bounds(void **state)
{
    (void)state;
    test_random random;
    test_random_init(&random, 0x5eed0030);
    size_t decoded = 0;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[UFTP_DATAGRAM_MAX];
        size_t len = load(&vectors[test_random_below(&random, VECTOR_COUNT)], bytes);
        uint8_t *exact = malloc(len);
        uftp_v3_header header;
        uftp_v3_message m;
        assert_non_null(exact);
        memcpy(exact, bytes, len);
        for (uint64_t n = test_random_below(&random, 4); n > 0; n--)
            exact[test_random_below(&random, len)] = (uint8_t)test_random_u64(&random);
        decoded += decode(exact, len, &header, &m) == UFTP_OK;
        free(exact);
    }
    assert_true(decoded > 5000 && decoded < 20000);
}

int main(void)
{
    size_t len;
    file = test_read_file(UFTP_SOURCE_DIR "/conformance/vectors/v3-synthetic.txt", &len);
    if (!file)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_decodes_to_its_values),
        cmocka_unit_test(a_datagram_of_another_length_is_refused),
        cmocka_unit_test(damaged_bytes_are_read_in_their_bounds),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(file);
    return failed;
}
