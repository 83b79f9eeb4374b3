/* SPDX-License-Identifier: MIT
 *
 * Reading and writing through a cursor (uftp/wire.h). uftp_read_bytes() and uftp_write_space() hold
 * the only bounds checks of every codec: all else is built on them, and failure is sticky, so that
 * a codec reads or writes straight down and tests once.
 */
#ifndef UFTP_WIRE_CURSOR_H
#define UFTP_WIRE_CURSOR_H

#include <uftp/wire.h>

#include <string.h>

static inline size_t uftp_read_left(const uftp_reader *r)
{
    return (size_t)(r->end - r->at);
}

/* A pointer to the next `len` bytes, or NULL. */
static inline const uint8_t *uftp_read_bytes(uftp_reader *r, size_t len)
{
    if (r->failed || uftp_read_left(r) < len) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *start = r->at;
    r->at += len;
    return start;
}

/* The same as a pair; {NULL, 0} once failed. */
static inline uftp_bytes uftp_read_field(uftp_reader *r, size_t len)
{
    const uint8_t *data = uftp_read_bytes(r, len);
    return (uftp_bytes){.data = data, .len = data ? len : 0};
}

/* All that is left. */
static inline uftp_bytes uftp_read_rest(uftp_reader *r)
{
    return uftp_read_field(r, uftp_read_left(r));
}

/* The next `len` bytes as a cursor of their own; failed when they are not there. */
static inline uftp_reader uftp_read_part(uftp_reader *r, size_t len)
{
    const uint8_t *start = uftp_read_bytes(r, len);
    const uint8_t *end =
        start ? start + len : r->end; /* one way out: nothing is put together twice */
    return (uftp_reader){.at = start ? start : end, .end = end, .failed = !start};
}

static inline void uftp_read_skip(uftp_reader *r, size_t len)
{
    (void)uftp_read_bytes(r, len);
}

static inline uint8_t uftp_read_u8(uftp_reader *r)
{
    const uint8_t *b = uftp_read_bytes(r, 1);
    return b ? b[0] : 0;
}

static inline uint16_t uftp_load_u16(const uint8_t *b)
{
    return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t uftp_load_u32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline uint16_t uftp_read_u16(uftp_reader *r)
{
    const uint8_t *b = uftp_read_bytes(r, 2);
    return b ? uftp_load_u16(b) : 0;
}

static inline uint32_t uftp_read_u32(uftp_reader *r)
{
    const uint8_t *b = uftp_read_bytes(r, 4);
    return b ? uftp_load_u32(b) : 0;
}

static inline uint64_t uftp_read_u64(uftp_reader *r)
{
    const uint8_t *b = uftp_read_bytes(r, 8);
    return b ? (uint64_t)uftp_load_u32(b) << 32 | uftp_load_u32(b + 4) : 0;
}

/* Room for `len` bytes, left as it is, or NULL. */
static inline uint8_t *uftp_write_space(uftp_writer *w, size_t len)
{
    if (w->failed || (size_t)(w->end - w->at) < len) {
        w->failed = true;
        return NULL;
    }
    uint8_t *start = w->at;
    w->at += len;
    return start;
}

static inline void uftp_write_zeros(uftp_writer *w, size_t len)
{
    uint8_t *b = uftp_write_space(w, len);
    if (b && len)
        memset(b, 0, len);
}

/* `src` NULL writes `len` zeros: a signature not yet made, a random number that is not used. */
static inline void uftp_write_bytes(uftp_writer *w, const uint8_t *src, size_t len)
{
    if (!src) {
        uftp_write_zeros(w, len);
        return;
    }
    uint8_t *b = uftp_write_space(w, len);
    if (b && len)
        memcpy(b, src, len);
}

static inline void uftp_write_u8(uftp_writer *w, uint8_t value)
{
    uint8_t *b = uftp_write_space(w, 1);
    if (b)
        b[0] = value;
}

static inline void uftp_write_u16(uftp_writer *w, uint16_t value)
{
    uint8_t *b = uftp_write_space(w, 2);
    if (b) {
        b[0] = (uint8_t)(value >> 8);
        b[1] = (uint8_t)value;
    }
}

static inline void uftp_write_u32(uftp_writer *w, uint32_t value)
{
    uint8_t *b = uftp_write_space(w, 4);
    if (b) {
        b[0] = (uint8_t)(value >> 24);
        b[1] = (uint8_t)(value >> 16);
        b[2] = (uint8_t)(value >> 8);
        b[3] = (uint8_t)value;
    }
}

static inline void uftp_write_u64(uftp_writer *w, uint64_t value)
{
    uftp_write_u32(w, (uint32_t)(value >> 32));
    uftp_write_u32(w, (uint32_t)value);
}

#endif
