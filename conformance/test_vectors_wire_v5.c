/* SPDX-License-Identifier: MIT
 *
 * The worked vectors of version 5 (check_vectors.h). Before "pkt.NNN.raw = hex" and, when it is
 * encrypted, "pkt.NNN.plain = hex" stands what they are: "meta.pkt.NNN = s2c ANNOUNCE to=..." or
 * "c2s ENCRYPTED(STATUS) to=...".
 */
#include "check_vectors.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>

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

typedef struct described {
    int number;
    char outer[24], inner[24];
} described;

static bool meta_parse(const char *line, described *out)
{
    char type[64] = "";
    int number;
    if (sscanf(line, "meta.pkt.%3d = %*3s %63s", &number, type) != 2)
        return false; /* also "meta.pkt.NNN.key" */
    *out = (described){.number = number};
    char *inner = strchr(type, '(');
    if (inner) {
        *inner++ = '\0';
        inner[strcspn(inner, ")")] = '\0';
        snprintf(out->inner, sizeof out->inner, "%.23s", inner);
    }
    snprintf(out->outer, sizeof out->outer, "%.23s", type);
    return true;
}

static vector_line line_parse(void *state, const char *line)
{
    described *last = state;
    vector_line found = {.kind = VECTOR_OTHER};
    char suffix[8] = "";
    int number, at = 0;
    if (meta_parse(line, last) || sscanf(line, "pkt.%3d.%7s = %n", &number, suffix, &at) != 2 ||
        at == 0)
        return found;
    bool packet = strcmp(suffix, "raw") == 0;
    if (!packet && strcmp(suffix, "plain") != 0)
        return found;
    assert_int_equal(number, last->number);
    found.kind = packet ? VECTOR_PACKET : VECTOR_PLAINTEXT;
    found.hex = line + at;
    memcpy(found.type, packet ? last->outer : last->inner, sizeof found.type);
    assert_true(found.type[0] != '\0');
    return found;
}

/* Breaks when a layout, an extension or a reserved field differs from what 5.0.1 sends. */
static void every_vector_packet_decodes_and_reencodes_to_the_same_bytes(void **state)
{
    (void)state;
    described last;
    check_vectors(&uftp_wire_v5, line_parse, &last, sizeof last, files,
                  sizeof files / sizeof *files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_packet_decodes_and_reencodes_to_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
