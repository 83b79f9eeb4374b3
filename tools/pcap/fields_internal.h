/* SPDX-License-Identifier: MIT
 *
 * Between fields.c and fields_v3.c.
 */
#ifndef CAP_FIELDS_INTERNAL_H
#define CAP_FIELDS_INTERNAL_H

#include "fields.h"

void cap_v3_fields_packet(cap_writer *w, const cap_packet *packet);
void cap_v3_print_message(FILE *out, const cap_packet *packet);
/* ", 3 missing": the bits of a NAK bitmap. */
void cap_print_bits(FILE *out, uftp_bytes naks);

#endif
