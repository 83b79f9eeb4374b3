/* SPDX-License-Identifier: MIT
 *
 * The quantised numbers of the wire (spec v5 2), in integers only, so that every machine computes
 * the same byte.
 */
#ifndef UFTP_QUANTISE_H
#define UFTP_QUANTISE_H

#include <uftp/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* GRTT and RTT byte (2.1): nanoseconds to byte, rounding up from 33 us on; and back, rounded to the
 * nearest nanosecond. */
uint8_t uftp_grtt_quantise(uint64_t interval);
uint64_t uftp_grtt_expand(uint8_t byte);

/* Group size byte (2.2). */
uint8_t uftp_size_quantise(uint32_t count);
uint32_t uftp_size_expand(uint8_t byte);

/* Rate word (2.3), bytes per second. */
uint16_t uftp_rate_quantise(uint64_t bytes_per_s);
uint64_t uftp_rate_expand(uint16_t word);

#ifdef __cplusplus
}
#endif
#endif
