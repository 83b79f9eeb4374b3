/* SPDX-License-Identifier: MIT
 *
 * Every rule of `uftp-pcap check` sees the fault it is there for: one packet of a good session is
 * changed, and the rule has to name it. That good sessions break none is what the scenarios of
 * captures test.
 */
#include "check.h"
#include "tests/support.h"
#include "tracker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fault {
    cap_rule rule;
    const char *v4, *v5; /* folders of captures; NULL: not asked in that version */
    uint8_t type;        /* of the message, also inside ENCRYPTED */
    int nth;             /* of that type, from 1 */
    void (*change)(cap_packet *packet);
} fault;

static uint8_t zeros[1400]; /* bytes to point at */

/* Once: the packet before the changed one, for numbers used twice. */
static uint16_t last_seq;
static uint64_t last_counter;

static void damage(cap_packet *p)
{
    p->depth = CAP_DEPTH_HEADER;
}
static void other_reserved(cap_packet *p)
{
    uftp_uid_list *list = &p->message.as.reg_conf.clients;
    list->count--; /* the bytes have one more */
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
static void not_opened(cap_packet *p)
{
    p->depth = CAP_DEPTH_WRAPPER;
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
static void announce_signature(cap_packet *p)
{
    p->message.as.announce.enc_info.public_key.len--;
}
static void keyinfo_signature(cap_packet *p)
{
    p->message.as.keyinfo.signature.len--;
}
static void client_key_signature(cap_packet *p)
{
    p->message.as.client_key.signature = (uftp_bytes){zeros, 68};
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
    p->message.as.fileinfo.link = (uftp_bytes){zeros, 1};
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
    {CAP_RULE_MALFORMED, LOSS, M(FILESEG), 3, damage},
    {CAP_RULE_ENCODING, LOSS, M(REG_CONF), 1, other_reserved},
    {CAP_RULE_DIRECTION, LOSS, M(FILESEG), 3, from_receiver},
    {CAP_RULE_RECEIVER_HEADER, LOSS, M(STATUS), 1, grtt},
    {CAP_RULE_SEQUENCE_REUSED, LOSS, M(FILESEG), 3, seq_again},
    {CAP_RULE_COUNTER_REUSED, ENC, M(FILESEG), 3, counter_again},
    {CAP_RULE_COUNTER_ORDER, ENC, M(FILESEG), 3, counter_back},
    {CAP_RULE_SEALED_OPENS, ENC, M(FILESEG), 3, not_opened},
    {CAP_RULE_SEALED_TYPE, ENC, M(ANNOUNCE), 2, sealed},
    {CAP_RULE_SEALED_IN_PLAIN, LOSS, M(FILESEG), 3, sealed},
    {CAP_RULE_CLEAR, ENC, M(FILESEG), 3, clear},
    {CAP_RULE_LIST_LENGTH, LOSS, M(DONE), 1, many_members},
    {CAP_RULE_LIST_EMPTY, LOSS, M(DONE_CONF), 1, nobody},
    {CAP_RULE_ANNOUNCE_SETTINGS, LOSS, M(ANNOUNCE), 2, announce_pgmcc},
    {CAP_RULE_ANNOUNCE_SETTINGS, LOSS, M(ANNOUNCE), 1, announce_few},
    {CAP_RULE_ANNOUNCE_CHANGED, LOSS, M(ANNOUNCE), 2, announce_robust},
    {CAP_RULE_ANNOUNCE_COUNT, LOSS, M(ANNOUNCE), 10, announce_few},
    {CAP_RULE_ANNOUNCE_EARLY, LOSS, M(ANNOUNCE), 2, announce_at_once},
    {CAP_RULE_ANNOUNCE_SIGNATURE, AUTH, M(ANNOUNCE), 2, announce_signature},
    {CAP_RULE_KEYINFO_SIGNATURE, ONLY_V5("v5-enc-loss5"), M(KEYINFO), 1, keyinfo_signature},
    {CAP_RULE_CLIENT_KEY_SIGNATURE, AUTH, M(CLIENT_KEY), 2, client_key_signature},
    {CAP_RULE_CLIENT_KEY_UNASKED, LOSS, M(COMPLETE), 1, become_client_key},
    {CAP_RULE_KEYINFO_PLAIN, LOSS, M(REG_CONF), 1, become_keyinfo},
    {CAP_RULE_ACK_PROOF, ENC, M(KEYINFO_ACK), 2, other_proof},
    {CAP_RULE_ACK_PROOF, AUTH, M(KEYINFO_ACK), 1, other_proof},
    {CAP_RULE_REGISTER_KEYS, ENC, M(REGISTER), 1, register_plain},
    {CAP_RULE_REGISTER_KEYS, LOSS, M(REGISTER), 1, register_not_plain},
    {CAP_RULE_REGISTER_CHANGED, "v4-response-enc", "v5-enc-clientauth-wrong", M(REGISTER), 5,
     register_random},
    {CAP_RULE_CONFIRMED_UNSEEN, LOSS, M(REG_CONF), 1, confirm_stranger},
    {CAP_RULE_FILE_TYPE, LOSS, M(FILEINFO), 1, file_type},
    {CAP_RULE_FILE_NAME, LOSS, M(FILEINFO), 1, file_name},
    {CAP_RULE_FILE_NAME, LOSS, M(FILEINFO), 1, file_link},
    {CAP_RULE_FILE_SIZE, LOSS, M(FILEINFO), 1, directory_size},
    {CAP_RULE_FILEINFO_CHANGED, "v4-loss10-both", NULL, M(FILEINFO), 9, fileinfo_mtime},
    {CAP_RULE_FILEINFO_CHANGED, ONLY_V5("v5-loss10-both"), M(FILEINFO), 8, fileinfo_mtime},
    {CAP_RULE_FILE_ORDER, LOSS, M(FILEINFO), 1, fileinfo_id},
    {CAP_RULE_FILESEG_FILE, LOSS, M(FILESEG), 3, fileseg_id},
    {CAP_RULE_FILESEG_RANGE, LOSS, M(FILESEG), 3, fileseg_block},
    {CAP_RULE_FILESEG_LENGTH, LOSS, M(FILESEG), 3, fileseg_short},
    {CAP_RULE_DONE_SECTION, LOSS, M(DONE), 1, done_section},
    {CAP_RULE_STATUS_SECTION, LOSS, M(STATUS), 1, status_section},
    {CAP_RULE_STATUS_EMPTY, LOSS, M(STATUS), 1, nothing_missing},
    {CAP_RULE_NAK_LENGTH, LOSS, M(STATUS), 1, nak_short},
    {CAP_RULE_NAK_BITS, LOSS, M(STATUS), 1, nak_beyond},
    {CAP_RULE_COMPLETE_STATUS, LOSS, M(COMPLETE), 1, complete_status},
    {CAP_RULE_FREE_SPACE, LOSS, M(COMPLETE), 1, free_space},
    {CAP_RULE_END_UNASKED, LOSS, M(COMPLETE), 1, complete_session},
    {CAP_RULE_END_UNSEEN, LOSS, M(DONE), 1, conf_other},
    {CAP_RULE_TFMCC_UNANNOUNCED, LOSS, M(FILESEG), 3, tfmcc},
    {CAP_RULE_TIME_ORDER, LOSS, M(FILEINFO), 1, time_back},
    {CAP_RULE_TIME_ECHO, LOSS, M(FILEINFO_ACK), 1, time_ahead},
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

/* Checks the capture with the fault in it. Returns the number of the packet that was changed. */
static uint64_t run(const fault *f, const char *capture, cap_check *check)
{
    char path[400], error[CAP_INPUT_ERROR_MAX] = "";
    snprintf(path, sizeof path, UFTP_SOURCE_DIR "/conformance/captures/%s/session.pcap", capture);
    cap_input *input = cap_input_open(&(cap_input_config){.path = path}, error);
    if (!input)
        fail_msg("%s", error);
    cap_keylog log = {0};
    read_keylog(capture, &log);
    cap_tracker *tracker = cap_tracker_new(&log);
    assert_non_null(tracker);
    cap_frame frame;
    const cap_packet *packet;
    uint64_t changed = 0;
    int seen = 0;
    while (cap_input_next(input, &frame) == CAP_NEXT_FRAME) {
        if (!cap_tracker_take(tracker, CAP_LINK_ETHERNET, &frame, &packet))
            continue;
        cap_packet copy = *packet;
        if (copy.depth == CAP_DEPTH_MESSAGE && copy.message.type == f->type && ++seen == f->nth) {
            f->change(&copy);
            changed = copy.number;
        }
        if (copy.peer && copy.peer->is_server) {
            last_seq = copy.header.seq;
            last_counter = copy.encrypted.iv_counter;
        }
        cap_check_packet(check, &copy);
    }
    cap_tracker_free(tracker);
    cap_keylog_free(&log);
    cap_input_close(input);
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
