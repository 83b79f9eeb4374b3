/* SPDX-License-Identifier: MIT
 *
 * The worked vectors in vectors/: every packet and every plaintext goes through the codec and comes
 * out the same, and is what the file says it is.
 */
#ifndef UFTP_CONFORMANCE_CHECK_VECTORS_H
#define UFTP_CONFORMANCE_CHECK_VECTORS_H

#include <uftp/wire.h>

typedef struct vector_file {
    const char *name;
    int packets, plaintexts; /* counted by grep: a line that is overlooked shows */
} vector_file;

typedef enum vector_kind { VECTOR_OTHER, VECTOR_PACKET, VECTOR_PLAINTEXT } vector_kind;

/* What one line of a file holds. */
typedef struct vector_line {
    vector_kind kind;
    const char *hex; /* inside the line */
    char type[24];   /* "ANNOUNCE"; empty when the file does not tell */
} vector_line;

/* Called for the lines of a file in order. */
typedef vector_line vector_line_parse(void *state, const char *line);

/* `state` is the parser's, and is zeroed for every file. */
void check_vectors(const uftp_wire *wire, vector_line_parse *parse, void *state, size_t state_size,
                   const vector_file *files, size_t count);

#endif
