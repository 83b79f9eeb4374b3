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

static void write_file(const void *bytes, size_t len, bool compressed)
{
    snprintf(scratch, sizeof scratch, "/tmp/uftp-pcap-test.XXXXXX");
    int fd = mkstemp(scratch);
    assert_true(fd >= 0);
    if (compressed) {
        gzFile file = gzdopen(fd, "wb");
        assert_true(file && gzwrite(file, bytes, (unsigned)len) == (int)len);
        assert_int_equal(gzclose(file), Z_OK);
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
    FILE *file = fopen(scratch, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long half = ftell(file) / 2;
    fclose(file);
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
    static uint8_t file[FRAMES_MAX * 2048], body[FRAME_MAX + 20];
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compressed_captures_read_the_same),
        cmocka_unit_test(a_capture_that_breaks_off_gives_what_it_has),
        cmocka_unit_test(pcapng_captures_read_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
