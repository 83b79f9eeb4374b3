/* SPDX-License-Identifier: MIT
 *
 * The two clocks of a real program. A driver reads the monotonic one once per turn and hands that
 * value to every call on the core.
 */
#ifndef UFTP_RUNTIME_CLOCK_H
#define UFTP_RUNTIME_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds: never goes back, not moved by settimeofday(). */
uint64_t uftp_clock_now(void);
/* Wall clock, microseconds since the epoch, for log lines and the wire's timestamps. */
uint64_t uftp_clock_wall_us(void);

#endif
