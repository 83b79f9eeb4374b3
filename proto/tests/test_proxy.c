/* SPDX-License-Identifier: MIT
 *
 * The proxy's rules one by one (spec proxy 2 to 9), in the clear. Whole sessions, encrypted ones
 * among them, are tested in sim/tests/test_proxy.c.
 */
#include "support.h"

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "session/packet.h"
#include <uftp/proxy.h>
#include <uftp/quantise.h>

#include <stdlib.h>
#include <string.h>

#define PROXY 0x0a0900c1u
#define SERVER 0x0a010001u
#define GROUP 0x01020304u
#define BLOCK 1300
#define GRTT UFTP_MS(50)
#define SAID_MAX 64

static const uftp_address server_at = {.family = UFTP_IPV4, .bytes = {10, 1, 0, 1}, .port = 4444};
static const uftp_address below_at = {.family = UFTP_IPV4, .bytes = {10, 3, 0, 2}, .port = 1044};

typedef struct said {
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    size_t len;
    uftp_address to;
    uint8_t tos;
    uftp_header header;
    uftp_message message; /* type 0: sealed, or not readable */
} said;

typedef struct bench {
    test_memory memory;
    test_random random;
    uftp_proxy_config config;
    uftp_downstream downstream;
    uftp_proxy *proxy;
    uftp_key *key;
    uint64_t now;
    uint16_t seq;
    uint8_t tos; /* of what arrives */
    said said[SAID_MAX];
    size_t count;
    unsigned events[64];
    uftp_event last[64];
    char text[320];
    uint8_t train[UFTP_TRAIN_BYTES_MAX];
} bench;

static bench b; /* too large for the stack */

static void init(uftp_proxy_kind kind)
{
    memset(&b, 0, sizeof b);
    test_memory_init(&b.memory);
    test_random_init(&b.random, 7);
    b.now = UFTP_S(100);
    const uftp_key_spec spec = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1};
    assert_int_equal(uftp_key_generate(&b.memory.allocator, &b.random.random, &spec, &b.key),
                     UFTP_OK);
    b.downstream = (uftp_downstream){.address = below_at};
    b.config = (uftp_proxy_config){.memory = &b.memory.allocator,
                                   .random = &b.random.random,
                                   .kind = kind,
                                   .uid = PROXY,
                                   .key = b.key};
    if (kind == UFTP_PROXY_SERVER) {
        b.config.downstreams = &b.downstream;
        b.config.downstream_count = 1;
    }
}

/* Takes a train apart into what was said. */
static void hear(const uftp_transmit *out)
{
    for (size_t at = 0; at < out->len; at += out->segment_len) {
        assert_true(b.count < SAID_MAX);
        said *s = &b.said[b.count++];
        s->len = out->len - at < out->segment_len ? out->len - at : out->segment_len;
        memcpy(s->bytes, out->data + at, s->len);
        s->to = out->destination;
        s->tos = out->tos;
        uftp_packet packet;
        assert_int_equal(uftp_packet_read(s->bytes, s->len, &packet), UFTP_OK);
        s->header = packet.header;
        if (packet.sealed || uftp_packet_message(&packet, &s->message) < 0)
            s->message.type = 0;
    }
}

static void turn(void)
{
    if (uftp_proxy_next_deadline(b.proxy) <= b.now)
        uftp_proxy_on_timeout(b.proxy, b.now);
    uftp_transmit out = {.data = b.train, .capacity = sizeof b.train};
    while (uftp_proxy_poll_transmit(b.proxy, b.now, &out) > 0)
        hear(&out);
    uftp_event event;
    while (uftp_proxy_poll_event(b.proxy, &event) > 0) {
        b.events[event.type]++;
        if (event.text) {
            strncpy(b.text, event.text, sizeof b.text - 1);
            event.text = b.text;
        }
        b.last[event.type] = event;
    }
    assert_true(uftp_proxy_next_deadline(b.proxy) > b.now); /* nobody is made to spin */
}

static void start(void)
{
    assert_int_equal(uftp_proxy_create(&b.config, b.now, &b.proxy), UFTP_OK);
    turn();
}

static void clear(void)
{
    b.count = 0;
    memset(b.events, 0, sizeof b.events);
}

static void end(void)
{
    uftp_proxy_destroy(b.proxy);
    uftp_key_free(b.key);
    assert_int_equal(b.memory.live, 0);
}

static void advance(uint64_t interval)
{
    uint64_t until = b.now + interval;
    while (uftp_proxy_next_deadline(b.proxy) <= until) {
        b.now = uftp_proxy_next_deadline(b.proxy);
        turn();
    }
    b.now = until;
    turn();
}

static uftp_proxy_stats stats(void)
{
    uftp_proxy_stats s;
    uftp_proxy_stats_get(b.proxy, &s);
    return s;
}

static void deliver(const uftp_address *from, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1); /* at its exact size, for the sanitizers */
    memcpy(copy, bytes, len);
    uftp_proxy_recv(b.proxy, b.now,
                    &(uftp_datagram){.data = copy, .len = len, .source = *from, .tos = b.tos}, 1);
    free(copy);
    turn();
}

static size_t write_from(uint32_t uid, const uftp_message *message, uint8_t *out)
{
    size_t len;
    bool down = uid == SERVER;
    const uftp_header header = {.version = 0x50,
                                .seq = b.seq++,
                                .source = uid,
                                .group = GROUP,
                                .grtt = down ? uftp_grtt_quantise(GRTT) : 0,
                                .group_size = down ? uftp_size_quantise(3) : 0};
    assert_int_equal(
        uftp_packet_write(&uftp_wire_v5, &header, message, NULL, 0, out, UFTP_DATAGRAM_MAX, &len),
        UFTP_OK);
    return len;
}

static void from_server(const uftp_message *message)
{
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    deliver(&server_at, bytes, write_from(SERVER, message, bytes));
}

static uftp_address host_of(uint32_t uid)
{
    return uftp_address_ipv4(10, (uint8_t)(uid >> 16), (uint8_t)(uid >> 8), (uint8_t)uid, 1044);
}

static void from_client(uint32_t uid, const uftp_message *message)
{
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    const uftp_address host = host_of(uid);
    deliver(&host, bytes, write_from(uid, message, bytes));
}

static uftp_message announce(void)
{
    return (uftp_message){.type = UFTP_MESSAGE_ANNOUNCE,
                          .as.announce = {.robust = 20,
                                          .block_size = BLOCK,
                                          .timestamp_us = 5000000,
                                          .public_address = uftp_address_ipv4(230, 4, 4, 1, 0),
                                          .private_address = uftp_address_ipv4(230, 5, 5, 7, 0)}};
}

static void begin(void)
{
    const uftp_message message = announce();
    from_server(&message);
}

static void registers(uint32_t uid, uint64_t timestamp_us)
{
    from_client(uid, &(uftp_message){.type = UFTP_MESSAGE_REGISTER,
                                     .as.registration = {.timestamp_us = timestamp_us}});
}

/* Members 1 to `count`, confirmed. */
static void join(uint32_t count)
{
    begin();
    uint8_t list[4 * 64];
    for (uint32_t uid = 1; uid <= count; uid++) {
        registers(uid, 5000000);
        memcpy(list + 4 * (uid - 1), (const uint8_t[]){0, 0, 0, (uint8_t)uid}, 4);
    }
    advance(2 * GRTT);
    from_server(&(uftp_message){.type = UFTP_MESSAGE_REG_CONF,
                                .as.reg_conf.clients = {.bytes = list, .count = count}});
    clear();
}

static const said *only(uint8_t type)
{
    const said *found = NULL;
    for (size_t i = 0; i < b.count; i++)
        if (b.said[i].header.type == type) {
            assert_null(found);
            found = &b.said[i];
        }
    assert_non_null(found);
    return found;
}

static size_t said_of(uint8_t type)
{
    size_t count = 0;
    for (size_t i = 0; i < b.count; i++)
        count += b.said[i].header.type == type;
    return count;
}

/* ---- server proxies ---- */

static void a_server_proxy_changes_no_byte(void **state)
{
    (void)state;
    init(UFTP_PROXY_SERVER);
    start();
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    uftp_message message = announce();
    size_t len = write_from(SERVER, &message, bytes);
    b.tos = UFTP_ECN_MARKED;
    deliver(&server_at, bytes, len);
    assert_int_equal(b.count, 1);
    assert_int_equal(b.said[0].len, len);
    assert_memory_equal(b.said[0].bytes, bytes, len);
    assert_true(uftp_address_equal(&b.said[0].to, &below_at));
    assert_int_equal(b.said[0].tos, UFTP_ECN_MARKED); /* a mark of congestion stays one */
    assert_int_equal(b.events[UFTP_EVENT_JOIN], 1);
    clear();
    message = (uftp_message){.type = UFTP_MESSAGE_REGISTER};
    len = write_from(1, &message, bytes);
    deliver(&below_at, bytes, len);
    assert_int_equal(b.count, 1);
    assert_memory_equal(b.said[0].bytes, bytes, len);
    assert_true(uftp_address_equal(&b.said[0].to, &server_at));
    end();
}

static void a_server_proxy_takes_answers_from_its_downstream_alone(void **state)
{
    (void)state;
    init(UFTP_PROXY_SERVER);
    start();
    begin();
    clear();
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    const uftp_message message = {.type = UFTP_MESSAGE_REGISTER};
    size_t len = write_from(1, &message, bytes);
    const uftp_address elsewhere = uftp_address_ipv4(10, 66, 6, 6, 1044);
    deliver(&elsewhere, bytes, len);
    assert_int_equal(b.count, 0);
    uftp_address moved = below_at; /* its NAT has drawn another port */
    moved.port = 5555;
    deliver(&moved, bytes, len);
    assert_int_equal(b.count, 1);
    end();
}

static void version_4_is_dropped_and_counted(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    uftp_message message = announce();
    size_t len = write_from(SERVER, &message, bytes);
    bytes[0] = 0x40;
    deliver(&server_at, bytes, len);
    message = (uftp_message){.type = UFTP_MESSAGE_DONE_CONF};
    len = write_from(SERVER, &message, bytes);
    bytes[0] = 0x40;
    deliver(&server_at, bytes, len);
    assert_int_equal(b.count, 0);
    assert_int_equal(stats().version4_dropped, 2);
    assert_int_equal(stats().sessions, 0);
    assert_int_equal(b.events[UFTP_EVENT_REJECTED], 1); /* the ANNOUNCE */
    assert_int_equal(b.last[UFTP_EVENT_REJECTED].error, UFTP_ERR_VERSION);
    end();
}

/* ---- heartbeats ---- */

static void bare_heartbeat(const uftp_address *from)
{
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    const uftp_message message = {.type = UFTP_MESSAGE_HB_REQ};
    deliver(from, bytes, write_from(9, &message, bytes));
}

static void signed_heartbeat(const uftp_address *from, const uftp_key *key, uint32_t nonce)
{
    uint8_t digest[64], signature[UFTP_SIGNATURE_MAX], bytes[UFTP_DATAGRAM_MAX];
    const uint8_t number[4] = {(uint8_t)(nonce >> 24), (uint8_t)(nonce >> 16),
                               (uint8_t)(nonce >> 8), (uint8_t)nonce};
    const uftp_bytes part = {number, 4};
    uftp_hash_parts(UFTP_HASH_SHA1, &part, 1, digest);
    assert_int_equal(uftp_sign(key, &b.random.random, UFTP_HASH_SHA1, digest, signature), UFTP_OK);
    const uftp_message message = {.type = UFTP_MESSAGE_HB_REQ,
                                  .as.hb_req = {.nonce = nonce,
                                                .public_key = uftp_key_blob(key),
                                                .signature = {signature, uftp_signature_len(key)}}};
    deliver(from, bytes, write_from(9, &message, bytes));
}

static void expect_answer(uint8_t result)
{
    const said *answer = only(UFTP_MESSAGE_HB_RESP);
    assert_int_equal(answer->message.as.hb_resp.result, result);
    assert_true(answer->len <= 28); /* no longer than what asked for it */
}

static void learn_from_heartbeats(void)
{
    init(UFTP_PROXY_SERVER);
    b.downstream = (uftp_downstream){.has_fingerprint = true};
    const uftp_bytes blob = uftp_key_blob(b.key);
    uftp_fingerprint(blob.data, blob.len, b.downstream.fingerprint);
    start();
}

static uftp_address learnt(void)
{
    uftp_address address;
    uftp_proxy_downstream_get(b.proxy, 0, &address);
    return address;
}

static void a_signed_challenge_moves_the_downstream(void **state)
{
    (void)state;
    learn_from_heartbeats();
    begin();
    assert_int_equal(b.count, 0); /* nowhere to send it yet */
    assert_int_equal(stats().unestablished, 1);
    bare_heartbeat(&below_at);
    expect_answer(2);
    uint32_t nonce = b.said[0].message.as.hb_resp.nonce;
    assert_int_not_equal(nonce, 0);
    clear();
    signed_heartbeat(&below_at, b.key, nonce);
    expect_answer(1);
    assert_int_equal(b.events[UFTP_EVENT_DOWNSTREAM], 1);
    uftp_address now_at = learnt();
    assert_true(uftp_address_equal(&now_at, &below_at));
    clear();
    begin();
    assert_true(uftp_address_equal(&only(UFTP_MESSAGE_ANNOUNCE)->to, &below_at));

    /* Known: not asked again. Elsewhere: the same number does not count twice. */
    clear();
    bare_heartbeat(&below_at);
    expect_answer(1);
    clear();
    const uftp_address moved = uftp_address_ipv4(10, 3, 0, 2, 7777);
    signed_heartbeat(&moved, b.key, nonce);
    expect_answer(2);
    now_at = learnt();
    assert_true(uftp_address_equal(&now_at, &below_at));
    nonce = b.said[0].message.as.hb_resp.nonce;
    clear();
    signed_heartbeat(&moved, b.key, nonce);
    expect_answer(1);
    now_at = learnt();
    assert_true(uftp_address_equal(&now_at, &moved));
    end();
}

static void another_key_or_a_bad_signature_moves_nothing(void **state)
{
    (void)state;
    learn_from_heartbeats();
    bare_heartbeat(&below_at);
    uint32_t nonce = b.said[0].message.as.hb_resp.nonce;
    uftp_key *other;
    const uftp_key_spec spec = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1};
    assert_int_equal(uftp_key_generate(&b.memory.allocator, &b.random.random, &spec, &other), 0);
    clear();
    signed_heartbeat(&below_at, other, nonce);
    expect_answer(0);
    /* The right key's blob under the other's signature. */
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    const uint8_t nothing[68] = {0, 32, 0, 32, 1};
    const uftp_message message = {.type = UFTP_MESSAGE_HB_REQ,
                                  .as.hb_req = {.nonce = nonce,
                                                .public_key = uftp_key_blob(b.key),
                                                .signature = {nothing, sizeof nothing}}};
    clear();
    deliver(&below_at, bytes, write_from(9, &message, bytes));
    expect_answer(0);
    assert_int_equal(learnt().family, 0);
    assert_int_equal(stats().heartbeats_refused, 2);
    uftp_key_free(other);
    end();
}

/* Verifying costs a thousand times as much as sending: a flood gets sixteen, then twenty a second.
 */
static void a_flood_of_signatures_is_not_verified(void **state)
{
    (void)state;
    learn_from_heartbeats();
    bare_heartbeat(&below_at);
    uint32_t nonce = b.said[0].message.as.hb_resp.nonce;
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    const uint8_t nothing[68] = {0, 32, 0, 32, 1};
    const uftp_message message = {.type = UFTP_MESSAGE_HB_REQ,
                                  .as.hb_req = {.nonce = nonce,
                                                .public_key = uftp_key_blob(b.key),
                                                .signature = {nothing, sizeof nothing}}};
    size_t verified = 0;
    for (int i = 0; i < 100; i++) {
        clear();
        deliver(&below_at, bytes, write_from(9, &message, bytes));
        verified += strcmp(b.text, "Failed to verify HB_REQ signature") == 0;
    }
    assert_int_equal(verified, 16);
    clear();
    advance(UFTP_S(1));
    signed_heartbeat(&below_at, b.key, nonce); /* the genuine one gets through again */
    expect_answer(1);
    end();
}

static void heartbeats_go_out_at_start_and_each_interval(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    b.config.heartbeat_hosts = &server_at;
    b.config.heartbeat_count = 1;
    b.config.heartbeat_interval = UFTP_S(7);
    start();
    const said *bare = only(UFTP_MESSAGE_HB_REQ);
    assert_int_equal(bare->len, 28);
    assert_int_equal(bare->message.as.hb_req.public_key.len, 0);
    advance(UFTP_S(21));
    assert_int_equal(said_of(UFTP_MESSAGE_HB_REQ), 4);
    clear();
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    const uftp_message challenge = {.type = UFTP_MESSAGE_HB_RESP,
                                    .as.hb_resp = {.result = 2, .nonce = 0xa0289b44}};
    size_t len = write_from(7, &challenge, bytes);
    deliver(&below_at, bytes, len); /* nobody whom we asked */
    assert_int_equal(b.count, 0);
    deliver(&server_at, bytes, len);
    const uftp_hb_req *request = &only(UFTP_MESSAGE_HB_REQ)->message.as.hb_req;
    assert_int_equal(request->nonce, 0xa0289b44);
    uint8_t digest[64];
    const uint8_t number[4] = {0xa0, 0x28, 0x9b, 0x44};
    const uftp_bytes part = {number, 4};
    uftp_hash_parts(UFTP_HASH_SHA1, &part, 1, digest);
    assert_int_equal(uftp_verify(request->public_key, UFTP_HASH_SHA1, digest, request->signature),
                     UFTP_OK);
    end();
}

/* ---- client proxies: down ---- */

static void each_announce_goes_on_and_a_proxy_key_follows(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    for (int i = 0; i < 3; i++) {
        clear();
        begin();
        assert_int_equal(b.count, 2);
        assert_int_equal(b.said[0].header.type, UFTP_MESSAGE_ANNOUNCE);
        assert_int_equal(b.said[0].header.source, SERVER);
        assert_int_equal(b.said[1].header.type, UFTP_MESSAGE_PROXY_KEY);
        assert_int_equal(b.said[1].header.source, PROXY);
        assert_int_equal(b.said[1].header.grtt, uftp_grtt_quantise(GRTT));
        assert_int_equal(b.said[1].len, 24); /* all lengths zero in the clear */
        const uftp_address group = uftp_address_ipv4(230, 4, 4, 1, 1044);
        assert_true(uftp_address_equal(&b.said[0].to, &group));
        assert_true(uftp_address_equal(&b.said[1].to, &group));
    }
    assert_int_equal(b.events[UFTP_EVENT_JOIN], 0); /* it is sent everything */
    end();
}

static void what_is_for_the_receivers_goes_to_the_private_group(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    begin();
    clear();
    static const uftp_message messages[] = {
        {.type = UFTP_MESSAGE_REG_CONF},
        {.type = UFTP_MESSAGE_FILEINFO,
         .as.fileinfo = {.file_id = 1, .name = {(const uint8_t *)"a", 1}}},
        {.type = UFTP_MESSAGE_FILESEG,
         .as.fileseg = {.file_id = 1, .data = {(const uint8_t *)"abcd", 4}}},
        {.type = UFTP_MESSAGE_DONE},
        {.type = UFTP_MESSAGE_DONE_CONF},
        {.type = UFTP_MESSAGE_CONG_CTRL}};
    const uftp_address group = uftp_address_ipv4(230, 5, 5, 7, 1044);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        clear();
        from_server(&messages[i]);
        assert_int_equal(b.count, 1);
        assert_int_equal(b.said[0].header.type, messages[i].type);
        assert_true(uftp_address_equal(&b.said[0].to, &group));
    }
    /* In another's name, or a message that receivers send: no. */
    clear();
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    deliver(&server_at, bytes, write_from(77, &messages[3], bytes));
    from_server(&(uftp_message){.type = UFTP_MESSAGE_CC_ACK});
    from_server(&(uftp_message){.type = UFTP_MESSAGE_KEYINFO});
    assert_int_equal(b.count, 0);
    end();
}

static void an_abort_for_all_is_said_again_and_ends_the_session(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    join(2);
    const uftp_message one = {.type = UFTP_MESSAGE_ABORT,
                              .as.abort = {.host = 2, .text = {(const uint8_t *)"no", 2}}};
    from_server(&one);
    const said *down = only(UFTP_MESSAGE_ABORT);
    assert_int_equal(down->header.source, PROXY);
    assert_int_equal(down->message.as.abort.host, 2);
    assert_int_equal(stats().sessions, 1);
    clear();
    const uftp_message all = {.type = UFTP_MESSAGE_ABORT,
                              .as.abort = {.host = PROXY, .text = {(const uint8_t *)"all", 3}}};
    from_server(&all);
    down = only(UFTP_MESSAGE_ABORT);
    assert_int_equal(down->message.as.abort.host, 0);
    assert_memory_equal(down->message.as.abort.text.data, "all", 3);
    assert_int_equal(stats().sessions, 0);
    assert_int_equal(b.events[UFTP_EVENT_SESSION_FINISHED], 1);
    end();
}

/* ---- client proxies: up ---- */

static void registers_wait_a_round_trip_and_carry_their_time(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    begin();
    clear();
    registers(1, 5000000);
    uint64_t grtt = uftp_grtt_expand(uftp_grtt_quantise(GRTT));
    advance(UFTP_MS(10));
    registers(2, 5010000);
    registers(1, 5011000); /* counts once */
    assert_int_equal(b.count, 0);
    advance(grtt - UFTP_MS(10));
    const said *up = only(UFTP_MESSAGE_REGISTER);
    assert_true(uftp_address_equal(&up->to, &server_at));
    assert_int_equal(up->header.source, PROXY);
    assert_int_equal(up->header.grtt, 0);
    const uftp_register *message = &up->message.as.registration;
    assert_int_equal(message->clients.count, 2);
    assert_int_equal(uftp_uid_list_get(&message->clients, 0), 1);
    assert_int_equal(uftp_uid_list_get(&message->clients, 1), 2);
    assert_int_equal(message->timestamp_us,
                     5000000 + grtt / 1000); /* the first one's, and its wait */
    end();
}

static void complete(uint32_t uid, uint16_t file, uint8_t status)
{
    from_client(uid, &(uftp_message){.type = UFTP_MESSAGE_COMPLETE,
                                     .as.complete = {.file_id = file, .status = status}});
}

static void answers_of_one_kind_become_one_message(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    join(3);
    from_client(1, &(uftp_message){.type = UFTP_MESSAGE_FILEINFO_ACK,
                                   .as.fileinfo_ack = {.file_id = 1, .partial = true}});
    from_client(2, &(uftp_message){.type = UFTP_MESSAGE_FILEINFO_ACK,
                                   .as.fileinfo_ack = {.file_id = 1, .partial = false}});
    complete(3, 1, UFTP_COMPLETE_SKIPPED);
    complete(2, 2, UFTP_COMPLETE_NORMAL);
    complete(1, 2, UFTP_COMPLETE_NORMAL);
    complete(1, 2, UFTP_COMPLETE_NORMAL);
    advance(2 * GRTT);
    const uftp_fileinfo_ack *ack = &only(UFTP_MESSAGE_FILEINFO_ACK)->message.as.fileinfo_ack;
    assert_int_equal(ack->clients.count, 2);
    assert_false(ack->partial);                          /* only if all are */
    assert_int_equal(said_of(UFTP_MESSAGE_COMPLETE), 2); /* one for each status */
    assert_int_equal(b.said[1].message.as.complete.status, UFTP_COMPLETE_SKIPPED);
    assert_int_equal(b.said[2].message.as.complete.clients.count, 2);
    assert_int_equal(stats().gathered, 3 + 6);
    end();
}

static void status(uint32_t uid, uint16_t section, const uint8_t *naks, size_t len, uint64_t rate)
{
    from_client(uid, &(uftp_message){.type = UFTP_MESSAGE_STATUS,
                                     .as.status = {.file_id = 1,
                                                   .section = section,
                                                   .has_tfmcc = rate != 0,
                                                   .tfmcc = {.client = uid,
                                                             .cc_rate = uftp_rate_quantise(rate),
                                                             .timestamp_us = 1000},
                                                   .naks = {naks, len}}});
}

/* The reference reads the bitmap at a fixed place and counts stale bytes behind a short one. */
static void missing_blocks_are_united_with_zeros_behind_short_bitmaps(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    join(3);
    static const uint8_t one[] = {0x01}, two[] = {0x80, 0x00, 0x04};
    status(1, 0, two, sizeof two, 200000);
    status(2, 0, one, sizeof one, 100000);
    status(3, 0, one, sizeof one, 300000);
    advance(2 * GRTT);
    const uftp_status *up = &only(UFTP_MESSAGE_STATUS)->message.as.status;
    assert_int_equal(up->naks.len, 3);
    assert_memory_equal(up->naks.data, ((const uint8_t[]){0x81, 0x00, 0x04}), 3);
    assert_true(up->has_tfmcc);
    assert_int_equal(up->tfmcc.client, 2); /* the slowest */
    assert_true(up->tfmcc.timestamp_us > 1000 + GRTT / 2000);
    /* Nothing of it is left for the next. */
    clear();
    status(1, 1, (const uint8_t[]){0, 0, 0, 2}, 4, 0);
    advance(2 * GRTT);
    up = &only(UFTP_MESSAGE_STATUS)->message.as.status;
    assert_memory_equal(up->naks.data, ((const uint8_t[]){0, 0, 0, 2}), 4);
    assert_false(up->has_tfmcc);
    end();
}

static void more_kinds_than_slots_send_what_waits(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    join(2);
    static const uint8_t one[] = {1};
    for (uint16_t section = 0; section < 10; section++)
        status(1, section, one, 1, 0);
    assert_int_equal(b.count, 0);
    status(1, 10, one, 1, 0);
    assert_int_equal(said_of(UFTP_MESSAGE_STATUS), 10);
    advance(2 * GRTT);
    assert_int_equal(said_of(UFTP_MESSAGE_STATUS), 11);
    end();
}

static void a_full_list_leaves_at_once(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    begin();
    clear();
    for (uint32_t uid = 1; uid <= BLOCK / 4; uid++)
        registers(uid, 5000000);
    assert_int_equal(only(UFTP_MESSAGE_REGISTER)->message.as.registration.clients.count, BLOCK / 4);
    registers(BLOCK / 4 + 1, 5000000);
    advance(2 * GRTT);
    assert_int_equal(b.said[1].message.as.registration.clients.count, 1);
    end();
}

static void free_space_is_each_receivers_own(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    join(2);
    for (uint32_t uid = 1; uid <= 2; uid++)
        from_client(uid, &(uftp_message){.type = UFTP_MESSAGE_COMPLETE,
                                         .as.complete = {.file_id = 1,
                                                         .has_free_space = true,
                                                         .free_space = 1000 + uid}});
    assert_int_equal(said_of(UFTP_MESSAGE_COMPLETE), 2);
    for (uint32_t uid = 1; uid <= 2; uid++) {
        const uftp_complete *up = &b.said[uid - 1].message.as.complete;
        assert_int_equal(up->free_space, 1000 + uid);
        assert_int_equal(up->clients.count, 1);
        assert_int_equal(uftp_uid_list_get(&up->clients, 0), uid);
    }
    end();
}

static void reports_in_the_clear_stay_the_receivers_word(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    join(1);
    from_client(1, &(uftp_message){.type = UFTP_MESSAGE_CC_ACK, .as.cc_ack.tfmcc = {.client = 1}});
    const said *up = only(UFTP_MESSAGE_CC_ACK);
    assert_int_equal(up->header.source, 1);
    assert_true(uftp_address_equal(&up->to, &server_at));
    end();
}

static void an_abort_of_a_receiver_goes_up_in_our_name(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    join(2);
    from_client(2, &(uftp_message){.type = UFTP_MESSAGE_ABORT,
                                   .as.abort.text = {(const uint8_t *)"disk full", 9}});
    const said *up = only(UFTP_MESSAGE_ABORT);
    assert_int_equal(up->header.source, PROXY);
    assert_int_equal(up->message.as.abort.host, 2);
    assert_memory_equal(up->message.as.abort.text.data, "disk full", 9);
    clear();
    complete(2, 1, 0); /* it takes no further part */
    advance(2 * GRTT);
    assert_int_equal(b.count, 0);
    end();
}

static void strangers_and_impostors_are_not_heard(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    join(2);
    complete(9, 1, 0); /* never registered */
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    const uftp_message message = {.type = UFTP_MESSAGE_COMPLETE, .as.complete = {.file_id = 1}};
    const uftp_address elsewhere = uftp_address_ipv4(10, 66, 6, 6, 1044);
    deliver(&elsewhere, bytes, write_from(1, &message, bytes)); /* in 1's name */
    const uint8_t list[4] = {0, 0, 0, 2};
    from_client(7, &(uftp_message){.type = UFTP_MESSAGE_REGISTER, /* a proxy behind us */
                                   .as.registration.clients = {.bytes = list, .count = 1}});
    advance(2 * GRTT);
    assert_int_equal(b.count, 0);
    end();
}

static void only_listed_receivers_come_in(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    static const uftp_member allowed[] = {{.uid = 9}, {.uid = 3}, {.uid = 5}};
    b.config.clients = allowed;
    b.config.client_count = 3;
    start();
    begin();
    clear();
    for (uint32_t uid = 1; uid <= 10; uid++)
        registers(uid, 5000000);
    assert_int_equal(said_of(UFTP_MESSAGE_ABORT), 7);
    advance(2 * GRTT);
    assert_int_equal(only(UFTP_MESSAGE_REGISTER)->message.as.registration.clients.count, 3);
    end();
}

static void the_receiver_that_is_one_too_many_is_told(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    b.config.clients_max = 20;
    start();
    begin();
    clear();
    for (uint32_t uid = 1; uid <= 20; uid++)
        registers(uid, 5000000);
    assert_int_equal(b.count, 0);
    registers(21, 5000000);
    const said *down = only(UFTP_MESSAGE_ABORT);
    assert_int_equal(down->message.as.abort.host, 21);
    assert_memory_equal(down->message.as.abort.text.data, "Max destinations exceeded", 25);
    for (uint32_t uid = 22; uid < 1000; uid++) { /* but no flood of them */
        b.count = 0;
        registers(uid, 5000000);
    }
    assert_int_equal(b.count, 0);
    end();
}

/* ---- limits and ends ---- */

static void a_session_ends_when_its_sender_is_silent(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    join(1);
    advance(UFTP_MS(3900)); /* 4 * 20 * 50 ms and a little */
    assert_int_equal(stats().sessions, 1);
    advance(UFTP_MS(600));
    assert_int_equal(stats().sessions, 0);
    assert_int_equal(b.last[UFTP_EVENT_SESSION_FINISHED].result, UFTP_RESULT_FAILED);
    /* After the end of the session the same silence is as it should be. */
    begin();
    registers(1, 5000000);
    complete(1, 0, 0);
    advance(UFTP_S(5));
    assert_int_equal(b.last[UFTP_EVENT_SESSION_FINISHED].result, UFTP_RESULT_OK);
    end();
}

static void sessions_are_limited(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    b.config.sessions_max = 3;
    start();
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    const uftp_message message = announce();
    for (uint8_t i = 0; i < 10; i++) {
        size_t len = write_from(SERVER, &message, bytes);
        bytes[11] = i; /* of the group */
        deliver(&server_at, bytes, len);
    }
    assert_int_equal(stats().sessions, 3);
    assert_int_equal(stats().rejected[-UFTP_ERR_LIMIT], 7);
    end();
}

static void a_second_sender_of_the_same_name_is_turned_away(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    begin();
    clear();
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    const uftp_message message = announce();
    uftp_address other = server_at;
    other.port++;
    deliver(&other, bytes, write_from(SERVER, &message, bytes));
    assert_int_equal(b.count, 0);
    assert_int_equal(b.last[UFTP_EVENT_REJECTED].error, UFTP_ERR_AUTH);
    end();
}

static void unicast_and_broken_groups_are_refused(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    uftp_message message = announce();
    message.as.announce.private_address = uftp_address_ipv4(10, 0, 0, 1, 0);
    from_server(&message);
    assert_memory_equal(only(UFTP_MESSAGE_ABORT)->message.as.abort.text.data,
                        "Invalid multicast address", 25);
    assert_true(uftp_address_equal(&b.said[0].to, &server_at));
    assert_int_equal(stats().sessions, 0);
    end();
}

/* A forged GRTT of zero is a millisecond: turn() sees that nobody spins. */
static void a_grtt_of_zero_makes_nobody_spin(void **state)
{
    (void)state;
    init(UFTP_PROXY_CLIENT);
    start();
    join(2);
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    const uftp_message message = {.type = UFTP_MESSAGE_DONE};
    size_t len = write_from(SERVER, &message, bytes);
    bytes[13] = 0;
    deliver(&server_at, bytes, len);
    complete(1, 1, 0);
    advance(UFTP_MS(2));
    assert_int_equal(said_of(UFTP_MESSAGE_COMPLETE), 1);
    end();
}

/* Each message, from each side, cut at each length and with each byte changed. */
static void no_datagram_does_harm(void **state)
{
    (void)state;
    static const uftp_proxy_kind kinds[] = {UFTP_PROXY_SERVER, UFTP_PROXY_CLIENT,
                                            UFTP_PROXY_RESPONSE};
    for (size_t kind = 0; kind < 3; kind++) {
        init(kinds[kind]);
        start();
        join(2);
        uint8_t bytes[UFTP_DATAGRAM_MAX];
        const uftp_address below = kind == 0 ? below_at : host_of(1);
        for (uint8_t type = 1; type <= UFTP_MESSAGE_TYPE_MAX; type++) {
            uftp_message message = {.type = type};
            if (type == UFTP_MESSAGE_ENCRYPTED || type == UFTP_MESSAGE_KEY_REQ)
                continue;
            if (type == UFTP_MESSAGE_ANNOUNCE)
                message = announce();
            if (type >= UFTP_MESSAGE_FILEINFO && type <= UFTP_MESSAGE_COMPLETE)
                message.as.done.file_id = 1; /* the first member of all of these */
            if (type == UFTP_MESSAGE_FILESEG)
                message.as.fileseg.data = (uftp_bytes){(const uint8_t *)"data", 4};
            if (type == UFTP_MESSAGE_STATUS)
                message.as.status.naks = (uftp_bytes){(const uint8_t *)"naks", 4};
            if (type == UFTP_MESSAGE_FILEINFO)
                message.as.fileinfo.name = (uftp_bytes){(const uint8_t *)"name", 4};
            size_t len = write_from(kind ? 1 : SERVER, &message, bytes);
            for (size_t cut = 0; cut <= len; cut++) {
                b.count = 0;
                deliver(&server_at, bytes, cut);
                deliver(&below, bytes, cut);
            }
            for (size_t at = 0; at < len && at < 64; at++) {
                b.count = 0;
                bytes[at] ^= 0xff;
                deliver(&server_at, bytes, len);
                b.count = 0;
                deliver(&below, bytes, len);
                bytes[at] ^= 0xff;
            }
        }
        end();
    }
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    for (size_t fail_at = 1; fail_at < 60; fail_at++) {
        init(UFTP_PROXY_CLIENT);
        b.memory.fail_at = b.memory.allocations + fail_at;
        if (uftp_proxy_create(&b.config, b.now, &b.proxy) == UFTP_OK) {
            turn();
            join(3);
            complete(1, 1, 0);
            status(2, 0, (const uint8_t[]){1}, 1, 0);
            advance(UFTP_S(10));
        }
        end();
    }
}

static void a_configuration_that_cannot_work_is_refused(void **state)
{
    (void)state;
    init(UFTP_PROXY_SERVER);
    uftp_proxy_config good = b.config;
#define REFUSED(change) \
    do { \
        b.config = good; \
        b.config.change; \
        assert_int_equal(uftp_proxy_create(&b.config, b.now, &b.proxy), UFTP_ERR_ARGUMENT); \
        assert_null(b.proxy); \
    } while (0)
    REFUSED(uid = 0);
    REFUSED(kind = 0);
    REFUSED(kind = UFTP_PROXY_CLIENT); /* with a downstream */
    REFUSED(downstream_count = 0);
    REFUSED(sessions_max = UFTP_SESSIONS_MAX + 1);
    REFUSED(clients_max = UFTP_PROXY_CLIENTS_MAX + 1);
    REFUSED(queue_bytes = 1000);
    REFUSED(heartbeat_interval = 1);
    b.downstream = (uftp_downstream){0};
    REFUSED(port = 1);
    b.config = good;
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_proxy_changes_no_byte),
        cmocka_unit_test(a_server_proxy_takes_answers_from_its_downstream_alone),
        cmocka_unit_test(version_4_is_dropped_and_counted),
        cmocka_unit_test(a_signed_challenge_moves_the_downstream),
        cmocka_unit_test(another_key_or_a_bad_signature_moves_nothing),
        cmocka_unit_test(a_flood_of_signatures_is_not_verified),
        cmocka_unit_test(heartbeats_go_out_at_start_and_each_interval),
        cmocka_unit_test(each_announce_goes_on_and_a_proxy_key_follows),
        cmocka_unit_test(what_is_for_the_receivers_goes_to_the_private_group),
        cmocka_unit_test(an_abort_for_all_is_said_again_and_ends_the_session),
        cmocka_unit_test(registers_wait_a_round_trip_and_carry_their_time),
        cmocka_unit_test(answers_of_one_kind_become_one_message),
        cmocka_unit_test(missing_blocks_are_united_with_zeros_behind_short_bitmaps),
        cmocka_unit_test(more_kinds_than_slots_send_what_waits),
        cmocka_unit_test(a_full_list_leaves_at_once),
        cmocka_unit_test(free_space_is_each_receivers_own),
        cmocka_unit_test(reports_in_the_clear_stay_the_receivers_word),
        cmocka_unit_test(an_abort_of_a_receiver_goes_up_in_our_name),
        cmocka_unit_test(strangers_and_impostors_are_not_heard),
        cmocka_unit_test(only_listed_receivers_come_in),
        cmocka_unit_test(the_receiver_that_is_one_too_many_is_told),
        cmocka_unit_test(a_session_ends_when_its_sender_is_silent),
        cmocka_unit_test(sessions_are_limited),
        cmocka_unit_test(a_second_sender_of_the_same_name_is_turned_away),
        cmocka_unit_test(unicast_and_broken_groups_are_refused),
        cmocka_unit_test(a_grtt_of_zero_makes_nobody_spin),
        cmocka_unit_test(no_datagram_does_harm),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(a_configuration_that_cannot_work_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
