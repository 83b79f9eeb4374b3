/* SPDX-License-Identifier: MIT
 *
 * The sender's files on disk (source.h). Paths are opened as they are: relative ones from the
 * working directory.
 */
#ifndef UFTP_STORE_DISK_SOURCE_H
#define UFTP_STORE_DISK_SOURCE_H

#include <uftp/source.h>

/* Has no state: one table serves any number of senders. */
extern const uftp_source uftp_disk_source;

#endif
