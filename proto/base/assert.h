/* SPDX-License-Identifier: MIT
 *
 * Misuse by the caller and broken invariants. On in every build; never reachable by a datagram.
 */
#ifndef UFTP_ASSERT_H
#define UFTP_ASSERT_H

#define UFTP_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())

#endif
