/* SPDX-License-Identifier: MIT
 *
 * Each invariant is seen to fail: nodes that are played break it on purpose, and the guard must say
 * so. Beside each violation stands the lawful behaviour next to it, which must pass.
 */
#include "expect.h"

#include "engine/script.h"
#include "engine/sender_node.h"
#include "invariants/guard.h"
#include "session/packet.h"
#include <uftp/quantise.h>

#include <stdio.h>
#include <string.h>

#define GROUP 0x01020304u

typedef struct bench {
    sim *world;
    sim_guard *guard;
    sim_node *sender, *receiver;
    sim_source source;
    sim_store store;
    jmp_buf broken; /* where a failure leads */
    char report[65536];
    uint16_t seq;
    struct bench *before;
} bench;

static bench *b; /* A world that is broken is not freed, but kept in reach of a leak detector. */

static void note_failure(void *ctx, const char *report)
{
    (void)ctx;
    snprintf(b->report, sizeof b->report, "%s", report);
    longjmp(b->broken, 1);
}

static const sim_script silent = {0};

static void begin(const uftp_sender_config *more)
{
    bench *before = b;
    b = sim_allocate(sizeof *b);
    b->before = before;
    b->guard = sim_guard_new();
    sim_options options = {.seed = 1, .on_failure = note_failure};
    sim_guard_hooks(b->guard, &options);
    b->world = sim_new(&options);
    b->sender = sim_add_script(b->world, "sender", &silent, NULL);
    b->receiver = sim_add_script(b->world, "receiver", &silent, NULL);
    sim_source_init(&b->source);
    sim_store_init(&b->store, NULL);
    uftp_sender_config config = {.plain = true,
                                 .block_size = 512,
                                 .robust = 20,
                                 .grtt_min = UFTP_MS(10),
                                 .grtt_max = UFTP_MS(500),
                                 .rate_bytes_per_s = UFTP_RATE_UNLIMITED};
    if (more)
        config = *more;
    sim_guard_sender(b->guard, b->sender, &config, &b->source);
    sim_guard_receiver(b->guard, b->receiver, &b->store);
    sim_source_file(&b->source, "/out/file", "0123456789", 10, 1700000000);
}

/* `what`: part of what must have been said; NULL: nothing may have been. A world that is broken
 * stays as it is. */
static void end(const char *what)
{
    if (!what) {
        if (*b->report)
            fail_msg("%s", b->report);
        sim_free(b->world);
        sim_guard_free(b->guard);
        sim_store_free(&b->store);
        sim_source_free(&b->source);
        return;
    }
    if (!strstr(b->report, what))
        fail_msg("expected \"%s\", got: %s", what, *b->report ? b->report : "nothing");
}

/* Runs the body with failures caught. */
#define TRY(body) \
    do { \
        if (setjmp(b->broken) == 0) { \
            body; \
        } \
    } while (0)

/* ---- what nodes say ---- */

static void run_some(void)
{
    sim_run_until(b->world, sim_now(b->world) + UFTP_MS(1));
}

static void tell(sim_node *node, uftp_event event)
{
    event.group = GROUP;
    sim_script_tell(node, &event);
    run_some();
}

static void tell_started(void)
{
    run_some(); /* the nodes start */
    sim_script_wake(b->sender, sim_now(b->world) + UFTP_S(1));
    sim_script_wake(b->receiver, sim_now(b->world) + UFTP_S(1));
    tell(b->sender, (uftp_event){.type = UFTP_EVENT_SESSION_STARTED});
    tell(b->receiver, (uftp_event){.type = UFTP_EVENT_SESSION_STARTED});
}

static void tell_file_started(void)
{
    const uftp_event event = {.type = UFTP_EVENT_FILE_STARTED,
                              .file_id = 1,
                              .name = "file",
                              .path = "/out/file",
                              .size = 10};
    tell(b->sender, event);
    tell(b->receiver, event);
}

static void tell_file_finished(uint8_t status, int error)
{
    tell(b->receiver, (uftp_event){.type = UFTP_EVENT_FILE_FINISHED,
                                   .file_id = 1,
                                   .name = "file",
                                   .path = "file",
                                   .size = 10,
                                   .status = status,
                                   .error = error});
}

static void tell_client(uftp_event_type type, uint32_t peer, uint16_t file_id, uint8_t status)
{
    tell(b->sender, (uftp_event){.type = type, .peer = peer, .file_id = file_id, .status = status});
}

/* A datagram of the sender, lawful but for what the caller changes. */
static uftp_header header(uint8_t type)
{
    return (uftp_header){.version = uftp_wire_v5.version,
                         .type = type,
                         .seq = b->seq++,
                         .source = 1,
                         .group = GROUP,
                         .grtt = uftp_grtt_quantise(UFTP_MS(100))};
}

static void send_message(sim_node *node, const uftp_header *head, const uftp_message *message)
{
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    size_t len;
    assert_int_equal(
        uftp_packet_write(&uftp_wire_v5, head, message, NULL, 0, bytes, sizeof bytes, &len),
        UFTP_OK);
    const uftp_address to = sim_public_group();
    sim_script_send(node, &to, bytes, len, 0);
    run_some();
}

static void send_data(size_t len)
{
    static uint8_t data[UFTP_DATAGRAM_MAX];
    const uftp_header head = header(UFTP_MESSAGE_FILESEG);
    const uftp_message message = {.type = UFTP_MESSAGE_FILESEG,
                                  .as.fileseg = {.file_id = 1, .data = {data, len}}};
    send_message(b->sender, &head, &message);
}

/* ENCRYPTED with any ciphertext: the guard cannot and need not open it. */
static void send_sealed(sim_node *node, uint64_t counter, size_t len)
{
    uint8_t bytes[UFTP_DATAGRAM_MAX] = {0};
    static const uint8_t ciphertext[UFTP_DATAGRAM_MAX];
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    const uftp_header head = header(UFTP_MESSAGE_ENCRYPTED);
    const uftp_encrypted sealed = {.iv_counter = counter, .payload = {ciphertext, len}};
    assert_int_equal(uftp_wire_v5.header_write(&w, &head), UFTP_OK);
    assert_int_equal(uftp_wire_v5.encrypted_write(&w, &sealed), UFTP_OK);
    const uftp_address to = sim_public_group();
    sim_script_send(node, &to, bytes, (size_t)(w.at - bytes), 0);
    run_some();
}

/* ---- datagrams ---- */

static void block_larger_than_the_block_size_is_noticed(void **state)
{
    (void)state;
    for (volatile size_t len = 512; len <= 513; len++) {
        begin(NULL);
        TRY(tell_started(); send_data(len); tell_client(UFTP_EVENT_SESSION_FINISHED, 0, 0, 0);
            tell(b->receiver, (uftp_event){.type = UFTP_EVENT_SESSION_FINISHED, .result = 11}));
        end(len == 512 ? NULL : "513 bytes behind its header, block size 512");
    }
}

static void sequence_number_that_is_left_out_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    TRY(tell_started(); send_data(10); b->seq++; send_data(10));
    end("sequence number 2 after 0");
}

static void send_counters(sim_node *node)
{
    send_sealed(node, 1, 40);
    send_sealed(node, 2, 40);
    send_sealed(node, 2, 40);
}

static void iv_counter_that_comes_twice_is_noticed(void **state)
{
    (void)state;
    for (volatile int receiver = 0; receiver < 2; receiver++) {
        begin(NULL);
        TRY(tell_started(); send_counters(receiver ? b->receiver : b->sender));
        end("used IV counter 2 after 2");
    }
}

static void sealed_datagram_without_measure_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    TRY(tell_started(); send_sealed(b->sender, 1, 1500); send_sealed(b->sender, 2, 1600));
    end("sealed bytes, at most");
}

static void grtt_beyond_its_limits_is_noticed(void **state)
{
    (void)state;
    static const uint64_t grtts[] = {UFTP_MS(1), UFTP_S(2)};
    for (volatile size_t i = 0; i < 2; i++) {
        begin(NULL);
        uftp_header head = header(UFTP_MESSAGE_DONE);
        head.grtt = uftp_grtt_quantise(grtts[i]);
        TRY(tell_started();
            send_message(b->sender, &head,
                         &(uftp_message){.type = UFTP_MESSAGE_DONE, .as.done.file_id = 1}));
        end("tells a GRTT of");
    }
}

static void rate_that_is_not_kept_is_noticed(void **state)
{
    (void)state;
    /* A datagram each millisecond: 540 kB/s on the wire. */
    static const uint64_t rates[] = {600000, 400000};
    for (volatile size_t i = 0; i < 2; i++) {
        begin(&(uftp_sender_config){.plain = true,
                                    .block_size = 512,
                                    .robust = 20,
                                    .grtt_min = UFTP_MS(10),
                                    .grtt_max = UFTP_MS(500),
                                    .rate_bytes_per_s = rates[i]});
        TRY(run_some(); for (int n = 0; n < 200; n++) send_data(500););
        end(i == 0 ? NULL : "sends faster than its rate");
    }
}

static void encrypted(uftp_sender_config *config)
{
    *config = (uftp_sender_config){.block_size = 512,
                                   .robust = 20,
                                   .grtt_min = UFTP_MS(10),
                                   .grtt_max = UFTP_MS(500),
                                   .rate_bytes_per_s = UFTP_RATE_UNLIMITED};
}

static void message_in_the_clear_of_an_encrypted_session_is_noticed(void **state)
{
    (void)state;
    uftp_sender_config config;
    encrypted(&config);
    begin(&config);
    TRY(tell_started(); send_data(10));
    end("sent FILESEG in the clear");
}

static void secret_on_the_wire_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    static const char secret[] = "a secret of some length";
    sim_guard_secret(b->guard, "of this test", secret, strlen(secret));
    uftp_header head = header(UFTP_MESSAGE_ABORT);
    const uftp_message message = {.type = UFTP_MESSAGE_ABORT,
                                  .as.abort.text = {(const uint8_t *)secret, strlen(secret)}};
    TRY(tell_started(); send_message(b->sender, &head, &message));
    end("sent a secret in the clear: of this test");
}

static void key_that_two_sessions_have_is_noticed(void **state)
{
    (void)state;
    static const uint8_t keys[2][32] = {{1, 2, 3}, {3, 2, 1}};
    for (volatile size_t second = 0; second < 2; second++) {
        begin(NULL);
        const uftp_key_log *log = sim_guard_key_log(b->guard, NULL);
        TRY(log->log(log->ctx, "GROUP_MASTER", GROUP, 1, keys[0], sizeof *keys);
            log->log(log->ctx, "GROUP_MASTER", GROUP + 1, 1, keys[second], sizeof *keys);
            /* A receiver's may be told again: it registered twice. */
            log->log(log->ctx, "CLIENT_HS_KEY", GROUP, 2, keys[0], sizeof *keys));
        end(second == 0 ? "sender has a GROUP_MASTER that was used before" : NULL);
    }
}

/* Wherever it begins, as bytes and as digits, and among as many others as a large session has. */
static void secret_in_a_report_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    uint8_t key[16];
    for (uint64_t i = 0; i < 20000; i++) {
        sim_generate(i, 0, key, sizeof key);
        sim_guard_secret(b->guard, "a key", key, sizeof key);
    }
    sim_guard_secret_name(b->guard, "name-of-a-file");
    for (size_t before = 0; before < 12; before++) {
        char text[128] = "a report, and what";
        for (size_t i = 0; i < sizeof key; i++)
            snprintf(text + before + 2 * i, 3, i % 2 ? "%02x" : "%02X", key[i]);
        size_t end_of_key = before + 2 * sizeof key;
        memcpy(text + end_of_key, " more", 6);
        assert_string_equal(sim_guard_told(b->guard, text, strlen(text)), "a key");
        assert_null(sim_guard_told(b->guard, text, end_of_key - 1)); /* not all of it */
        memcpy(text + before, key, sizeof key);
        assert_string_equal(sim_guard_told(b->guard, text, before + sizeof key), "a key");
        text[before + 7] ^= 1;
        assert_null(sim_guard_told(b->guard, text, before + sizeof key));
    }
    assert_null(sim_guard_told(b->guard, "name-of-a-file", 14)); /* on the wire only */
    end(NULL);
}

static void bytes_that_are_no_message_are_noticed(void **state)
{
    (void)state;
    begin(NULL);
    const uint8_t bytes[20] = {uftp_wire_v5.version, UFTP_MESSAGE_DONE};
    const uftp_address to = sim_public_group();
    TRY(tell_started(); sim_script_send(b->sender, &to, bytes, sizeof bytes, 0); run_some());
    end("sent a malformed DONE");
}

/* ---- files ---- */

static void place(const char *name, const char *text)
{
    uftp_store_file *file = NULL;
    const uftp_store *store = &b->store.core;
    const uftp_slice slice = {.data = (uint8_t *)(uintptr_t)text, .len = strlen(text)};
    const uftp_place where = {.root = 0, .name = name};
    assert_int_equal(store->create(store->ctx, &where, slice.len, false, &file), UFTP_OK);
    assert_int_equal(store->write(store->ctx, file, 0, &slice, 1), UFTP_OK);
    assert_int_equal(store->commit(store->ctx, file, &where, 1700000000, false), UFTP_OK);
}

static void file_that_is_called_complete_has_the_bytes_of_the_sender(void **state)
{
    (void)state;
    static const char *const texts[] = {"0123456789", "012345678", "0123456780"};
    for (volatile size_t i = 0; i < 3; i++) {
        begin(NULL);
        /* It must stand there when the session starts, or the name is noticed first. */
        place("file", texts[i]);
        TRY(tell_started(); tell_file_started(); tell_file_finished(UFTP_COMPLETE_NORMAL, 0);
            tell(b->receiver, (uftp_event){.type = UFTP_EVENT_SESSION_FINISHED, .result = 11});
            tell_client(UFTP_EVENT_SESSION_FINISHED, 0, 0, 0));
        end(i == 0 ? NULL : "but it has other bytes");
    }
    begin(NULL);
    TRY(tell_started(); tell_file_started(); tell_file_finished(UFTP_COMPLETE_NORMAL, 0));
    end("but it is not there");
}

static void final_name_for_something_that_nobody_sent_is_noticed(void **state)
{
    (void)state;
    static const char *const names[] = {"file", "file.~uftp-01020304-0001"};
    for (volatile size_t i = 0; i < 2; i++) {
        begin(NULL);
        TRY(tell_started(); tell_file_started(); place(names[i], "01234");
            tell(b->receiver, (uftp_event){.type = UFTP_EVENT_SESSION_FINISHED, .result = 11});
            tell_client(UFTP_EVENT_SESSION_FINISHED, 0, 0, 0));
        end(i == 0 ? "under the final name \"file\" that nobody sent" : NULL);
    }
}

static void what_is_left_half_done_at_the_end_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    TRY(run_some(); place("file.~uftp-01020304-0001", "01234"); sim_guard_end(b->guard));
    end("has left \"file.~uftp-01020304-0001\" behind");
}

/* ---- views ---- */

static void receiver_that_was_never_there_is_noticed(void **state)
{
    (void)state;
    for (volatile uint32_t uid = 2; uid <= 3; uid++) {
        begin(NULL);
        TRY(tell_started(); tell_client(UFTP_EVENT_CLIENT_REGISTERED, uid, 0, 0);
            tell(b->receiver, (uftp_event){.type = UFTP_EVENT_SESSION_FINISHED, .result = 11});
            tell_client(UFTP_EVENT_SESSION_FINISHED, 0, 0, 0));
        end(uid == 2 ? NULL : "knows a receiver 00000003 that never came");
    }
}

static void belief_in_a_file_that_is_not_there_yet_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    TRY(tell_started(); tell_file_started(); tell_client(UFTP_EVENT_CLIENT_COMPLETE, 2, 1, 0));
    end("believes that receiver has file 1, which it has not");
    begin(NULL);
    TRY(tell_started(); tell_file_started(); tell_file_finished(UFTP_COMPLETE_REJECTED, -14);
        tell_client(UFTP_EVENT_CLIENT_COMPLETE, 2, 1, UFTP_COMPLETE_NORMAL));
    end("ended file 1 with status 0; that was 3");
}

static void belief_in_an_end_that_was_not_heard_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    TRY(tell_started(); tell_client(UFTP_EVENT_CLIENT_COMPLETE, 2, 0, 0));
    end("believes that receiver is through, which it is not");
}

static void belief_in_keys_that_are_not_held_is_noticed(void **state)
{
    (void)state;
    uftp_sender_config config;
    encrypted(&config);
    begin(&config);
    TRY(tell_started(); tell_client(UFTP_EVENT_CLIENT_CONFIRMED, 2, 0, 0));
    end("believes that receiver holds the keys");
}

static void report_that_is_not_the_truth_is_noticed(void **state)
{
    (void)state;
    static const struct {
        uftp_client_info info;
        const char *what;
    } table[] = {
        {{.uid = 2, .state = UFTP_CLIENT_DONE, .skipped = 1}, NULL},
        {{.uid = 2, .state = UFTP_CLIENT_LOST}, NULL},
        {{.uid = 2, .state = UFTP_CLIENT_DONE}, "0 skipped, 0 rejected, 0 bytes; that were"},
        {{.uid = 2, .state = UFTP_CLIENT_LOST, .skipped = 2}, "2 skipped"},
        {{.uid = 2, .state = UFTP_CLIENT_DONE, .skipped = 1, .bytes = 10}, "10 bytes"},
        {{.uid = 3, .name = "ghost", .copied = 1}, "1 files at ghost, which was never there"},
    };
    for (volatile size_t i = 0; i < sizeof table / sizeof *table; i++) {
        begin(NULL);
        TRY(tell_started(); tell_file_started(); tell_file_finished(UFTP_COMPLETE_SKIPPED, 0);
            uftp_client_info info = table[i].info; info.name = info.name ? info.name : "receiver";
            sim_guard_report(b->guard, b->sender, GROUP, 0, &info);
            tell(b->receiver, (uftp_event){.type = UFTP_EVENT_SESSION_FINISHED, .result = 11});
            tell_client(UFTP_EVENT_SESSION_FINISHED, 0, 0, 0));
        end(table[i].what);
    }
}

static void success_without_the_last_word_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    TRY(tell_started(); tell(b->receiver, (uftp_event){.type = UFTP_EVENT_SESSION_FINISHED}));
    end("is through without having heard the end");
}

static void receiver_that_lacks_something_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    TRY(tell_started(); tell_file_started();
        tell(b->receiver, (uftp_event){.type = UFTP_EVENT_SESSION_FINISHED, .result = 11});
        sim_guard_got_it(b->guard, b->receiver));
    end("did not get through the session");
    begin(NULL);
    TRY(tell_started(); tell_file_started(); tell_file_finished(UFTP_COMPLETE_REJECTED, -14);
        tell(b->receiver, (uftp_event){.type = UFTP_EVENT_RECEIVED, .message = UFTP_MESSAGE_DONE});
        tell(b->receiver, (uftp_event){.type = UFTP_EVENT_SESSION_FINISHED});
        sim_guard_got_it(b->guard, b->receiver));
    end("did not get \"file\"");
}

/* ---- order of events ---- */

static void events_outside_of_their_session_are_noticed(void **state)
{
    (void)state;
    begin(NULL);
    TRY(run_some(); tell(b->receiver, (uftp_event){.type = UFTP_EVENT_SESSION_FINISHED}));
    end("outside of a session");
    begin(NULL);
    TRY(tell_started(); tell(b->receiver, (uftp_event){.type = UFTP_EVENT_SESSION_STARTED}));
    end("twice");
    begin(NULL);
    TRY(tell_started(); tell_client(UFTP_EVENT_SESSION_FINISHED, 0, 0, 0);
        tell_client(UFTP_EVENT_FILE_PASS, 0, 0, 0));
    end("after the end of the session");
}

static void session_that_stays_open_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    TRY(tell_started(); sim_guard_end(b->guard));
    end("1 sessions are open");
}

static void group_that_is_not_left_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    const uftp_address group = sim_private_group();
    TRY(run_some(); sim_join(b->receiver, &group, NULL); sim_guard_end(b->guard));
    end("is in 1 groups, at the start it was in 0");
}

/* ---- timers ---- */

static void on_timer_again(sim_node *node, void *ctx, uint64_t now)
{
    (void)ctx;
    sim_script_wake(node, now + 1);
}

static void hot_loop_is_noticed(void **state)
{
    (void)state;
    static const sim_script restless = {.on_timer = on_timer_again};
    begin(NULL);
    sim_node *node = sim_add_script(b->world, "restless", &restless, NULL);
    sim_guard_receiver(b->guard, node, &b->store);
    TRY(run_some(); sim_script_wake(node, sim_now(b->world)); run_some());
    end("restless has woken up");
}

static void session_without_a_timer_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    /* Told in a turn that leaves no wish to be woken. */
    TRY(run_some(); tell(b->receiver, (uftp_event){.type = UFTP_EVENT_SESSION_STARTED}));
    end("has a session open and no timer");
}

static void session_that_sleeps_too_long_is_noticed(void **state)
{
    (void)state;
    begin(NULL);
    TRY(run_some(); sim_script_wake(b->sender, sim_now(b->world) + UFTP_S(10));
        tell(b->sender, (uftp_event){.type = UFTP_EVENT_SESSION_STARTED}));
    end("sleeps for");
}

/* Wakes often enough, and says something each time, to nobody who would answer. */
static void on_timer_talk(sim_node *node, void *ctx, uint64_t now)
{
    (void)ctx;
    b->seq = 0;
    const uftp_header head = {
        .version = uftp_wire_v5.version, .type = UFTP_MESSAGE_ABORT, .source = 1, .group = GROUP};
    const uftp_message message = {.type = UFTP_MESSAGE_ABORT};
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    size_t len;
    assert_int_equal(
        uftp_packet_write(&uftp_wire_v5, &head, &message, NULL, 0, bytes, sizeof bytes, &len),
        UFTP_OK);
    const uftp_address to = sim_public_group();
    sim_script_send(node, &to, bytes, len, 0);
    sim_script_wake(node, now + UFTP_MS(500));
}

static void session_that_never_gives_up_is_noticed(void **state)
{
    (void)state;
    static const sim_script talker = {.on_timer = on_timer_talk};
    for (volatile int minutes = 1; minutes < 5; minutes += 3) {
        begin(NULL);
        sim_store store;
        sim_store_init(&store, NULL);
        sim_node *node = sim_add_script(b->world, "talker", &talker, NULL);
        sim_guard_receiver(b->guard, node, &store);
        TRY(run_some(); sim_script_wake(node, sim_now(b->world));
            tell(node, (uftp_event){.type = UFTP_EVENT_SESSION_STARTED});
            sim_run_until(b->world, UFTP_S(60) * (uint64_t)minutes);
            tell(node, (uftp_event){.type = UFTP_EVENT_SESSION_FINISHED, .result = 11});
            sim_script_wake(node, UFTP_NEVER));
        end(minutes == 1 ? NULL : "talker has a session open, and nothing has come of it for 60 s");
        if (minutes == 1)
            sim_store_free(&store);
    }
}

/* A run that is left from the midst of a turn leaves behind what was on its way. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(block_larger_than_the_block_size_is_noticed),
    SIM_TEST(sequence_number_that_is_left_out_is_noticed),
    SIM_TEST(iv_counter_that_comes_twice_is_noticed),
    SIM_TEST(sealed_datagram_without_measure_is_noticed),
    SIM_TEST(grtt_beyond_its_limits_is_noticed),
    SIM_TEST(rate_that_is_not_kept_is_noticed),
    SIM_TEST(message_in_the_clear_of_an_encrypted_session_is_noticed),
    SIM_TEST(secret_on_the_wire_is_noticed),
    SIM_TEST(key_that_two_sessions_have_is_noticed),
    SIM_TEST(secret_in_a_report_is_noticed),
    SIM_TEST(bytes_that_are_no_message_are_noticed),
    SIM_TEST(file_that_is_called_complete_has_the_bytes_of_the_sender),
    SIM_TEST(final_name_for_something_that_nobody_sent_is_noticed),
    SIM_TEST(what_is_left_half_done_at_the_end_is_noticed),
    SIM_TEST(receiver_that_was_never_there_is_noticed),
    SIM_TEST(belief_in_a_file_that_is_not_there_yet_is_noticed),
    SIM_TEST(belief_in_an_end_that_was_not_heard_is_noticed),
    SIM_TEST(belief_in_keys_that_are_not_held_is_noticed),
    SIM_TEST(report_that_is_not_the_truth_is_noticed),
    SIM_TEST(success_without_the_last_word_is_noticed),
    SIM_TEST(receiver_that_lacks_something_is_noticed),
    SIM_TEST(events_outside_of_their_session_are_noticed),
    SIM_TEST(session_that_stays_open_is_noticed),
    SIM_TEST(group_that_is_not_left_is_noticed),
    SIM_TEST(hot_loop_is_noticed),
    SIM_TEST(session_without_a_timer_is_noticed),
    SIM_TEST(session_that_sleeps_too_long_is_noticed),
    SIM_TEST(session_that_never_gives_up_is_noticed),
};

SIM_TEST_MAIN(tests)
