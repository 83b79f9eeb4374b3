/* SPDX-License-Identifier: MIT
 *
 * Whole sessions of version 3 as frames, written byte by byte from the tables of spec v3 2 and 4:
 * there is no capture of a program that speaks it. Nothing here is shared with the decoder.
 */
#ifndef V3_SESSION_H
#define V3_SESSION_H

#include <stddef.h>
#include <stdint.h>

#define V3_FRAMES_MAX 1200
#define V3_FRAME_MAX 600
#define V3_MESSAGE_AT 44 /* in a frame: IP 20, UDP 8, header 16 */

typedef struct v3_session { /* raw IPv4 */
    size_t count;
    size_t len[V3_FRAMES_MAX];
    uint8_t bytes[V3_FRAMES_MAX][V3_FRAME_MAX];
} v3_session;

/* MTU 76: blocks of 20 bytes, sections of 160 blocks. */
enum { V3_BLOCK = 20, V3_SECTION = 160, V3_FILE_SIZE = 400 * V3_BLOCK + 7, V3_BLOCKS = 401 };
#define V3_FILE_NAME "dir/a.bin"
#define V3_DIRECTORY "dir"
#define V3_LINK "to-a"
#define V3_EMPTY "empty"

/* Byte `at` of the file. */
uint8_t v3_content(size_t at);

/* In clear, `version` 0x30 or 0x31: two receivers, one of which leaves its address to IP, and a
 * proxy with one more; a file in two passes, a directory, a link, an empty file; heartbeats; an
 * ABORT of the second file's sender at the end. */
void v3_session_plain(v3_session *out, uint8_t version);
/* Encrypted and authenticated both ways, as far as that shows without keys. */
void v3_session_sealed(v3_session *out);

/* Adds a frame with a message of `len` bytes, or replaces the last `frame`. */
void v3_frame(uint8_t *frame, size_t *frame_len, uint8_t version, uint8_t type, uint32_t source,
              uint32_t ip_source, uint32_t destination, const uint8_t *message, size_t len);
/* The frame with the nth message (from 1) of a type; fails the test when there is none. */
size_t v3_find(const v3_session *s, uint8_t type, int nth);

#endif
