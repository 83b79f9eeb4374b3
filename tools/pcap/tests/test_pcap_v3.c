/* SPDX-License-Identifier: MIT
 *
 * Sessions of version 3 (v3_session.h) through all that uftp-pcap does: every packet is read, no
 * rule sees a fault, the files come out whole; and every rule of version 3 sees the damage it is
 * there for, done to the bytes of one packet.
 */
#include "check.h"
#include "dump.h"
#include "engine/memory_store.h"
#include "extract.h"
#include "stats.h"
#include "tests/support.h"
#include "tracker.h"
#include "v3_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static v3_session session;

/* ---- reading ---- */

typedef struct reading {
    cap_tracker *tracker;
    cap_check *check;
    cap_stats *stats;
    sim_store store;
    cap_extract *extract;
    cap_extract_result result;
    cap_dump dump;
    char *text, *json; /* what dump prints */
    size_t text_len, json_len;
    cap_dump json_dump;
    uint64_t messages;
} reading;

static void read_session(reading *r, const v3_session *s)
{
    *r = (reading){0};
    sim_store_init(&r->store, NULL);
    r->tracker = cap_tracker_new(NULL);
    r->check = cap_check_new();
    r->stats = cap_stats_new();
    r->extract = cap_extract_new(&r->store.core);
    r->dump.out = open_memstream(&r->text, &r->text_len);
    r->json_dump = (cap_dump){.out = open_memstream(&r->json, &r->json_len), .json = true};
    assert_true(r->tracker && r->check && r->stats && r->extract);
    for (size_t i = 0; i < s->count; i++) {
        const cap_packet *packet;
        const cap_frame frame = {
            .number = i + 1, .time = UFTP_MS(i), .bytes = {s->bytes[i], s->len[i]}};
        if (!cap_tracker_take(r->tracker, CAP_LINK_RAW, &frame, &packet))
            continue;
        r->messages += packet->depth == CAP_DEPTH_MESSAGE;
        cap_dump_packet(&r->dump, packet);
        cap_dump_packet(&r->json_dump, packet);
        cap_check_packet(r->check, packet);
        cap_stats_packet(r->stats, packet);
        cap_extract_packet(r->extract, packet);
    }
    cap_extract_finish(r->extract, NULL, &r->result);
    fclose(r->dump.out);
    fclose(r->json_dump.out);
}

static void reading_free(reading *r)
{
    free(r->text);
    free(r->json);
    cap_extract_free(r->extract);
    cap_stats_free(r->stats);
    cap_check_free(r->check);
    cap_tracker_free(r->tracker);
    sim_store_free(&r->store);
}

static void expect_text(const char *text, const char *wanted)
{
    if (!strstr(text, wanted))
        fail_msg("'%s' is not in the output", wanted);
}

static void expect_clean(const reading *r)
{
    cap_writer w = {.out = stdout, .first = true};
    if (cap_check_broken(r->check)) {
        cap_check_write(r->check, &w);
        fail_msg("rules are broken");
    }
}

/* ---- good sessions ---- */

/* Breaks when a message is not seen as UFTP on a port of its own, or not read to its end. */
static void every_message_is_read_and_told(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "10.0.0.1:9044 > 230.4.4.1:9044 v3 1A2B3C4D/0 0A000001 ANNOUNCE private 230.5.5.77 mtu 76",
        " mtu 76 for 10.0.0.2 and 1 more\n",
        "10.0.0.3:9044 > 10.0.0.1:9044 v3 1A2B3C4D/0 0A000003 REGISTER\n",
        "REGISTER for 10.0.0.4\n",
        "REG_CONF for 10.0.0.2 and 2 more\n",
        "FILEINFO file 1 regular \"dir/a.bin\" 8007 bytes for 10.0.0.2\n",
        "INFO_ACK file 1\n",
        "FILESEG file 1 pass 1 section 3 block 400, 7 bytes\n",
        "DONE file 1 pass 2 section 2 for 10.0.0.2\n",
        "STATUS file 1 pass 1 section 2, 2 missing\n",
        "PRSTATUS file 1 pass 1 section 2 for 10.0.0.4\n",
        "COMPLETE file 1 normal for 10.0.0.4\n",
        "DONE_CONF for 10.0.0.2 and 1 more\n",
        " HB_REQ\n",
        " HB_RESP result 2\n",
        " KEY_REQ\n",
        " PROXY_KEY\n",
        "ABORT host 10.0.0.2 \"enough\"\n",
    };
    for (uint8_t version = 0x30; version <= 0x31; version++) {
        reading r;
        v3_session_plain(&session, version);
        read_session(&r, &session);
        assert_int_equal(r.messages, session.count);
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
            expect_text(r.text, lines[i]);
        expect_text(r.json,
                    "\"type\":\"FILESEG\",\"file\":1,\"pass\":2,\"section\":2,\"block\":162");
        expect_text(r.json, "\"source\":\"0.0.0.0\"");
        expect_clean(&r);
        reading_free(&r);
    }
    reading r;
    v3_session_sealed(&session);
    read_session(&r, &session);
    assert_int_equal(r.messages, session.count - 3);
    expect_text(r.text, "mtu 76 aes128-cbc sha1 client-auth for");
    expect_text(r.text, " CLIENT_KEY\n");
    expect_text(r.text, " KEYINFO for 2\n");
    expect_text(r.text, " ENCRYPTED 48 bytes, no key\n");
    expect_text(r.json, "\"timestamp_us\":1310000001654321,\"signature\":\"8888");
    expect_clean(&r);
    reading_free(&r);
}

/* Breaks when sections or blocks are laid out as in later versions. */
static void its_files_come_out(void **state)
{
    (void)state;
    for (uint8_t version = 0x30; version <= 0x31; version++) {
        reading r;
        v3_session_plain(&session, version);
        read_session(&r, &session);
        assert_int_equal(r.result.files, 4);
        assert_int_equal(r.result.incomplete + r.result.failed, 0);
        sim_entry *entry = sim_store_find(&r.store, 0, "1A2B3C4D/" V3_FILE_NAME);
        assert_non_null(entry);
        assert_int_equal(entry->content.size, V3_FILE_SIZE);
        uint8_t got[V3_FILE_SIZE];
        sim_content_read(&entry->content, 0, got, sizeof got);
        for (size_t i = 0; i < sizeof got; i++)
            if (got[i] != v3_content(i))
                fail_msg("byte %zu differs", i);
        entry = sim_store_find(&r.store, 0, "1A2B3C4D/" V3_LINK);
        assert_true(entry && entry->type == UFTP_STAT_SYMLINK);
        assert_string_equal(entry->target, V3_FILE_NAME);
        entry = sim_store_find(&r.store, 0, "1A2B3C4D/" V3_EMPTY);
        assert_true(entry && entry->content.size == 0);
        reading_free(&r);
    }
    /* The block that only the second pass brings is left out. */
    reading r;
    v3_session_plain(&session, 0x31);
    size_t repeated = v3_find(&session, 8, V3_BLOCKS);
    session.bytes[repeated][9] = 6; /* no UDP */
    read_session(&r, &session);
    assert_int_equal(r.result.incomplete, 1);
    reading_free(&r);
}

/* Breaks when version 3 is left out of the figures, or counted under other names. */
static void its_figures_are_told(void **state)
{
    (void)state;
    reading r;
    char *text = NULL;
    size_t len;
    v3_session_plain(&session, 0x31);
    read_session(&r, &session);
    cap_writer w = {.out = open_memstream(&text, &len), .json = true, .first = true};
    cap_stats_write(r.stats, r.tracker, &w);
    fclose(w.out);
    expect_text(text, "\"block_size\":20,");
    expect_text(text, "\"INFO_ACK\":4,\"FILESEG\":402,\"DONE\":6,\"STATUS\":9,\"PRSTATUS\":3,"
                      "\"COMPLETE\":15,\"DONE_CONF\":1,\"ABORT\":1}");
    expect_text(text, "\"blocks\":401,\"sections\":3,\"blocks_sent\":402,\"bytes_sent\":8027,"
                      "\"status_messages\":9,\"naks\":3,\"normal\":3");
    expect_text(text, "\"aborts\":1");
    free(text);
    reading_free(&r);
}

/* ---- damage ---- */

typedef struct fault {
    cap_rule rule;
    bool sealed;  /* in which session */
    uint8_t type; /* of the message that is damaged */
    int nth;
    int at;         /* byte of the message, negative: of the header, from its end */
    uint8_t value;  /* what it becomes */
    int longer_by;  /* bytes that are added, or cut off */
    uint8_t become; /* another type; 0: the same */
} fault;

#define RULE(id) CAP_RULE_##id
static const fault faults[] = {
    {RULE(MALFORMED), false, 9, 1, 7, 2, 0, 0},  /* two hosts, bytes for one */
    {RULE(ENCODING), false, 8, 5, 5, 1, 0, 0},   /* reserved */
    {RULE(DIRECTION), false, 8, 5, -5, 2, 0, 0}, /* from a receiver */
    {RULE(SEALED_IN_PLAIN), false, 7, 1, 0, 0, 0, 80},
    {RULE(CLEAR), true, 3, 2, 0, 8, 0, 8}, /* a FILESEG */
    {RULE(ANNOUNCE_CHANGED), false, 1, 2, 12, 11, 0, 0},
    {RULE(CLIENT_KEY_UNASKED), false, 12, 4, 0, 3, 4, 3},
    {RULE(KEYINFO_PLAIN), false, 4, 1, 0, 6, -4, 6},
    {RULE(REGISTER_KEYS), true, 2, 1, 7, 0, -64, 0},
    {RULE(CONFIRMED_UNSEEN), false, 4, 1, 7, 1, 0, 0}, /* the sender */
    {RULE(FILE_TYPE), false, 5, 4, 1, 3, 0, 0},
    {RULE(FILE_NAME), false, 5, 3, 24, 0, 0, 0},
    {RULE(FILE_LAYOUT), false, 5, 1, 7, 0x90, 0, 0},
    {RULE(FILEINFO_CHANGED), false, 5, 2, 23, 1, 0, 0},
    {RULE(FILESEG_FILE), false, 8, 5, 3, 9, 0, 0},
    {RULE(FILESEG_RANGE), false, 8, 5, 7, 2, 0, 0}, /* another section */
    {RULE(FILESEG_LENGTH), false, 8, 5, 11, 4, -1, 0},
    {RULE(PASS_ORDER), false, 9, 4, 1, 1, 0, 0},
    {RULE(DONE_SECTION), false, 9, 1, 3, 4, 0, 0},
    {RULE(STATUS_SECTION), false, 10, 1, 7, 0, 0, 0},
    {RULE(NAK_LENGTH), false, 10, 5, 12, 5, -1, 0},
    {RULE(NAK_BITS), false, 10, 8, 11, 1, 20, 0}, /* the last bit in a section of 81 */
    {RULE(NAK_COUNT), false, 10, 5, 11, 3, 0, 0},
    {RULE(COMPLETE_STATUS), false, 12, 1, 1, 4, 0, 0},
    {RULE(END_UNASKED), false, 12, 1, 3, 0, 0, 0},
    {RULE(END_UNSEEN), false, 9, 1, 0, 13, 0, 13},
};

static uint32_t load(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void damage(v3_session *s, size_t frame, const fault *f)
{
    uint8_t *bytes = s->bytes[frame], message[V3_FRAME_MAX] = {0};
    size_t len = s->len[frame] - V3_MESSAGE_AT;
    memcpy(message, bytes + V3_MESSAGE_AT, len);
    if (f->become == 80) { /* from nobody in particular, but of the session */
        memset(message, 0, 12);
        message[9] = 1;
        message[11] = 8;
        v3_frame(bytes, &s->len[frame], 0x31, 80, 0x0a000002, 0x0a000002, 0x0a000001, message, 21);
        return;
    }
    len = (size_t)((int)len + f->longer_by);
    if (f->rule == CAP_RULE_NAK_BITS)
        message[12 + V3_BLOCK - 1] = 0x80;
    if (f->at >= 0)
        message[f->at] = f->value;
    uint8_t type = f->become ? f->become : bytes[29];
    uint32_t source = load(bytes + 36);
    uint32_t ip = load(bytes + 12);
    uint32_t to = load(bytes + 16);
    if (f->at < 0)
        source = 0x0a000000u | f->value;
    if (f->rule == CAP_RULE_CLIENT_KEY_UNASKED || f->rule == CAP_RULE_KEYINFO_PLAIN)
        memset(message + 1, 0, len);
    v3_frame(bytes, &s->len[frame], bytes[28], type, source, ip, to, message, len);
}

static void every_rule_names_the_packet_that_breaks_it(void **state)
{
    (void)state;
    bool tried[CAP_RULE_COUNT] = {false};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const fault *f = &faults[i];
        reading r;
        if (f->sealed)
            v3_session_sealed(&session);
        else
            v3_session_plain(&session, 0x31);
        size_t frame = v3_find(&session, f->type, f->nth);
        damage(&session, frame, f);
        read_session(&r, &session);
        const cap_breaks *breaks = cap_check_breaks(r.check, f->rule);
        if (breaks->count == 0 || breaks->numbers[0] != frame + 1)
            fail_msg("%s: packet %zu damaged, %d broken, first %d", cap_rule_name(f->rule),
                     frame + 1, (int)breaks->count, (int)breaks->numbers[0]);
        tried[f->rule] = true;
        reading_free(&r);
    }
    for (int rule = 0; rule < CAP_RULE_COUNT; rule++)
        if (*cap_rule_section((cap_rule)rule, 3) && !tried[rule])
            fail_msg("no damage for %s", cap_rule_name((cap_rule)rule));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_read_and_told),
        cmocka_unit_test(its_files_come_out),
        cmocka_unit_test(its_figures_are_told),
        cmocka_unit_test(every_rule_names_the_packet_that_breaks_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
