/* SPDX-License-Identifier: MIT
 *
 * The proxy in the place of a captured one: it is handed what that one heard, on all the networks
 * it stands in, at the times of the capture, and has to pass on and say the same: up to the sender,
 * down to the receivers, and in heartbeats. What is passed on has to be the same byte for byte.
 *
 * Encrypted sessions are replayed in full: the proxy draws the ECDH scalars and random number of
 * the captured one, and has its key, so that every receiver's and every sender's keys are the
 * captured ones; a server proxy draws the number of its challenge.
 *
 *     test_proxy_replay FOLDER [KIND]
 */
#include "golden.h"
#include "known_random.h"
#include "own_packets.h"
#include "passed.h"
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uftp/proxy.h>

enum { HEARD_MAX = 2000, LEGS_MAX = 3 };

static const char *folder, *wanted_kind;

/* A packet that the captured proxy heard. */
typedef struct heard {
    uint64_t time;
    size_t order; /* of reading: captures are read one after the other */
    uftp_address source, destination;
    uint8_t tos;
    uint8_t *bytes;
    size_t len;
} heard;

typedef struct replay {
    const json_t *manifest, *described;
    const char *node, *role;
    uint32_t uid;
    uftp_address hosts[2]; /* its own, by address; the second may be none */
    uftp_address up;       /* the host that the sender's packets come from */
    char path[600];        /* of the capture that is read */
    cap_keylog keylog;
    uint64_t start, end; /* of all captures */
    size_t heard_count;
    heard heard[HEARD_MAX];
    passed_list captured[PASSED_WAYS], own[PASSED_WAYS];

    uint32_t group;
    bool has_random, has_nonce;
    uint8_t drawn[UFTP_RANDOM_LEN]; /* of its REGISTER */
    uint32_t nonce;                 /* of its first challenge */

    test_memory memory;
    known_random random;
    uftp_key *key;
    uftp_proxy *proxy;
    own_packets packets;
    uint64_t now;
} replay;

/* ---- addresses ---- */

static bool parse_ip(const char *text, uint16_t port, uftp_address *out)
{
    unsigned b[4], given;
    int count = sscanf(text, "%u.%u.%u.%u:%u", &b[0], &b[1], &b[2], &b[3], &given);
    if (count < 4)
        return false;
    *out = uftp_address_ipv4((uint8_t)b[0], (uint8_t)b[1], (uint8_t)b[2], (uint8_t)b[3],
                             count == 5 ? (uint16_t)given : port);
    return true;
}

static bool is_own(const replay *r, const uftp_address *address)
{
    for (size_t i = 0; i < 2; i++)
        if (r->hosts[i].family && uftp_address_same_host(&r->hosts[i], address))
            return true;
    return false;
}

static const char *host_of(const replay *r, const char *role, const char *key)
{
    const char *node;
    const json_t *described;
    json_object_foreach((json_t *)(uintptr_t)json_object_get(r->manifest, "nodes"), node, described)
    {
        if (strcmp(golden_text(described, "role"), role) == 0)
            return golden_text(described, key);
    }
    return "";
}

static void find_hosts(replay *r)
{
    assert_true(parse_ip(golden_text(r->described, "ip"), 0, &r->hosts[0]));
    (void)parse_ip(golden_text(r->described, "wan_ip"), 0, &r->hosts[1]);
    bool behind = strcmp(r->role, "client proxy") == 0;
    assert_true(parse_ip(behind ? host_of(r, "server proxy", "wan_ip") : host_of(r, "sender", "ip"),
                         0, &r->up));
}

/* The networks that it stands in. Behind a NAT it has but one. */
static size_t legs(const replay *r, const char *files[LEGS_MAX])
{
    size_t count = 0;
    if (strcmp(r->role, "client proxy") != 0)
        files[count++] = "session.pcap";
    else
        files[count++] = "net-b.pcap";
    if (r->hosts[1].family)
        files[count++] = "wan.pcap";
    return count;
}

/* ---- the captures ---- */

static passed_way way_of(const replay *r, const cap_packet *p, const uftp_address *destination)
{
    if (p->header.type == UFTP_MESSAGE_HB_REQ || p->header.type == UFTP_MESSAGE_HB_RESP)
        return PASSED_HEARTBEATS;
    return uftp_address_same_host(&r->up, destination) ? PASSED_UP : PASSED_DOWN;
}

static void learn_drawn(replay *r, const cap_packet *p)
{
    if (p->header.source != r->uid)
        return;
    if (p->message.type == UFTP_MESSAGE_REGISTER && !r->has_random) {
        r->has_random = true;
        r->group = p->header.group;
        memcpy(r->drawn, p->message.as.registration.random, UFTP_RANDOM_LEN);
    } else if (p->message.type == UFTP_MESSAGE_HB_RESP && p->message.as.hb_resp.nonce != 0 &&
               !r->has_nonce) {
        r->has_nonce = true;
        r->nonce = p->message.as.hb_resp.nonce;
    }
}

static void take_heard(replay *r, const cap_packet *p)
{
    assert_true(r->heard_count < HEARD_MAX);
    heard *h = &r->heard[r->heard_count];
    *h = (heard){.time = p->time,
                 .order = r->heard_count++,
                 .source = p->source,
                 .destination = p->destination,
                 .tos = p->tos,
                 .bytes = malloc(p->bytes.len),
                 .len = p->bytes.len};
    assert_non_null(h->bytes);
    memcpy(h->bytes, p->bytes.data, p->bytes.len);
}

static void take_packet(replay *r, const cap_packet *p)
{
    if (r->start == 0 || p->time < r->start)
        r->start = p->time;
    if (p->time > r->end)
        r->end = p->time;
    if (is_own(r, &p->source)) {
        learn_drawn(r, p);
        passed_add(&r->captured[way_of(r, p, &p->destination)], p, r->uid);
    } else if (is_own(r, &p->destination) || uftp_address_is_multicast(&p->destination)) {
        take_heard(r, p);
    }
}

static void read_capture(replay *r, const char *file)
{
    char error[CAP_INPUT_ERROR_MAX] = "";
    snprintf(r->path, sizeof r->path, "%s/%s", folder, file);
    cap_input *input = cap_input_open(&(cap_input_config){.path = r->path}, error);
    cap_tracker *tracker = cap_tracker_new(&r->keylog);
    if (!input || !tracker)
        fail_msg("%s", error);
    cap_frame frame;
    const cap_packet *p;
    while (cap_input_next(input, &frame) == CAP_NEXT_FRAME)
        if (cap_tracker_take(tracker, cap_input_link(input), &frame, &p))
            take_packet(r, p);
    cap_tracker_free(tracker);
    cap_input_close(input);
}

static int by_time(const void *a, const void *b)
{
    const heard *left = a, *right = b;
    if (left->time != right->time)
        return left->time < right->time ? -1 : 1;
    return left->order < right->order ? -1 : left->order > right->order;
}

/* ---- the core ---- */

static const json_t *find_argv(const replay *r)
{
    size_t i;
    const json_t *command;
    json_array_foreach(json_object_get(r->manifest, "commands"), i, command)
    {
        if (strcmp(golden_text(command, "node"), r->node) == 0)
            return json_object_get(command, "argv");
    }
    return NULL;
}

/* The word behind an option; "" when it is not there. */
static const char *option(const replay *r, const char *name)
{
    const json_t *argv = find_argv(r);
    for (size_t i = 0; i + 1 < json_array_size(argv); i++)
        if (strcmp(json_string_value(json_array_get(argv, i)), name) == 0)
            return json_string_value(json_array_get(argv, i + 1));
    return "";
}

static void give_nonce(replay *r)
{
    uint8_t drawn[8] = {0}; /* of which four bytes count */
    for (size_t i = 0; i < 4; i++)
        drawn[4 + i] = (uint8_t)(r->nonce >> (24 - 8 * i));
    known_random_init(&r->random, 1);
    if (r->has_nonce)
        known_random_add(&r->random, drawn, sizeof drawn);
}

/* In the order in which our core draws, once the session begins: a heartbeat's signature has drawn
 * before. */
static void give_secrets(replay *r)
{
    static const cap_keylog_label labels[] = {CAP_KEYLOG_PROXY_UP_ECDH_PRIVATE,
                                              CAP_KEYLOG_PROXY_DOWN_ECDH_PRIVATE};
    for (size_t i = 0; i < 2; i++) {
        size_t count;
        const cap_keylog_entry *scalar =
            cap_keylog_find(&r->keylog, labels[i], r->group, r->uid, &count);
        if (!scalar)
            return;
        if (i == 0)
            known_random_add(&r->random, r->drawn, sizeof r->drawn);
        known_random_add(&r->random, scalar->value, scalar->len);
    }
}

static void start_proxy(replay *r)
{
    enum { PORT = 1044 };
    uftp_downstream downstream = {0};
    uftp_address host;
    const char *to = option(r, "-s"), *interval = option(r, "-h");
    test_memory_init(&r->memory);
    give_nonce(r);
    r->key = golden_key(folder, r->node, &r->memory.allocator);
    if (!r->key)
        r->key = golden_any_key(&r->memory.allocator);
    own_packets_init(&r->packets, folder);
    uftp_proxy_config config = {.memory = &r->memory.allocator,
                                .random = &r->random.random,
                                .uid = r->uid,
                                .key = r->key,
                                .key_log = &r->packets.key_log,
                                .port = PORT};
    config.kind = strcmp(r->role, "server proxy") == 0     ? UFTP_PROXY_SERVER
                  : strcmp(r->role, "response proxy") == 0 ? UFTP_PROXY_RESPONSE
                                                           : UFTP_PROXY_CLIENT;
    if (strncmp(to, "fp=", 3) == 0) {
        downstream.has_fingerprint = true;
        assert_int_equal(uftp_fingerprint_parse(to + 3, downstream.fingerprint), UFTP_OK);
    } else if (*to) {
        assert_true(parse_ip(to, PORT, &downstream.address));
    }
    config.downstreams = &downstream;
    config.downstream_count = *to != '\0';
    config.heartbeat_count = parse_ip(option(r, "-H"), PORT, &host);
    config.heartbeat_hosts = &host;
    config.heartbeat_interval = *interval ? UFTP_S((uint64_t)atoi(interval)) : 0;
    r->now = UFTP_S(1);
    assert_int_equal(uftp_proxy_create(&config, r->now, &r->proxy), UFTP_OK);
}

static void take_own(replay *r, const uint8_t *data, size_t len, const uftp_address *destination)
{
    uint64_t time = r->start + r->now - UFTP_S(1);
    const cap_packet *p = own_packets_take(&r->packets, time, data, len, false);
    passed_add(&r->own[way_of(r, p, destination)], p, r->uid);
}

static void turn(replay *r)
{
    static uint8_t buffer[UFTP_TRAIN_BYTES_MAX];
    uftp_event event;
    for (;;) {
        uftp_transmit out = {.data = buffer, .capacity = sizeof buffer};
        if (uftp_proxy_poll_transmit(r->proxy, r->now, &out) <= 0)
            break;
        for (size_t at = 0; at < out.len; at += out.segment_len)
            take_own(r, buffer + at,
                     out.len - at < out.segment_len ? out.len - at : out.segment_len,
                     &out.destination);
    }
    while (uftp_proxy_poll_event(r->proxy, &event) > 0)
        ;
}

static void advance(replay *r, uint64_t to)
{
    for (uint64_t next; (next = uftp_proxy_next_deadline(r->proxy)) <= to;) {
        r->now = next > r->now ? next : r->now;
        uftp_proxy_on_timeout(r->proxy, r->now);
        turn(r);
    }
    r->now = to > r->now ? to : r->now;
}

static void play(replay *r)
{
    bool announced = false;
    for (size_t i = 0; i < r->heard_count; i++) {
        heard *h = &r->heard[i];
        advance(r, UFTP_S(1) + h->time - r->start);
        if (!announced && h->bytes[1] == UFTP_MESSAGE_ANNOUNCE) {
            announced = true;
            give_secrets(r);
        }
        (void)own_packets_take(&r->packets, h->time, h->bytes, h->len, false);
        const uftp_datagram datagram = {.data = h->bytes,
                                        .len = h->len,
                                        .source = h->source,
                                        .destination = h->destination,
                                        .interface_index = 1,
                                        .tos = h->tos};
        uftp_proxy_recv(r->proxy, r->now, &datagram, 1);
        turn(r);
    }
    advance(r, UFTP_S(1) + r->end - r->start);
}

/* The capture ends somewhere between two heartbeats. */
static void cut_heartbeats(replay *r)
{
    passed_list *captured = &r->captured[PASSED_HEARTBEATS], *own = &r->own[PASSED_HEARTBEATS];
    if (captured->count == own->count + 1)
        captured->count--;
    else if (own->count == captured->count + 1)
        own->count--;
}

static void replay_node(const json_t *manifest, const char *node, const json_t *described)
{
    replay *r = calloc(1, sizeof *r);
    assert_non_null(r);
    const char *files[LEGS_MAX];
    r->manifest = manifest;
    r->described = described;
    r->node = node;
    r->role = golden_text(described, "role");
    r->uid = golden_uid(manifest, node);
    golden_keylog(folder, &r->keylog);
    find_hosts(r);
    size_t count = legs(r, files);
    for (size_t i = 0; i < count; i++)
        read_capture(r, files[i]);
    qsort(r->heard, r->heard_count, sizeof *r->heard, by_time);
    start_proxy(r);
    turn(r);
    play(r);
    cut_heartbeats(r);
    static const char *const ways[] = {"up", "down", "heartbeats"};
    for (size_t i = 0; i < PASSED_WAYS; i++) {
        char who[80];
        snprintf(who, sizeof who, "%s, %s", node, ways[i]);
        passed_compare(&r->captured[i], &r->own[i], r->path, who);
    }
    print_message("%s: %d up, %d down, %d heartbeats, full\n", node, (int)r->own[PASSED_UP].count,
                  (int)r->own[PASSED_DOWN].count, (int)r->own[PASSED_HEARTBEATS].count);
    uftp_proxy_destroy(r->proxy);
    own_packets_free(&r->packets);
    uftp_key_free(r->key);
    assert_int_equal(r->memory.live, 0);
    for (size_t i = 0; i < r->heard_count; i++)
        free(r->heard[i].bytes);
    cap_keylog_free(&r->keylog);
    free(r);
}

/* Breaks when our proxies pass on, gather or answer anything else than the captured ones did. */
static void our_proxies_pass_on_what_the_captured_ones_did(void **state)
{
    (void)state;
    json_t *manifest = golden_manifest(folder);
    const char *node;
    const json_t *described;
    int replayed = 0;
    if (wanted_kind && strcmp(wanted_kind, "full") != 0)
        replay_broken(REPLAY_RULE_REPLAY_KIND, folder, 0, "replayed full, not %s", wanted_kind);
    json_object_foreach(json_object_get(manifest, "nodes"), node, described)
    {
        if (!strstr(golden_text(described, "role"), " proxy"))
            continue;
        replay_node(manifest, node, described);
        replayed++;
    }
    assert_true(replayed > 0);
    json_decref(manifest);
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: test_proxy_replay FOLDER [full]\n");
        return 2;
    }
    folder = argv[1];
    wanted_kind = argc == 3 ? argv[2] : NULL;
    replay_command(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_proxies_pass_on_what_the_captured_ones_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
