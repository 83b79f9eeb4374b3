/* SPDX-License-Identifier: MIT
 *
 * Capture files in every format that is read: plain, compressed, of either byte order, with times
 * in micro- and nanoseconds, pcap and pcapng, cut off and damaged.
 */
#include "frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static char scratch[64];
static uint8_t file[FRAMES_MAX * 2048];

static void write_file(const void *bytes, size_t len, bool compressed)
{
    snprintf(scratch, sizeof scratch, "/tmp/uftp-pcap-test.XXXXXX");
    int fd = mkstemp(scratch);
    assert_true(fd >= 0);
    if (compressed) {
        gzFile packed = gzdopen(fd, "wb");
        assert_true(packed && gzwrite(packed, bytes, (unsigned)len) == (int)len);
        assert_int_equal(gzclose(packed), Z_OK);
    } else {
        assert_int_equal(write(fd, bytes, len), (ssize_t)len);
        close(fd);
    }
}

/* Frames of the scratch file; *how says how it ended. */
static size_t count_frames(cap_next *how)
{
    char error[CAP_INPUT_ERROR_MAX] = "";
    cap_input *input = cap_input_open(&(cap_input_config){.path = scratch}, error);
    *how = CAP_NEXT_BROKEN;
    size_t count = 0;
    if (input) {
        cap_frame frame;
        while ((*how = cap_input_next(input, &frame)) == CAP_NEXT_FRAME)
            count++;
        if (*how == CAP_NEXT_BROKEN)
            assert_true(*cap_input_error(input));
    } else {
        assert_true(*error);
    }
    cap_input_close(input);
    return count;
}

/* Breaks when compression is not recognised, or its end is not. */
static void compressed_captures_read_the_same(void **state)
{
    (void)state;
    size_t len;
    char *bytes = test_read_file(CAPTURES "v5-loss5/session.pcap", &len);
    assert_non_null(bytes);
    cap_next how;
    write_file(bytes, len, true);
    assert_int_equal(count_frames(&how), 276);
    assert_int_equal(how, CAP_NEXT_END);
    /* The compressed file loses its second half. */
    FILE *packed = fopen(scratch, "rb");
    assert_non_null(packed);
    assert_int_equal(fseek(packed, 0, SEEK_END), 0);
    long half = ftell(packed) / 2;
    fclose(packed);
    assert_int_equal(truncate(scratch, half), 0);
    size_t count = count_frames(&how);
    assert_true(count > 50 && count < 276);
    assert_int_equal(how, CAP_NEXT_BROKEN);
    unlink(scratch);
    free(bytes);
}

/* Breaks when what stands before the cut is lost, or the cut is not told. */
static void a_capture_that_breaks_off_gives_what_it_has(void **state)
{
    (void)state;
    size_t len;
    char *bytes = test_read_file(CAPTURES "v5-loss5/session.pcap", &len);
    assert_non_null(bytes);
    cap_next how;
    write_file(bytes, len - 1, false);
    assert_int_equal(count_frames(&how), 275);
    assert_int_equal(how, CAP_NEXT_BROKEN);
    for (int cut = 0; cut < 300; cut++) {
        assert_int_equal(truncate(scratch, 300 - cut), 0);
        assert_true(count_frames(&how) < 4);
    }
    unlink(scratch);
    free(bytes);
}

static void put_u32(uint8_t *at, size_t value)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i); /* little endian */
}

/* One block of pcapng around a body that is padded to 4 bytes. */
static size_t put_block(uint8_t *at, uint32_t type, const uint8_t *body, size_t len)
{
    size_t padded = (len + 3) / 4 * 4;
    memset(at, 0, padded + 12);
    put_u32(at, type);
    put_u32(at + 4, padded + 12);
    memcpy(at + 8, body, len);
    put_u32(at + 8 + padded, padded + 12);
    return padded + 12;
}

/* Breaks when libpcap's reading of the newer format is not asked for. */
static void pcapng_captures_read_the_same(void **state)
{
    (void)state;
    load(CAPTURES "v5-loss5/session.pcap", &original);
    static uint8_t body[FRAME_MAX + 20];
    size_t len = 0;
    uint8_t section[16], interface[8] = {1, 0, 0, 0, 0, 0, 0, 0};
    memset(section, 0xff, sizeof section);
    put_u32(section, 0x1a2b3c4d);
    put_u32(section + 4, 1);
    len += put_block(file + len, 0x0a0d0d0a, section, sizeof section);
    len += put_block(file + len, 1, interface, sizeof interface);
    for (size_t i = 0; i < original.count; i++) {
        uint64_t us = original.time[i] / 1000;
        put_u32(body, 0);
        put_u32(body + 4, us >> 32);
        put_u32(body + 8, us & UINT32_MAX);
        put_u32(body + 12, original.len[i]);
        put_u32(body + 16, original.len[i]);
        memcpy(body + 20, original.bytes[i], original.len[i]);
        len += put_block(file + len, 6, body, 20 + original.len[i]);
    }
    write_file(file, len, false);
    outcome wanted = track(CAP_LINK_ETHERNET, &original);
    load(scratch, &changed);
    unlink(scratch);
    outcome got = track(CAP_LINK_ETHERNET, &changed);
    expect_same(&wanted, &got);
    assert_true(memcmp(original.time, changed.time, original.count * sizeof *original.time) == 0);
}

/* ---- formats ---- */

static size_t put_int(uint8_t *at, uint64_t value, size_t len, bool big_endian)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(value >> 8 * (big_endian ? len - 1 - i : i));
    return len;
}

typedef struct pcap_format {
    bool big_endian, nanoseconds;
    uint32_t link;
} pcap_format;

/* The frames of `original`, without their first `skip` bytes and with `front` before them. */
static size_t build_pcap(const pcap_format *f, size_t skip, const char *front)
{
    uint8_t bytes[32];
    size_t front_len = test_unhex(front, bytes, sizeof bytes), at = 0;
    bool big = f->big_endian;
    at += put_int(file + at, f->nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4, big);
    at += put_int(file + at, 2, 2, big);
    at += put_int(file + at, 4, 2, big);
    at += put_int(file + at, 0, 8, big);
    at += put_int(file + at, 65535, 4, big);
    at += put_int(file + at, f->link, 4, big);
    for (size_t i = 0; i < original.count; i++) {
        size_t len = original.len[i] - skip + front_len;
        uint64_t rest = original.time[i] % UFTP_S(1);
        assert_true(sizeof file - at > len + 16);
        at += put_int(file + at, original.time[i] / UFTP_S(1), 4, big);
        at += put_int(file + at, f->nanoseconds ? rest : rest / 1000, 4, big);
        at += put_int(file + at, len, 4, big);
        at += put_int(file + at, len, 4, big);
        memcpy(file + at, bytes, front_len);
        memcpy(file + at + front_len, original.bytes[i] + skip, len - front_len);
        at += len;
    }
    return at;
}

/* What the tracker makes of the scratch file, by the link layer that the file names. */
static outcome track_file(void)
{
    char error[CAP_INPUT_ERROR_MAX] = "";
    cap_input *input = cap_input_open(&(cap_input_config){.path = scratch}, error);
    if (!input)
        fail_msg("%s", error);
    cap_link link = cap_input_link(input);
    cap_input_close(input);
    assert_int_not_equal(link, CAP_LINK_UNKNOWN);
    load(scratch, &changed);
    unlink(scratch);
    return track(link, &changed);
}

/* Breaks when a file of another machine, or of a finer clock, reads as another one. */
static void either_byte_order_and_both_clocks_read_the_same(void **state)
{
    (void)state;
    load(CAPTURES "v5-loss5/session.pcap", &original);
    outcome wanted = track(CAP_LINK_ETHERNET, &original);
    for (int kind = 0; kind < 4; kind++) {
        const pcap_format format = {.big_endian = kind & 1, .nanoseconds = kind & 2, .link = 1};
        for (size_t i = 0; i < original.count; i++) /* to a clock that the file has */
            original.time[i] = format.nanoseconds ? original.time[i] / 1000 * 1000 + i % 1000
                                                  : original.time[i] / 1000 * 1000;
        write_file(file, build_pcap(&format, 0, ""), false);
        outcome got = track_file();
        expect_same(&wanted, &got);
        assert_memory_equal(original.time, changed.time, original.count * sizeof *original.time);
    }
}

/* Breaks when the number by which a file names its link layer is taken for another one. */
static void every_link_layer_is_known_by_its_number(void **state)
{
    (void)state;
    static const struct {
        uint32_t number;
        const char *front; /* in place of Ethernet's 14 bytes */
        bool ipv6;
    } layers[] = {
        {0, "02000000", false},
        {0, "18000000", true},
        {0, "0000001e", true}, /* written on a machine of the other byte order */
        {108, "00000002", false},
        {108, "0000001c", true},
        {101, "", false},
        {101, "", true},
        {228, "", false},
        {229, "", true},
        {113, "00000001000652540012345600000800", false},
        {276,
         "08000000000000030001000652540012"
         "34560000",
         false},
    };
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        load(layers[i].ipv6 ? CAPTURES "v5-ipv6/session.pcap" : CAPTURES "v4-loss5/session.pcap",
             &original);
        outcome wanted = track(CAP_LINK_ETHERNET, &original);
        const pcap_format format = {.link = layers[i].number};
        write_file(file, build_pcap(&format, 14, layers[i].front), false);
        outcome got = track_file();
        expect_same(&wanted, &got);
    }
    /* Bluetooth is told as such. */
    char error[CAP_INPUT_ERROR_MAX] = "";
    const pcap_format format = {.link = 187};
    write_file(file, build_pcap(&format, 0, ""), false);
    cap_input *input = cap_input_open(&(cap_input_config){.path = scratch}, error);
    assert_non_null(input);
    assert_int_equal(cap_input_link(input), CAP_LINK_UNKNOWN);
    assert_string_equal(cap_input_link_name(input), "BLUETOOTH_HCI_H4");
    cap_input_close(input);
    unlink(scratch);
}

/* Two interfaces, the second with a clock of nanoseconds; blocks that are none of ours. */
static size_t build_pcapng(void)
{
    static uint8_t body[FRAME_MAX + 20];
    size_t len = 0;
    uint8_t section[16];
    const uint8_t coarse[8] = {1}, fine[16] = {1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 9, 0, 0, 0};
    const uint8_t comment[4] = {'a', 'b', 'c', 'd'};
    memset(section, 0xff, sizeof section);
    put_u32(section, 0x1a2b3c4d);
    put_u32(section + 4, 1);
    len += put_block(file + len, 0x0a0d0d0a, section, sizeof section);
    len += put_block(file + len, 1, coarse, sizeof coarse);
    len += put_block(file + len, 1, fine, sizeof fine);
    for (size_t i = 0; i < original.count; i++) {
        uint64_t time = i % 2 ? original.time[i] : original.time[i] / 1000;
        put_u32(body, i % 2);
        put_u32(body + 4, time >> 32);
        put_u32(body + 8, time & UINT32_MAX);
        put_u32(body + 12, original.len[i]);
        put_u32(body + 16, original.len[i]);
        memcpy(body + 20, original.bytes[i], original.len[i]);
        len += put_block(file + len, 6, body, 20 + original.len[i]);
        if (i % 50 == 0)
            len += put_block(file + len, 0x0bad, comment, sizeof comment);
    }
    return len;
}

/* Breaks when interfaces of one file are told apart by more than their clocks. */
static void a_pcapng_file_of_two_interfaces_reads_the_same(void **state)
{
    (void)state;
    load(CAPTURES "v5-loss5/session.pcap", &original);
    for (size_t i = 1; i < original.count; i += 2)
        original.time[i] += 7; /* below a microsecond */
    outcome wanted = track(CAP_LINK_ETHERNET, &original);
    for (int compressed = 0; compressed < 2; compressed++) {
        write_file(file, build_pcapng(), compressed);
        outcome got = track_file();
        expect_same(&wanted, &got);
        assert_memory_equal(original.time, changed.time, original.count * sizeof *original.time);
    }
}

/* Every frame that there is goes through the tracker, in memory of its length. */
static uint64_t read_whatever(void)
{
    char error[CAP_INPUT_ERROR_MAX] = "";
    cap_input *input = cap_input_open(&(cap_input_config){.path = scratch}, error);
    if (!input) {
        assert_true(*error);
        return 0;
    }
    cap_tracker *tracker = cap_tracker_new(NULL);
    assert_non_null(tracker);
    cap_frame frame;
    cap_counts counts;
    const cap_packet *packet;
    while (cap_input_next(input, &frame) == CAP_NEXT_FRAME)
        (void)cap_tracker_take(tracker, cap_input_link(input), &frame, &packet);
    cap_tracker_counts(tracker, &counts);
    cap_tracker_free(tracker);
    cap_input_close(input);
    return counts.frames;
}

/* Breaks when a damaged file ends the program, or keeps it for ever. */
static void damaged_files_give_what_can_be_read(void **state)
{
    (void)state;
    test_random random;
    test_random_init(&random, 0x5eed00f1);
    load(CAPTURES "v4-plain-5/session.pcap", &original);
    uint64_t most = 0, least = UINT64_MAX;
    for (int round = 0; round < 300; round++) {
        const pcap_format format = {.big_endian = round & 1, .link = 1};
        size_t len = round % 3 ? build_pcap(&format, 0, "") : build_pcapng();
        for (uint64_t n = 1 + test_random_below(&random, 20); n > 0; n--)
            file[test_random_below(&random, round % 4 ? len : 200)] ^=
                (uint8_t)(1 + test_random_below(&random, 255));
        if (round % 5 == 0)
            len = test_random_below(&random, len);
        write_file(file, len, round % 7 == 0);
        uint64_t got = read_whatever();
        unlink(scratch);
        most = got > most ? got : most;
        least = got < least ? got : least;
    }
    assert_int_equal(most, original.count);
    assert_int_equal(least, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compressed_captures_read_the_same),
        cmocka_unit_test(a_capture_that_breaks_off_gives_what_it_has),
        cmocka_unit_test(pcapng_captures_read_the_same),
        cmocka_unit_test(either_byte_order_and_both_clocks_read_the_same),
        cmocka_unit_test(every_link_layer_is_known_by_its_number),
        cmocka_unit_test(a_pcapng_file_of_two_interfaces_reads_the_same),
        cmocka_unit_test(damaged_files_give_what_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
