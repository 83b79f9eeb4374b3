/* SPDX-License-Identifier: MIT
 *
 * Where frames come from: a capture file (pcap or pcapng, plain or gzip, "-" for stdin), or a live
 * interface.
 */
#ifndef CAP_INPUT_H
#define CAP_INPUT_H

#include "frame.h"

#define CAP_INPUT_ERROR_MAX 512

typedef struct cap_frame {
    uint64_t number;   /* from 1, as other tools count */
    uint64_t time;     /* ns since the epoch */
    uint32_t wire_len; /* bytes on the wire; bytes.len may be fewer */
    uftp_bytes bytes;  /* valid until the next frame */
} cap_frame;

typedef struct cap_input cap_input;

typedef struct cap_input_config {
    const char *path;   /* a file; NULL: live */
    const char *device; /* an interface, "any" */
    const char *filter; /* in libpcap's language; NULL: all */
} cap_input_config;

/* NULL: `error`, CAP_INPUT_ERROR_MAX bytes, says why. */
cap_input *cap_input_open(const cap_input_config *config, char *error);
void cap_input_close(cap_input *input); /* NULL is allowed */
cap_link cap_input_link(const cap_input *input);
/* Its number at libpcap (DLT_...): for who writes a capture of the same. */
int cap_input_datalink(const cap_input *input);
/* What libpcap calls the link layer: for the message when it is CAP_LINK_UNKNOWN. */
const char *cap_input_link_name(const cap_input *input);

typedef enum cap_next { CAP_NEXT_END, CAP_NEXT_FRAME, CAP_NEXT_BROKEN } cap_next;
/* BROKEN: the file ends inside a record or is damaged from here on, cap_input_error() says how. */
cap_next cap_input_next(cap_input *input, cap_frame *out);
const char *cap_input_error(const cap_input *input);
/* Ends a live capture from a signal handler: the next call is END. */
void cap_input_stop(cap_input *input);
/* Packets that a live capture could not keep up with. */
uint64_t cap_input_dropped(const cap_input *input);

#endif
