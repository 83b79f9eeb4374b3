/* SPDX-License-Identifier: MIT
 *
 * A packet as tshark's UFTP 5 dissector shows it: the same field names, in the same order, with the
 * values that we read. What tshark gets wrong stands here, each with its reason.
 */
#ifndef REPLAY_TSHARK_VIEW_H
#define REPLAY_TSHARK_VIEW_H

#include "session.h"

typedef enum view_kind {
    VIEW_NUMBER,
    VIEW_BYTES,
    VIEW_TEXT,
    VIEW_TIME,       /* microseconds since 1970 */
    VIEW_TIME_SHIFT, /* v3, microseconds that tshark shows as nanoseconds: see tshark_view_v3.c */
    VIEW_SPAN,       /* nanoseconds */
    VIEW_ADDRESS
} view_kind;

typedef struct view_field {
    char name[48]; /* without "uftp4.", ... */
    view_kind kind;
    uint64_t number;
    uftp_bytes bytes;
    uftp_address address;
} view_field;

enum { VIEW_FIELDS_MAX = 400 };
typedef struct view {
    size_t count;
    uint8_t version;
    view_field fields[VIEW_FIELDS_MAX];
} view;

/* What tshark 4.0 shows of a packet, by our reading of it. */
void view_packet(view *v, const cap_packet *packet);
void view_packet_v3(view *v, const cap_packet *packet);

/* For both: adds a field. */
view_field *view_add(view *v, view_kind kind, const char *prefix, const char *name);

#endif
