/* SPDX-License-Identifier: MIT
 *
 * What the disk's source and store share: errno to uftp_error, stat, and gathered transfers that
 * finish what they began.
 */
#ifndef UFTP_STORE_DISK_IO_H
#define UFTP_STORE_DISK_IO_H

#include <uftp/source.h>

#include <sys/stat.h>

/* The uftp_error for an errno of a file operation. */
int uftp_disk_error(int system_error);
uftp_stat uftp_disk_stat(const struct stat *st);

/* Fill all slices from, or write all of them to, `offset` on. IO when the file ends early. */
int uftp_disk_read(int fd, uint64_t offset, const uftp_slice *slices, size_t count);
int uftp_disk_write(int fd, uint64_t offset, const uftp_slice *slices, size_t count);

#endif
