/* SPDX-License-Identifier: MIT */
#include "check_vectors.h"

#include "reencode.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_line(const uftp_wire *wire, const char *file, const char *line,
                       const vector_line *found)
{
    static uint8_t bytes[UFTP_DATAGRAM_MAX];
    size_t len = test_unhex(found->hex, bytes, sizeof bytes);
    uint8_t type = 0;
    const char *bad = found->kind == VECTOR_PACKET ? reencode_datagram(wire, bytes, len, &type)
                                                   : reencode_message(wire, bytes, len, &type);
    if (bad)
        fail_msg("%s, %.40s: %s", file, line, bad);
    if (found->type[0])
        assert_string_equal(uftp_message_name(type), found->type);
}

static void check_file(const uftp_wire *wire, vector_line_parse *parse, void *state,
                       const vector_file *file)
{
    char path[512];
    snprintf(path, sizeof path, UFTP_SOURCE_DIR "/conformance/vectors/%s", file->name);
    size_t text_len = 0;
    char *text = test_read_file(path, &text_len);
    if (!text)
        fail_msg("cannot read %s", path);
    int packets = 0, plaintexts = 0;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        const vector_line found = parse(state, line);
        if (found.kind == VECTOR_OTHER)
            continue;
        packets += found.kind == VECTOR_PACKET;
        plaintexts += found.kind == VECTOR_PLAINTEXT;
        check_line(wire, file->name, line, &found);
    }
    free(text);
    print_message("%s: %d packets, %d plaintexts\n", file->name, packets, plaintexts);
    assert_int_equal(packets, file->packets);
    assert_int_equal(plaintexts, file->plaintexts);
}

void check_vectors(const uftp_wire *wire, vector_line_parse *parse, void *state, size_t state_size,
                   const vector_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        memset(state, 0, state_size);
        check_file(wire, parse, state, &files[i]);
    }
}
