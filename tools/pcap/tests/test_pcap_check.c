/* SPDX-License-Identifier: MIT
 *
 * Every rule of `uftp-pcap check` sees the fault it is there for: the bytes of one packet of a good
 * session are changed, inside encrypted packets too, and the rule has to name it. That good
 * sessions break none is what the scenarios of captures test.
 */
#include "check.h"
#include "tests/support.h"
#include "tracker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fault {
    cap_rule rule;
    const char *v4, *v5;                /* folders of captures; NULL: not asked in that version */
    uint8_t type;                       /* of the message, also inside ENCRYPTED */
    int nth;                            /* of that type, from 1 */
    void (*change)(cap_packet *packet); /* what is written anew */
    void (*spoil)(uint8_t *datagram, size_t len); /* what no writer would write; or NULL */
} fault;

static uint8_t zeros[1400]; /* bytes to point at */

/* Once: the packet before the changed one, for numbers used twice. */
static uint16_t last_seq;
static uint64_t last_counter;

static void nothing(cap_packet *p)
{
    (void)p;
}
static void header_len(uint8_t *datagram, size_t len)
{
    (void)len;
    datagram[17] = 255;
}
static void reserved(uint8_t *datagram, size_t len)
{
    (void)len;
    datagram[18] = 1; /* of REG_CONF */
}
static void last_byte(uint8_t *datagram, size_t len)
{
    datagram[len - 1] ^= 1;
}
static void from_receiver(cap_packet *p)
{
    p->header.source = 0x0a4d000b;
}
static void grtt(cap_packet *p)
{
    p->header.grtt = 1;
}
static void seq_again(cap_packet *p)
{
    p->header.seq = last_seq;
}
static void counter_again(cap_packet *p)
{
    p->encrypted.iv_counter = last_counter;
}
static void counter_back(cap_packet *p)
{
    p->encrypted.iv_counter = 0;
}
static void sealed(cap_packet *p)
{
    p->sealed = true;
}
static void clear(cap_packet *p)
{
    p->sealed = false;
}
static void announce_robust(cap_packet *p)
{
    p->message.as.announce.robust++;
}
static void announce_few(cap_packet *p)
{
    p->message.as.announce.robust = 9;
}
static void announce_at_once(cap_packet *p)
{
    p->time -= UFTP_MS(140);
}
static uftp_bytes other_signature(uftp_bytes signature)
{
    static uint8_t bytes[UFTP_SIGNATURE_MAX];
    assert_true(signature.len > 20 && signature.len <= sizeof bytes);
    memcpy(bytes, signature.data, signature.len);
    bytes[15] ^= 1;
    return (uftp_bytes){bytes, signature.len};
}
static void announce_signature(cap_packet *p)
{
    uftp_bytes *signature = &p->message.as.announce.enc_info.signature;
    *signature = other_signature(*signature);
}
static void keyinfo_signature(cap_packet *p)
{
    p->message.as.keyinfo.signature = other_signature(p->message.as.keyinfo.signature);
}
static void become_reg_conf(cap_packet *p)
{
    static const uint8_t client[4] = {0x0a, 0x4d, 0, 0x0b};
    p->message.type = UFTP_MESSAGE_REG_CONF;
    p->message.as.reg_conf.clients = (uftp_uid_list){.bytes = client, .count = 1};
}
static void client_key_signature(cap_packet *p)
{
    p->message.as.client_key.signature = other_signature(p->message.as.client_key.signature);
}
static void register_random(cap_packet *p)
{
    p->message.as.registration.random = zeros;
}
static void register_not_plain(cap_packet *p)
{
    static const uint8_t ones[UFTP_RANDOM_LEN] = {1};
    p->message.as.registration.random = ones;
}
static void confirm_stranger(cap_packet *p)
{
    static const uint8_t server[4] = {0x0a, 0x4d, 0, 1}; /* seen, and has not registered */
    p->message.as.reg_conf.clients.bytes = server;
    p->message.as.reg_conf.clients.count = 1;
}
static void fileinfo_mtime(cap_packet *p)
{
    p->message.as.fileinfo.mtime++;
}
static void fileinfo_id(cap_packet *p)
{
    p->message.as.fileinfo.file_id += 2;
}
static void fileseg_id(cap_packet *p)
{
    p->message.as.fileseg.file_id++;
}
static void fileseg_block(cap_packet *p)
{
    p->message.as.fileseg.block = 60000;
}
static void fileseg_short(cap_packet *p)
{
    p->message.as.fileseg.data.len--;
}
static void done_section(cap_packet *p)
{
    p->message.as.done.section++;
}
static void status_section(cap_packet *p)
{
    p->message.as.status.section = 9;
}
static void nak_short(cap_packet *p)
{
    p->message.as.status.naks.len--;
}
static void nak_beyond(cap_packet *p)
{
    static uint8_t ones[200];
    memset(ones, 0xff, sizeof ones);
    p->message.as.status.naks.data = ones;
}
static void complete_status(cap_packet *p)
{
    p->message.as.complete.status = 4;
}
static void complete_session(cap_packet *p)
{
    p->message.as.complete.file_id = 0;
}
static void conf_other(cap_packet *p)
{
    p->message.type = UFTP_MESSAGE_DONE_CONF;           /* of a DONE for all receivers */
    uftp_uid_list clients = p->message.as.done.clients; /* the union overlaps */
    p->message.as.done_conf.clients = clients;
}
static void many_members(cap_packet *p)
{
    p->message.as.done.clients.count = 326; /* one more than 1300 bytes hold */
    p->message.as.done.clients.bytes = zeros;
}
static void nobody(cap_packet *p)
{
    p->message.as.done_conf.clients.count = 0;
}
static void announce_pgmcc(cap_packet *p)
{
    p->message.as.announce.cc_type = 3;
}
static void register_plain(cap_packet *p)
{
    p->message.as.registration.ecdh_key.len = 0;
}
static void become_client_key(cap_packet *p)
{
    p->message.type = UFTP_MESSAGE_CLIENT_KEY;
    p->message.as.client_key = (uftp_client_key){0};
}
static void become_keyinfo(cap_packet *p)
{
    p->message.type = UFTP_MESSAGE_KEYINFO;
    p->message.as.keyinfo = (uftp_keyinfo){0};
}
static void other_proof(cap_packet *p)
{
    p->message.as.keyinfo_ack.verify_data.data = zeros;
}
static void file_type(cap_packet *p)
{
    p->message.as.fileinfo.file_type = 5;
}
static void file_name(cap_packet *p)
{
    p->message.as.fileinfo.name.len = 0;
}
static void file_link(cap_packet *p)
{
    p->message.as.fileinfo.link = (uftp_bytes){(const uint8_t *)"x", 1};
}
static void directory_size(cap_packet *p)
{
    p->message.as.fileinfo.file_type = UFTP_FILE_DIRECTORY;
}
static void nothing_missing(cap_packet *p)
{
    p->message.as.status.naks.data = zeros;
}
static void free_space(cap_packet *p)
{
    p->message.as.complete.has_free_space = true;
}
static void tfmcc(cap_packet *p)
{
    p->message.as.fileseg.has_tfmcc = true;
}
static void time_back(cap_packet *p)
{
    p->message.as.fileinfo.timestamp_us -= 10000000;
}
static void time_ahead(cap_packet *p)
{
    p->message.as.fileinfo_ack.timestamp_us += 10000000;
}

/* ENC has client authentication in no version, AUTH in both. */
#define LOSS "v4-loss5", "v5-loss5"
#define ENC "v4-enc-loss5", "v5-enc-loss5"
#define AUTH "v4-enc-clientauth", "v5-enc-clientauth-ec256"
#define ONLY_V5(folder) NULL, folder
#define M(type) UFTP_MESSAGE_##type
static const fault faults[] = {
    {CAP_RULE_MALFORMED, LOSS, M(FILESEG), 3, nothing, header_len},
    {CAP_RULE_ENCODING, LOSS, M(REG_CONF), 1, nothing, reserved},
    {CAP_RULE_DIRECTION, LOSS, M(FILESEG), 3, from_receiver, NULL},
    {CAP_RULE_RECEIVER_HEADER, LOSS, M(STATUS), 1, grtt, NULL},
    {CAP_RULE_SEQUENCE_REUSED, LOSS, M(FILESEG), 3, seq_again, NULL},
    {CAP_RULE_COUNTER_REUSED, ENC, M(FILESEG), 3, counter_again, NULL},
    {CAP_RULE_COUNTER_ORDER, ENC, M(FILESEG), 3, counter_back, NULL},
    {CAP_RULE_SEALED_OPENS, ENC, M(FILESEG), 3, nothing, last_byte},
    {CAP_RULE_SEALED_TYPE, ENC, M(FILESEG), 3, become_reg_conf, NULL},
    {CAP_RULE_SEALED_IN_PLAIN, LOSS, M(FILESEG), 3, sealed, NULL},
    {CAP_RULE_CLEAR, ENC, M(FILESEG), 3, clear, NULL},
    {CAP_RULE_LIST_LENGTH, LOSS, M(DONE), 1, many_members, NULL},
    {CAP_RULE_LIST_EMPTY, LOSS, M(DONE_CONF), 1, nobody, NULL},
    {CAP_RULE_ANNOUNCE_SETTINGS, LOSS, M(ANNOUNCE), 2, announce_pgmcc, NULL},
    {CAP_RULE_ANNOUNCE_SETTINGS, LOSS, M(ANNOUNCE), 1, announce_few, NULL},
    {CAP_RULE_ANNOUNCE_CHANGED, LOSS, M(ANNOUNCE), 2, announce_robust, NULL},
    {CAP_RULE_ANNOUNCE_COUNT, LOSS, M(ANNOUNCE), 10, announce_few, NULL},
    {CAP_RULE_ANNOUNCE_EARLY, LOSS, M(ANNOUNCE), 2, announce_at_once, NULL},
    {CAP_RULE_ANNOUNCE_SIGNATURE, AUTH, M(ANNOUNCE), 2, announce_signature, NULL},
    {CAP_RULE_KEYINFO_SIGNATURE, ONLY_V5("v5-enc-loss5"), M(KEYINFO), 1, keyinfo_signature, NULL},
    {CAP_RULE_CLIENT_KEY_SIGNATURE, AUTH, M(CLIENT_KEY), 2, client_key_signature, NULL},
    {CAP_RULE_CLIENT_KEY_UNASKED, LOSS, M(COMPLETE), 1, become_client_key, NULL},
    {CAP_RULE_KEYINFO_PLAIN, LOSS, M(REG_CONF), 1, become_keyinfo, NULL},
    {CAP_RULE_ACK_PROOF, ENC, M(KEYINFO_ACK), 2, other_proof, NULL},
    {CAP_RULE_ACK_PROOF, AUTH, M(KEYINFO_ACK), 1, other_proof, NULL},
    {CAP_RULE_REGISTER_KEYS, ENC, M(REGISTER), 1, register_plain, NULL},
    {CAP_RULE_REGISTER_KEYS, LOSS, M(REGISTER), 1, register_not_plain, NULL},
    {CAP_RULE_REGISTER_CHANGED, "v4-response-enc", "v5-enc-clientauth-wrong", M(REGISTER), 5,
     register_random, NULL},
    {CAP_RULE_CONFIRMED_UNSEEN, LOSS, M(REG_CONF), 1, confirm_stranger, NULL},
    {CAP_RULE_FILE_TYPE, LOSS, M(FILEINFO), 1, file_type, NULL},
    {CAP_RULE_FILE_NAME, LOSS, M(FILEINFO), 1, file_name, NULL},
    {CAP_RULE_FILE_NAME, LOSS, M(FILEINFO), 1, file_link, NULL},
    {CAP_RULE_FILE_SIZE, LOSS, M(FILEINFO), 1, directory_size, NULL},
    {CAP_RULE_FILEINFO_CHANGED, "v4-loss10-both", NULL, M(FILEINFO), 9, fileinfo_mtime, NULL},
    {CAP_RULE_FILEINFO_CHANGED, ONLY_V5("v5-loss10-both"), M(FILEINFO), 8, fileinfo_mtime, NULL},
    {CAP_RULE_FILE_ORDER, LOSS, M(FILEINFO), 1, fileinfo_id, NULL},
    {CAP_RULE_FILESEG_FILE, LOSS, M(FILESEG), 3, fileseg_id, NULL},
    {CAP_RULE_FILESEG_RANGE, LOSS, M(FILESEG), 3, fileseg_block, NULL},
    {CAP_RULE_FILESEG_LENGTH, LOSS, M(FILESEG), 3, fileseg_short, NULL},
    {CAP_RULE_DONE_SECTION, LOSS, M(DONE), 1, done_section, NULL},
    {CAP_RULE_STATUS_SECTION, LOSS, M(STATUS), 1, status_section, NULL},
    {CAP_RULE_STATUS_EMPTY, LOSS, M(STATUS), 1, nothing_missing, NULL},
    {CAP_RULE_NAK_LENGTH, LOSS, M(STATUS), 1, nak_short, NULL},
    {CAP_RULE_NAK_BITS, LOSS, M(STATUS), 1, nak_beyond, NULL},
    {CAP_RULE_COMPLETE_STATUS, LOSS, M(COMPLETE), 1, complete_status, NULL},
    {CAP_RULE_FREE_SPACE, LOSS, M(COMPLETE), 1, free_space, NULL},
    {CAP_RULE_END_UNASKED, LOSS, M(COMPLETE), 1, complete_session, NULL},
    {CAP_RULE_END_UNSEEN, LOSS, M(DONE), 1, conf_other, NULL},
    {CAP_RULE_TFMCC_UNANNOUNCED, LOSS, M(FILESEG), 3, tfmcc, NULL},
    {CAP_RULE_TIME_ORDER, LOSS, M(FILEINFO), 1, time_back, NULL},
    {CAP_RULE_TIME_ECHO, LOSS, M(FILEINFO_ACK), 1, time_ahead, NULL},
};

static void read_keylog(const char *folder, cap_keylog *log)
{
    char path[400];
    snprintf(path, sizeof path, UFTP_SOURCE_DIR "/conformance/captures/%s/keylog.txt", folder);
    size_t len;
    char *text = test_read_file(path, &len);
    if (text)
        assert_int_equal(cap_keylog_add(log, text, len), 0);
    free(text);
}

/* ---- writing a packet anew ---- */

enum { VERSION_4 = 0x40, IP_AT = 14, UDP_AT = 34, DATAGRAM_AT = 42, WRAPPER_END = 28 };
static uint8_t frame_bytes[DATAGRAM_AT + UFTP_DATAGRAM_MAX];

static void put_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* Under the key that opened it, with the counter that it has now. */
static size_t seal(const cap_packet *p, uint8_t *datagram, size_t plain_len)
{
    const cap_key *key = p->key;
    bool is_v4 = p->header.version == VERSION_4;
    size_t signature_len = is_v4 ? uftp_v4_packet_signature_len(&key->as.v4, NULL) : 0;
    size_t payload_len =
        is_v4 ? uftp_v4_packet_payload_len(&key->as.v4, plain_len) : plain_len + UFTP_TAG_LEN;
    for (size_t i = 0; i < 8; i++)
        datagram[16 + i] = (uint8_t)(p->encrypted.iv_counter >> (56 - 8 * i));
    put_u16(datagram + 24, signature_len);
    put_u16(datagram + 26, payload_len);
    memmove(datagram + WRAPPER_END + signature_len, datagram + WRAPPER_END, plain_len);
    if (is_v4)
        assert_int_equal(uftp_v4_seal(&key->as.v4, NULL, NULL, datagram, plain_len), UFTP_OK);
    else
        uftp_v5_seal(&key->as.v5.aead, &key->as.v5.traffic, p->encrypted.iv_counter, datagram,
                     plain_len);
    return WRAPPER_END + signature_len + payload_len;
}

/* The packet as a datagram. */
static size_t write_datagram(cap_packet *p, uint8_t *datagram)
{
    p->header.type = p->sealed ? UFTP_MESSAGE_ENCRYPTED : p->message.type;
    uftp_writer w = {.at = datagram, .end = datagram + UFTP_DATAGRAM_MAX};
    assert_int_equal(p->wire->header_write(&w, &p->header), UFTP_OK);
    if (p->sealed && !p->key) { /* what a plain session cannot have */
        const uftp_encrypted wrapper = {.iv_counter = 1, .payload = {zeros, 64}};
        assert_int_equal(p->wire->encrypted_write(&w, &wrapper), UFTP_OK);
        return (size_t)(w.at - datagram);
    }
    if (p->sealed)
        w.at = datagram + WRAPPER_END;
    const uint8_t *start = w.at;
    int err = p->wire->message_write(&w, &p->message);
    if (err < 0)
        fail_msg("%s %d cannot be written: %s", uftp_message_name(p->message.type), (int)p->number,
                 uftp_strerror(err));
    return p->sealed ? seal(p, datagram, (size_t)(w.at - start)) : (size_t)(w.at - datagram);
}

static cap_frame write_frame(const fault *f, const cap_frame *frame, const cap_packet *packet)
{
    cap_packet copy = *packet;
    f->change(&copy);
    memcpy(frame_bytes, frame->bytes.data, DATAGRAM_AT);
    size_t len = write_datagram(&copy, frame_bytes + DATAGRAM_AT);
    if (f->spoil)
        f->spoil(frame_bytes + DATAGRAM_AT, len);
    put_u16(frame_bytes + IP_AT + 2, 28 + len);
    put_u16(frame_bytes + UDP_AT + 4, 8 + len);
    return (cap_frame){
        .number = frame->number, .time = copy.time, .bytes = {frame_bytes, DATAGRAM_AT + len}};
}

/* ---- a session with a fault in it ---- */

/* Two trackers: one reads what was captured, the other what the fault makes of it. */
typedef struct session {
    cap_keylog log;
    cap_input *input;
    cap_tracker *good, *bad;
} session;

static void session_open(session *s, const char *capture)
{
    char path[400], error[CAP_INPUT_ERROR_MAX] = "";
    snprintf(path, sizeof path, UFTP_SOURCE_DIR "/conformance/captures/%s/session.pcap", capture);
    *s = (session){.input = cap_input_open(&(cap_input_config){.path = path}, error)};
    if (!s->input)
        fail_msg("%s", error);
    read_keylog(capture, &s->log);
    s->good = cap_tracker_new(&s->log);
    s->bad = cap_tracker_new(&s->log);
    assert_true(s->good && s->bad);
}

static void session_close(session *s)
{
    cap_tracker_free(s->good);
    cap_tracker_free(s->bad);
    cap_keylog_free(&s->log);
    cap_input_close(s->input);
}

/* Checks the capture with the fault in it. Returns the number of the packet that was changed. */
static uint64_t run(const fault *f, const char *capture, cap_check *check)
{
    session s;
    session_open(&s, capture);
    cap_frame frame;
    const cap_packet *packet;
    uint64_t changed = 0;
    int seen = 0;
    while (cap_input_next(s.input, &frame) == CAP_NEXT_FRAME) {
        bool got = cap_tracker_take(s.good, CAP_LINK_ETHERNET, &frame, &packet);
        if (got && packet->depth == CAP_DEPTH_MESSAGE && packet->message.type == f->type &&
            ++seen == f->nth) {
            frame = write_frame(f, &frame, packet);
            changed = frame.number;
        }
        if (got && packet->peer && packet->peer->is_server) {
            last_seq = packet->header.seq;
            last_counter = packet->encrypted.iv_counter;
        }
        if (cap_tracker_take(s.bad, CAP_LINK_ETHERNET, &frame, &packet))
            cap_check_packet(check, packet);
    }
    session_close(&s);
    return changed;
}

static void try_fault(const fault *f, const char *capture)
{
    cap_check *check = cap_check_new();
    assert_non_null(check);
    uint64_t changed = run(f, capture, check);
    const cap_breaks *breaks = cap_check_breaks(check, f->rule);
    if (!changed || breaks->count == 0 || breaks->numbers[0] != changed)
        fail_msg("%s in %s: packet %d changed, %d broken, first %d", cap_rule_name(f->rule),
                 capture, (int)changed, (int)breaks->count, (int)breaks->numbers[0]);
    cap_check_free(check);
}

/* Breaks when a rule is not asked in a version for which it names a section, or asks for less than
 * it says. Those of version 3 are in test_pcap_v3.c. */
static void every_rule_names_the_packet_that_breaks_it(void **state)
{
    (void)state;
    bool tried[CAP_RULE_COUNT][2] = {{false}};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const fault *f = &faults[i];
        if (f->v4)
            try_fault(f, f->v4);
        if (f->v5)
            try_fault(f, f->v5);
        tried[f->rule][0] |= f->v4 != NULL;
        tried[f->rule][1] |= f->v5 != NULL;
    }
    for (int rule = 0; rule < CAP_RULE_COUNT; rule++)
        for (int version = 4; version <= 5; version++)
            if (*cap_rule_section((cap_rule)rule, version) && !tried[rule][version - 4])
                fail_msg("no fault of version %d for %s", version, cap_rule_name((cap_rule)rule));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_names_the_packet_that_breaks_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
