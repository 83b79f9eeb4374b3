/* SPDX-License-Identifier: MIT
 *
 * `uftp-pcap dump`: packets, one line each, with all fields, or as JSON, one object per line.
 */
#ifndef CAP_DUMP_H
#define CAP_DUMP_H

#include "session.h"

#include <stdio.h>

typedef struct cap_dump {
    FILE *out;
    bool verbose, json;
    bool utc;       /* times of day instead of seconds since the first packet */
    bool started;   /* start is known */
    uint64_t start; /* time of the first packet */
} cap_dump;

void cap_dump_packet(cap_dump *dump, const cap_packet *packet);

#endif
