/* SPDX-License-Identifier: MIT
 *
 * The allocator of a real program: malloc() and free().
 */
#ifndef UFTP_RUNTIME_HEAP_H
#define UFTP_RUNTIME_HEAP_H

#include <uftp/core.h>

extern const uftp_allocator uftp_heap;

#endif
