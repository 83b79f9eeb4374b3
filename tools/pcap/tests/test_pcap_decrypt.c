/* SPDX-License-Identifier: MIT
 *
 * A sealed session, decrypted from every form in which a capture may hold it: what comes out reads,
 * without a key, as what the packets had inside, and its lengths and checksums are right. Whether
 * other programs think so, too, test_decrypt.sh asks tshark.
 */
#include "decrypt.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPTURES UFTP_SOURCE_DIR "/conformance/captures/"
enum { FRAMES_MAX = 1000, FRAME_MAX = 10000 };

typedef struct frames {
    size_t count;
    size_t len[FRAMES_MAX];
    uint64_t time[FRAMES_MAX];
    uint8_t bytes[FRAMES_MAX][FRAME_MAX];
} frames;

static frames original, changed, output;
static cap_keylog keylog;

static void add(frames *to, uint64_t time, const uint8_t *bytes, size_t len)
{
    assert_true(to->count < FRAMES_MAX && len <= FRAME_MAX);
    to->len[to->count] = len;
    to->time[to->count] = time;
    memcpy(to->bytes[to->count++], bytes, len);
}

static void load(const char *name)
{
    char path[500], error[CAP_INPUT_ERROR_MAX] = "";
    size_t len;
    snprintf(path, sizeof path, CAPTURES "%s/keylog.txt", name);
    char *text = test_read_file(path, &len);
    assert_non_null(text);
    cap_keylog_free(&keylog);
    keylog = (cap_keylog){0};
    assert_int_equal(cap_keylog_add(&keylog, text, len), 0);
    free(text);
    snprintf(path, sizeof path, CAPTURES "%s/session.pcap", name);
    cap_input *input = cap_input_open(&(cap_input_config){.path = path}, error);
    if (!input)
        fail_msg("%s", error);
    cap_frame frame;
    original.count = 0;
    while (cap_input_next(input, &frame) == CAP_NEXT_FRAME)
        add(&original, frame.time, frame.bytes.data, frame.bytes.len);
    cap_input_close(input);
}

/* ---- what packets say ---- */

typedef struct outcome {
    uint64_t packets, sealed, digest;
} outcome;

static void mix(outcome *o, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        o->digest = (o->digest ^ at[i]) * UINT64_C(0x100000001b3);
}

static void note(outcome *o, const cap_packet *packet)
{
    const uint8_t *bytes = packet->bytes.data;
    const size_t header_len = packet->wire->header_len;
    o->packets++;
    o->sealed += packet->sealed && !packet->key;
    mix(o, bytes, 1);
    mix(o, bytes + 2, header_len - 2); /* all but the type */
    if (packet->key)
        mix(o, packet->plain.data, packet->plain.len);
    else
        mix(o, bytes + header_len, packet->bytes.len - header_len);
    mix(o, packet->source.bytes, sizeof packet->source.bytes);
    mix(o, packet->destination.bytes, sizeof packet->destination.bytes);
    mix(o, &packet->source.port, sizeof packet->source.port);
    mix(o, &packet->destination.port, sizeof packet->destination.port);
    mix(o, &packet->time, sizeof packet->time);
    mix(o, &packet->tos, sizeof packet->tos);
}

static outcome read_frames(const frames *in, const cap_keylog *keys)
{
    outcome o = {0};
    cap_tracker *tracker = cap_tracker_new(keys);
    assert_non_null(tracker);
    for (size_t i = 0; i < in->count; i++) {
        const cap_frame frame = {
            .number = i + 1, .time = in->time[i], .bytes = {in->bytes[i], in->len[i]}};
        const cap_packet *packet;
        for (bool got = cap_tracker_take(tracker, CAP_LINK_ETHERNET, &frame, &packet); got;
             got = cap_tracker_next(tracker, &packet))
            note(&o, packet);
    }
    cap_tracker_free(tracker);
    return o;
}

/* ---- decrypting ---- */

static uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

/* As a host that receives it would check it (RFC 1071: the sum with the checksum is all ones). */
static void expect_checksums(const uint8_t *ip, size_t len)
{
    const bool v6 = ip[0] >> 4 == 6;
    const size_t header_len = v6 ? 40 : 4 * (size_t)(ip[0] & 15);
    assert_int_equal((size_t)(v6 ? ip[4] << 8 | ip[5] : ip[2] << 8 | ip[3]), v6 ? len - 40 : len);
    if (!v6)
        assert_int_equal(sum_words(0, ip, header_len), 0xffff);
    const uint8_t *udp = ip + header_len;
    uint32_t sum = 17 + (uint32_t)(len - header_len);
    sum = sum_words(sum, v6 ? ip + 8 : ip + 12, v6 ? 32 : 8);
    assert_int_equal((size_t)(udp[4] << 8 | udp[5]), len - header_len);
    assert_int_equal(sum_words(sum, udp, len - header_len), 0xffff);
}

static void collect(void *ctx, const cap_frame *frame)
{
    (void)ctx;
    assert_int_equal(frame->wire_len, frame->bytes.len);
    add(&output, frame->time, frame->bytes.data, frame->bytes.len);
}

static void decrypt(const frames *in)
{
    cap_decrypt *d = cap_decrypt_new(CAP_LINK_ETHERNET, collect, NULL);
    cap_tracker *tracker = cap_tracker_new(&keylog);
    assert_true(d && tracker);
    output.count = 0;
    for (size_t i = 0; i < in->count; i++) {
        uint8_t *exact = malloc(in->len[i]); /* so that a sanitizer sees one byte too many */
        assert_non_null(exact);
        memcpy(exact, in->bytes[i], in->len[i]);
        const cap_frame frame = {.number = i + 1,
                                 .time = in->time[i],
                                 .wire_len = (uint32_t)in->len[i],
                                 .bytes = {exact, in->len[i]}};
        cap_decrypt_frame(d, tracker, &frame);
        free(exact);
    }
    cap_tracker_free(tracker);
    cap_decrypt_free(d);
}

/* All packets of the original come out open, in order, and nothing else does. */
static void expect_open(const frames *in)
{
    const outcome wanted = read_frames(&original, &keylog);
    decrypt(in);
    const outcome got = read_frames(&output, NULL);
    assert_int_equal(wanted.sealed, 0);
    assert_int_equal(got.sealed, 0);
    assert_int_equal(got.packets, wanted.packets);
    assert_true(got.digest == wanted.digest);
}

/* Breaks when a length, a checksum or the type in the common header is left as it was. */
static void every_packet_comes_out_open(void **state)
{
    (void)state;
    static const char *const names[] = {"v5-enc-default",
                                        "v5-enc-ipv6",
                                        "v5-enc-tree",
                                        "v5-enc-clientauth-rsa2048",
                                        "v4-enc-aes256-cbc-sha1-hmac",
                                        "v4-enc-aes256-gcm-ecdh-ecdsa",
                                        "v4-enc-3des-sha1-hmac"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        load(names[i]);
        expect_open(&original);
        assert_int_equal(output.count, original.count);
        for (size_t f = 0; f < output.count; f++)
            if (output.len[f] != original.len[f])
                expect_checksums(output.bytes[f] + 14, output.len[f] - 14);
    }
}

static void put_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* Breaks when a fragment's header, or its payload, is taken for the packet's. */
static void fragments_become_a_whole_packet(void **state)
{
    (void)state;
    load("v5-enc-default-5");
    changed.count = 0;
    size_t cut = 0;
    for (size_t i = 0; i < original.count; i++) {
        const uint8_t *frame = original.bytes[i];
        uint8_t part[FRAME_MAX];
        const size_t len = original.len[i] - 34;
        if (len < 600) {
            add(&changed, original.time[i], frame, original.len[i]);
            continue;
        }
        cut++;
        for (size_t at = 0; at < len; at += 512) {
            const size_t piece = len - at < 512 ? len - at : 512;
            memcpy(part, frame, 34);
            memcpy(part + 34, frame + 34 + at, piece);
            put_u16(part + 16, 20 + piece);
            put_u16(part + 18, i + 1);
            put_u16(part + 20, (at + piece < len ? 0x2000 : 0) | at / 8);
            add(&changed, original.time[i], part, 34 + piece);
        }
    }
    assert_true(cut > 5);
    expect_open(&changed);
    assert_int_equal(output.count, changed.count);
    for (size_t f = 0; f < output.count; f++)
        if ((output.bytes[f][20] & 0x3f) == 0 && output.bytes[f][21] == 0 &&
            (output.len[f] != changed.len[f] ||
             memcmp(output.bytes[f], changed.bytes[f], output.len[f]) != 0))
            expect_checksums(output.bytes[f] + 14, output.len[f] - 14);
}

/* Breaks when only the first packet of a train is written, or its length is the train's. */
static void train_becomes_packets(void **state)
{
    (void)state;
    load("v5-enc-default-5");
    changed.count = 0;
    size_t joined = 0;
    for (size_t i = 0; i < original.count; i++) {
        if (changed.count > 0) {
            /* Behind a full block to the same receivers comes another: one frame of both. */
            const size_t last = changed.count - 1;
            const uint8_t *before = original.bytes[i - 1], *now = original.bytes[i];
            if (original.len[i] > 1300 && original.len[i - 1] == original.len[i] &&
                memcmp(before + 26, now + 26, 12) == 0 && changed.len[last] < 6000) {
                uint8_t *train = changed.bytes[last];
                memcpy(train + changed.len[last], now + 42, original.len[i] - 42);
                changed.len[last] += original.len[i] - 42;
                put_u16(train + 16, changed.len[last] - 14);
                put_u16(train + 38, changed.len[last] - 34);
                original.time[i] = changed.time[last]; /* the train's */
                joined++;
                continue;
            }
        }
        add(&changed, original.time[i], original.bytes[i], original.len[i]);
    }
    assert_true(joined > 3);
    expect_open(&changed);
    assert_int_equal(output.count, original.count);
}

/* Keys of another session open nothing, and nothing is touched: not even what is no UFTP at all, or
 * no whole frame. */
static void what_does_not_open_stays(void **state)
{
    (void)state;
    load("v5-enc-default");
    frames *kept = malloc(sizeof *kept);
    assert_non_null(kept);
    *kept = original;
    load("v5-enc-tree");
    for (size_t i = 0; i < kept->count; i += 3)
        kept->len[i] /= i % 2 ? 2 : 3;
    memset(kept->bytes[1], 0xff, kept->len[1]);
    decrypt(kept);
    assert_int_equal(output.count, kept->count);
    for (size_t i = 0; i < output.count; i++) {
        assert_int_equal(output.len[i], kept->len[i]);
        assert_memory_equal(output.bytes[i], kept->bytes[i], kept->len[i]);
    }
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_comes_out_open),
        cmocka_unit_test(fragments_become_a_whole_packet),
        cmocka_unit_test(train_becomes_packets),
        cmocka_unit_test(what_does_not_open_stays),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cap_keylog_free(&keylog);
    return failed;
}
