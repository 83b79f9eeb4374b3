/* SPDX-License-Identifier: MIT
 *
 * What opens which packets: every encrypted capture is read with each kind of secret alone, out of
 * its key log or its private keys. What has to open is said per kind, and nothing else may.
 */
#include "input.h"
#include "open.h"
#include "tests/support.h"
#include "tracker.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPTURES UFTP_SOURCE_DIR "/conformance/captures"

/* ---- one capture, one kind of secret ---- */

typedef struct kind {
    const char *name;
    const char *labels[8]; /* of the key log */
    bool keys;             /* keys/ *.pem */
} kind;

typedef struct reading {
    int sealed, opened;         /* packets */
    int of_server, from_server; /* of these by the sender: sealed, opened */
    int client_keys;            /* opened CLIENT_KEYs */
    bool is_v4, rsa, client_auth, signs;
    size_t keys;   /* private ones that there are */
    char why[100]; /* the start of why a private key opens nothing */
} reading;

static bool wanted(const kind *k, const char *line)
{
    for (size_t i = 0; i < 8 && k->labels[i]; i++) {
        size_t len = strlen(k->labels[i]);
        if (strncmp(line, k->labels[i], len) == 0 && line[len] == ' ')
            return true;
    }
    return false;
}

static void read_log(const char *folder, const kind *k, cap_keylog *log)
{
    char path[600];
    size_t len;
    snprintf(path, sizeof path, "%s/keylog.txt", folder);
    char *text = test_read_file(path, &len);
    assert_non_null(text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (wanted(k, line))
            assert_int_equal(cap_keylog_add(log, line, strlen(line)), 0);
    free(text);
}

static size_t read_keys(const char *folder, test_memory *memory, uftp_key **keys)
{
    static const char *const names[] = {"server", "cp", "rp"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[600];
        size_t len;
        snprintf(path, sizeof path, "%s/keys/%s.pem", folder, names[i]);
        char *text = test_read_file(path, &len);
        if (text)
            assert_int_equal(uftp_key_parse_pem(&memory->allocator, text, len, &keys[count++]), 0);
        free(text);
    }
    return count;
}

static void count_packet(reading *r, const cap_packet *packet)
{
    if (packet->depth == CAP_DEPTH_MESSAGE && packet->message.type == UFTP_MESSAGE_ANNOUNCE &&
        packet->message.as.announce.encrypted) {
        const uftp_enc_info *info = &packet->message.as.announce.enc_info;
        r->rsa = info->key_exchange == UFTP_KEY_EXCHANGE_RSA;
        r->client_auth = info->client_auth;
        r->signs = r->is_v4 && info->sigtype == UFTP_SIGTYPE_KEYEX;
    }
    if (!packet->sealed)
        return;
    bool opened = packet->depth == CAP_DEPTH_MESSAGE;
    r->sealed++;
    r->opened += opened;
    r->of_server += packet->peer->is_server;
    r->from_server += opened && packet->peer->is_server;
    r->client_keys += opened && packet->message.type == UFTP_MESSAGE_CLIENT_KEY;
}

static reading read_capture(const char *folder, const char *file, const kind *k, int skip)
{
    char path[600], error[CAP_INPUT_ERROR_MAX] = "";
    reading r = {.is_v4 = strstr(folder, "/v4-") != NULL};
    cap_keylog log = {0};
    test_memory memory;
    uftp_key *keys[3];
    test_memory_init(&memory);
    size_t key_count = r.keys = k->keys ? read_keys(folder, &memory, keys) : 0;
    read_log(folder, k, &log);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    cap_input *input = cap_input_open(&(cap_input_config){.path = path}, error);
    cap_tracker *tracker = cap_tracker_new(&log);
    if (!input || !tracker)
        fail_msg("%s", error);
    cap_tracker_use_keys(tracker, keys, key_count);
    cap_frame frame;
    const cap_packet *packet;
    while (cap_input_next(input, &frame) == CAP_NEXT_FRAME)
        if (skip-- <= 0 && cap_tracker_take(tracker, cap_input_link(input), &frame, &packet))
            count_packet(&r, packet);
    for (const cap_session *s = cap_tracker_sessions(tracker); s; s = s->next) {
        const char *why = cap_open_why_not(cap_tracker_secrets(tracker), s);
        if (why)
            snprintf(r.why, sizeof r.why, "%s", why);
    }
    cap_tracker_free(tracker);
    cap_keylog_free(&log);
    cap_input_close(input);
    for (size_t i = 0; i < key_count; i++)
        uftp_key_free(keys[i]);
    assert_int_equal(memory.live, 0);
    return r;
}

/* ---- every encrypted capture ---- */

static int is_pcap(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".pcap") == 0;
}

typedef void judge(const kind *k, const char *folder, const char *file, const reading *r);

/* Returns how many captures there were. */
static int each_encrypted(const kind *k, judge *visit)
{
    struct dirent **folders;
    int count = scandir(CAPTURES, &folders, NULL, alphasort), visited = 0;
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        char folder[500], log[600];
        snprintf(folder, sizeof folder, CAPTURES "/%.200s", folders[i]->d_name);
        snprintf(log, sizeof log, "%s/keylog.txt", folder);
        free(folders[i]);
        FILE *present = fopen(log, "r");
        if (!present)
            continue;
        fclose(present);
        struct dirent **files;
        int file_count = scandir(folder, &files, is_pcap, alphasort);
        for (int f = 0; f < file_count; f++) {
            reading r = read_capture(folder, files[f]->d_name, k, 0);
            if (r.sealed)
                visit(k, folder, files[f]->d_name, &r);
            visited += r.sealed > 0;
            free(files[f]);
        }
        free(files);
    }
    free(folders);
    return visited;
}

static void expect(const kind *k, const char *folder, const char *file, const char *what, int got,
                   int wanted_count)
{
    if (got != wanted_count)
        fail_msg("%s/%s with %s: %d %s, expected %d", folder, file, k->name, got, what,
                 wanted_count);
}

static void all_opens(const kind *k, const char *folder, const char *file, const reading *r)
{
    expect(k, folder, file, "opened", r->opened, r->sealed);
}

/* Without CLIENT_KEY nothing is known of a receiver that has to prove itself; in version 4 it is
 * sent in clear. */
static void all_but_authenticated_receivers(const kind *k, const char *folder, const char *file,
                                            const reading *r)
{
    if (r->is_v4 || !r->client_auth)
        all_opens(k, folder, file, r);
    else
        expect(k, folder, file, "opened", r->opened, r->of_server);
    expect(k, folder, file, "of the sender opened", r->from_server, r->of_server);
}

/* What seals the group master also covers CLIENT_KEY. */
static void all_without_authentication(const kind *k, const char *folder, const char *file,
                                       const reading *r)
{
    expect(k, folder, file, "opened", r->opened, r->is_v4 || !r->client_auth ? r->sealed : 0);
}

static void all_where_rsa(const kind *k, const char *folder, const char *file, const reading *r)
{
    expect(k, folder, file, "opened", r->opened, r->rsa ? r->sealed : 0);
    if (r->rsa)
        assert_string_equal(r->why, "");
    if (!r->rsa && r->keys && !strstr(r->why, "its keys come from ECDH"))
        fail_msg("%s/%s: %s", folder, file, r->why);
}

static void all_where_ecdh(const kind *k, const char *folder, const char *file, const reading *r)
{
    expect(k, folder, file, "opened", r->opened, r->rsa ? 0 : r->sealed);
}

static void all_but_client_keys(const kind *k, const char *folder, const char *file,
                                const reading *r)
{
    expect(k, folder, file, "CLIENT_KEYs opened", r->client_keys, 0);
    expect(k, folder, file, "of the sender opened", r->from_server, r->of_server);
    if (!r->client_auth || r->is_v4)
        all_opens(k, folder, file, r);
    else
        assert_true(r->opened > r->from_server && r->opened < r->sealed);
}

/* Breaks when a step of a key schedule is missing between what a log has and what opens a packet;
 * in sessions through proxies on any of their legs. */
static void every_kind_of_secret_opens_what_it_can(void **state)
{
    (void)state;
    static const struct {
        kind kind;
        judge *visit;
    } cases[] = {
        {{"GROUP_MASTER", {"GROUP_MASTER"}, false}, all_but_authenticated_receivers},
        {{"PREMASTER", {"PREMASTER"}, false}, all_opens},
        {{"SERVER_HS", {"SERVER_HS_KEY", "SERVER_HS_IV"}, false}, all_without_authentication},
        {{"SERVER_HS, CLIENT_HS",
          {"SERVER_HS_KEY", "SERVER_HS_IV", "CLIENT_HS_KEY", "CLIENT_HS_IV"},
          false},
         all_opens},
        {{"GROUP_MASTER, CLIENT_HS", {"GROUP_MASTER", "CLIENT_HS_KEY", "CLIENT_HS_IV"}, false},
         all_opens},
        {{"APP",
          {"SERVER_APP_KEY", "SERVER_APP_IV", "CLIENT_APP_KEY", "CLIENT_APP_IV", "GROUP_HMAC_KEY"},
          false},
         all_but_client_keys},
        {{"scalars",
          {"SERVER_ECDH_PRIVATE", "PROXY_DOWN_ECDH_PRIVATE", "CLIENT_ECDH_PRIVATE"},
          false},
         all_where_ecdh},
        {{"private keys", {NULL}, true}, all_where_rsa},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int captures = each_encrypted(&cases[i].kind, cases[i].visit);
        print_message("%s: %d captures\n", cases[i].kind.name, captures);
        assert_int_equal(captures, 48);
    }
}

/* Breaks when the receiver's half of an exchange is not used: where it was logged (a reference that
 * did not log cannot be asked), it opens what the sender's half opens. */
static void a_receivers_own_scalar_opens_the_group(void **state)
{
    (void)state;
    static const kind k = {
        "scalars of receivers", {"CLIENT_ECDH_PRIVATE", "PROXY_UP_ECDH_PRIVATE"}, false};
    static const char *const captures[][2] = {
        {"v5-chain-nat-enc-auth", "session.pcap"},
        {"v5-chain-nat-enc-auth", "net-b.pcap"},
        {"v5-response-enc", "session.pcap"},
        {"v5-chain-nat-enc", "wan.pcap"},
        {"v4-server-v5-client-aes256-gcm-ecdh-ecdsa", "session.pcap"},
    };
    for (size_t i = 0; i < sizeof captures / sizeof *captures; i++) {
        char folder[500];
        snprintf(folder, sizeof folder, CAPTURES "/%s", captures[i][0]);
        reading r = read_capture(folder, captures[i][1], &k, 0);
        assert_true(r.sealed > 0);
        all_opens(&k, folder, captures[i][1], &r);
    }
}

/* Breaks when a log's own keys are only used once an ANNOUNCE has told the cipher. */
static void a_capture_that_begins_late_opens_with_the_keys_themselves(void **state)
{
    (void)state;
    static const kind k = {
        "APP",
        {"SERVER_APP_KEY", "SERVER_APP_IV", "CLIENT_APP_KEY", "CLIENT_APP_IV", "GROUP_HMAC_KEY"},
        false};
    static const char *const captures[] = {"v4-enc-3des-sha1-hmac",
                                           "v4-enc-aes128-cbc-sha256-hmac",
                                           "v4-enc-aes128-ccm-ecdh-rsa",
                                           "v4-enc-aes256-gcm-rsa",
                                           "v5-enc-default",
                                           "v5-enc-aes128-ccm-sha256-secp521r1-rsa2048"};
    for (size_t i = 0; i < sizeof captures / sizeof *captures; i++) {
        char folder[500];
        snprintf(folder, sizeof folder, CAPTURES "/%s", captures[i]);
        reading r = read_capture(folder, "session.pcap", &k, 20);
        assert_true(r.sealed > 50);
        all_opens(&k, folder, "session.pcap", &r);
    }
}

/* Breaks when a packet counts as opened that is not authentic: another session's keys, or none. */
static void nothing_opens_without_its_own_secrets(void **state)
{
    (void)state;
    static const kind none = {"nothing", {NULL}, false};
    static const kind hmac = {"HMAC key only", {"GROUP_HMAC_KEY", "SERVER_APP_IV"}, false};
    reading r = read_capture(CAPTURES "/v4-enc-aes256-gcm-rsa", "session.pcap", &none, 0);
    assert_int_equal(r.opened, 0);
    r = read_capture(CAPTURES "/v4-enc-aes256-cbc-sha1-hmac", "session.pcap", &hmac, 0);
    assert_int_equal(r.opened, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_secret_opens_what_it_can),
        cmocka_unit_test(a_receivers_own_scalar_opens_the_group),
        cmocka_unit_test(a_capture_that_begins_late_opens_with_the_keys_themselves),
        cmocka_unit_test(nothing_opens_without_its_own_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
