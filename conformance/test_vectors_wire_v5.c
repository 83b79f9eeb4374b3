/* SPDX-License-Identifier: MIT
 *
 * The worked vectors (vectors/v5-*.txt): every packet and every plaintext goes through the codec
 * and comes out the same, and is what the file says it is.
 */
#include "reencode.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct vector_file {
    const char *name;
    int packets, plaintexts; /* counted by grep: a line that is overlooked shows */
} vector_file;

static const vector_file files[] = {
    {"v5-abort-encrypted.txt", 15, 12},
    {"v5-abort-plain.txt", 20, 0},
    {"v5-p256-aes256gcm-sha256-tfmcc.txt", 52, 49},
    {"v5-p521-aes256ccm-sha512-clientauth.txt", 44, 32},
    {"v5-plain-ipv4.txt", 55, 0},
    {"v5-plain-ipv6-tfmcc.txt", 51, 0},
    {"v5-plain-restart.txt", 38, 0},
    {"v5-rsa2048-aes128ccm-sha384.txt", 52, 40},
    {"v5-rsa3072-aes128gcm-sha256-clientauth.txt", 22, 10},
};

/* The type a "meta.pkt.NNN" line names: "s2c ANNOUNCE to=..." or "c2s ENCRYPTED(STATUS) to=...". */
typedef struct expected_type {
    char outer[24], inner[24];
} expected_type;

static bool meta_parse(const char *line, int *number, expected_type *out)
{
    char type[64] = "";
    if (sscanf(line, "meta.pkt.%3d = %*3s %63s", number, type) != 2)
        return false; /* also "meta.pkt.NNN.key" */
    *out = (expected_type){0};
    char *inner = strchr(type, '(');
    if (inner) {
        *inner++ = '\0';
        inner[strcspn(inner, ")")] = '\0';
        snprintf(out->inner, sizeof out->inner, "%.23s", inner);
    }
    snprintf(out->outer, sizeof out->outer, "%.23s", type);
    return true;
}

/* "pkt.NNN.<suffix> = hex" */
static bool value_parse(const char *line, const char *suffix, int *number, uint8_t *out,
                        size_t *len)
{
    char found[8] = "";
    int at = 0;
    if (sscanf(line, "pkt.%3d.%7s = %n", number, found, &at) != 2 || at == 0 ||
        strcmp(found, suffix) != 0)
        return false;
    *len = test_unhex(line + at, out, UFTP_DATAGRAM_MAX);
    return true;
}

static void check_file(const vector_file *file)
{
    char path[512];
    snprintf(path, sizeof path, UFTP_SOURCE_DIR "/conformance/vectors/%s", file->name);
    size_t text_len = 0;
    char *text = test_read_file(path, &text_len);
    if (!text)
        fail_msg("cannot read %s", path);
    static uint8_t bytes[UFTP_DATAGRAM_MAX];
    expected_type expected = {0};
    int packets = 0, plaintexts = 0, number = -1, described = -1;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        size_t len = 0;
        uint8_t type = 0;
        const char *bad = NULL, *wanted = NULL;
        if (meta_parse(line, &described, &expected))
            continue;
        if (value_parse(line, "raw", &number, bytes, &len)) {
            packets++;
            wanted = expected.outer;
            bad = reencode_datagram(&uftp_wire_v5, bytes, len, &type);
        } else if (value_parse(line, "plain", &number, bytes, &len)) {
            plaintexts++;
            wanted = expected.inner;
            bad = reencode_message(&uftp_wire_v5, bytes, len, &type);
        } else {
            continue;
        }
        assert_int_equal(number, described);
        if (bad)
            fail_msg("%s packet %d: %s", file->name, number, bad);
        assert_string_equal(uftp_message_name(type), wanted);
    }
    free(text);
    print_message("%s: %d packets, %d plaintexts\n", file->name, packets, plaintexts);
    assert_int_equal(packets, file->packets);
    assert_int_equal(plaintexts, file->plaintexts);
}

/* Breaks when a layout, an extension or a reserved field differs from what 5.0.1 sends. */
static void every_vector_packet_decodes_and_reencodes_to_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        check_file(&files[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_packet_decodes_and_reencodes_to_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
