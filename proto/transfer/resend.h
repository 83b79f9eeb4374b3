/* SPDX-License-Identifier: MIT
 *
 * Which blocks of a file still have to be sent: one bit each, walked in ascending order.
 */
#ifndef UFTP_TRANSFER_RESEND_H
#define UFTP_TRANSFER_RESEND_H

#include <uftp/core.h>

typedef struct uftp_resend {
    const uftp_allocator *memory;
    uint64_t *words;
    uint32_t blocks;
    uint32_t count; /* bits set */
} uftp_resend;

/* MEMORY. All blocks are wanted, or none. */
int uftp_resend_init(uftp_resend *resend, const uftp_allocator *memory, uint32_t blocks,
                     bool wanted);
void uftp_resend_free(uftp_resend *resend);
void uftp_resend_clear_all(uftp_resend *resend);
void uftp_resend_clear(uftp_resend *resend, uint32_t block);
/* The first wanted block from `block` on, or `blocks` when there is none. */
uint32_t uftp_resend_next(const uftp_resend *resend, uint32_t block);
/* Wants every block whose bit is set in a NAK bitmap (least significant bit first) of a section of
 * `count` blocks starting at `start`. Returns how many bits of it are set. */
uint32_t uftp_resend_add_naks(uftp_resend *resend, uint32_t start, uint32_t count,
                              const uint8_t *bitmap);

#endif
