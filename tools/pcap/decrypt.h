/* SPDX-License-Identifier: MIT
 *
 * A capture anew, with what its sealed packets say in their place: for tools that know UFTP and
 * have no keys, such as Wireshark. Frames that hold nothing to open pass as they are.
 *
 * A packet that opens keeps its time and its addresses; its common header names the message that
 * was inside, lengths and checksums are mended. A train becomes as many frames as it has packets.
 * Of a packet that came in fragments the last becomes the whole packet, the others stay.
 */
#ifndef CAP_DECRYPT_H
#define CAP_DECRYPT_H

#include "tracker.h"

/* Takes a frame of the new capture, valid during the call. */
typedef void cap_frame_sink(void *ctx, const cap_frame *frame);

typedef struct cap_decrypt cap_decrypt;

cap_decrypt *cap_decrypt_new(cap_link link, cap_frame_sink *sink, void *ctx); /* NULL: no memory */
void cap_decrypt_free(cap_decrypt *decrypt);                                  /* NULL is allowed */
/* Hands the frame to the tracker, and on what comes of it. */
void cap_decrypt_frame(cap_decrypt *decrypt, cap_tracker *tracker, const cap_frame *frame);

#endif
