/* SPDX-License-Identifier: MIT
 *
 * Every field of a packet, by name. The names are those of docs/captures.md.
 */
#ifndef CAP_FIELDS_H
#define CAP_FIELDS_H

#include "session.h"
#include "writer.h"

/* The common header, the wrapper, and the message as far as it could be read. */
void cap_fields_packet(cap_writer *w, const cap_packet *packet);
/* One line's worth of what the message says, such as "file 1 section 0 block 7, 1300 bytes". */
void cap_summary(FILE *out, const cap_packet *packet);

/* "aes256-gcm", "sha256", "normal", "regular", ...; "unknown". */
const char *cap_cipher_name(uint8_t cipher);
const char *cap_hash_name(uint8_t hash);
const char *cap_status_name(uint8_t status);
const char *cap_file_type_name(uint8_t type);

#endif
