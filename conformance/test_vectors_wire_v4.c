/* SPDX-License-Identifier: MIT
 *
 * The worked vectors of version 4 (check_vectors.h): "packetNN.announce.s2c.to_... = hex", in
 * encrypted sessions without the type, and "encNN.fileinfo.plaintext = hex".
 */
#include "check_vectors.h"
#include "tests/support.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const vector_file files[] = {
    {"v4-ecdh-ecdsa-aes256cbc-sha256-keyex.txt", 14, 9},
    {"v4-ecdh-ecdsa521-aes128ccm-sha512-auth.txt", 13, 9},
    {"v4-ecdh-rsa-aes256gcm-sha256.txt", 13, 9},
    {"v4-ecdh-rsa384-aes128cbc-sha384-hmac.txt", 13, 9},
    {"v4-ipv6-rsa-aes128gcm-sha256-auth.txt", 13, 9},
    {"v4-plain-naks.txt", 19, 0},
    {"v4-plain-two-files.txt", 32, 0},
    {"v4-proxy-response-rsa-aes256cbc-sha256.txt", 25, 13},
    {"v4-proxy-tunnel-rsa-aes256gcm-sha256.txt", 33, 18},
    {"v4-rsa-3des-sha1-keyex-auth.txt", 14, 9},
    {"v4-rsa-aes256cbc-sha1.txt", 13, 9},
    {"v4-rsa-aes256gcm-sha256.txt", 13, 9},
    {"v4-tfmcc-naks.txt", 31, 0},
};

/* The second part of a name, when it is a message's. */
static void type_parse(const char *name, char out[24])
{
    char type[24] = "";
    if (sscanf(name, "%*[^.].%23[a-z_]", type) != 1)
        return;
    for (char *c = type; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    for (uint8_t number = 1; number <= UFTP_MESSAGE_TYPE_MAX; number++)
        if (strcmp(uftp_message_name(number), type) == 0)
            memcpy(out, type, sizeof type);
}

static vector_line line_parse(void *state, const char *line)
{
    (void)state;
    vector_line found = {.kind = VECTOR_OTHER};
    const char *equals = strstr(line, " = ");
    int number, at = 0;
    if (!equals)
        return found;
    if (sscanf(line, "packet%d.%n", &number, &at) == 1 && at > 0)
        found.kind = VECTOR_PACKET;
    else if (strncmp(line, "enc", 3) == 0 && strncmp(equals - 10, ".plaintext", 10) == 0)
        found.kind = VECTOR_PLAINTEXT;
    type_parse(line, found.type);
    if (found.kind == VECTOR_PLAINTEXT)
        assert_true(found.type[0] != '\0');
    found.hex = equals + 3;
    return found;
}

/* Breaks when a layout, an extension or a reserved field differs from what 4.10.2 sends. */
static void every_vector_packet_decodes_and_reencodes_to_the_same_bytes(void **state)
{
    (void)state;
    char unused;
    check_vectors(&uftp_wire_v4, line_parse, &unused, sizeof unused, files,
                  sizeof files / sizeof *files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_packet_decodes_and_reencodes_to_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
