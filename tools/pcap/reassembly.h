/* SPDX-License-Identifier: MIT
 *
 * IP fragments put together again. A table of fixed size: a capture full of first fragments costs
 * old ones their place, not the machine its memory.
 */
#ifndef CAP_REASSEMBLY_H
#define CAP_REASSEMBLY_H

#include "frame.h"

#define CAP_REASSEMBLY_MAX 64             /* packets under way at once */
#define CAP_REASSEMBLY_TIMEOUT UFTP_S(30) /* as hosts do (RFC 8200: 60 s, Linux: 30 s) */
#define CAP_REASSEMBLED_MAX 65535

typedef struct cap_reassembly cap_reassembly;

cap_reassembly *cap_reassembly_new(void);        /* NULL: no memory */
void cap_reassembly_free(cap_reassembly *table); /* NULL is allowed */

/* Takes a fragment. CAP_FOUND: `ip` now is the whole packet, its payload valid until the next call.
 * CAP_OTHER: more is to come. CAP_DAMAGED: the fragment contradicts what is there. */
cap_result cap_reassembly_take(cap_reassembly *table, uint64_t time, cap_ip *ip);
/* Packets that never became whole, so far and (`at_end`) counting those still under way. */
uint64_t cap_reassembly_incomplete(const cap_reassembly *table, bool at_end);

#endif
