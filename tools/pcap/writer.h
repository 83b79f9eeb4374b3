/* SPDX-License-Identifier: MIT
 *
 * Named values, as indented text for people or as JSON for programs, from the same calls. What a
 * stranger wrote (names, texts) comes out so that a terminal is safe and JSON is valid.
 */
#ifndef CAP_WRITER_H
#define CAP_WRITER_H

#include <stdio.h>
#include <uftp/address.h>

typedef struct cap_writer {
    FILE *out;
    bool json;
    int depth;  /* of nesting; text is indented by it */
    bool first; /* JSON: no comma yet */
    int indent; /* text: columns before depth 0 */
} cap_writer;

/* An object or a list inside what is open; `name` is NULL in a list and, in JSON, at the top. */
void cap_open_object(cap_writer *w, const char *name);
void cap_close_object(cap_writer *w);
void cap_open_list(cap_writer *w, const char *name);
void cap_close_list(cap_writer *w);

void cap_write_number(cap_writer *w, const char *name, uint64_t value);
void cap_write_flag(cap_writer *w, const char *name, bool value);
void cap_write_text(cap_writer *w, const char *name, const char *text); /* our own words */
/* Bytes of a stranger that should be UTF-8. */
void cap_write_name(cap_writer *w, const char *name, uftp_bytes bytes);
void cap_write_hex(cap_writer *w, const char *name, uftp_bytes bytes);
void cap_write_uid(cap_writer *w, const char *name, uint32_t uid); /* 8 hex digits */
void cap_write_address(cap_writer *w, const char *name, const uftp_address *address);
/* Nanoseconds, as seconds with nine decimals: in JSON a string, since a double would round. */
void cap_write_seconds(cap_writer *w, const char *name, uint64_t ns);

/* Text with every control character and everything that is not UTF-8 as \xNN. */
void cap_print_safe(FILE *out, uftp_bytes bytes);

#endif
