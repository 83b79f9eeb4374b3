/* SPDX-License-Identifier: MIT
 *
 * Private keys in files (spec v5 3.12). The file is the only place where a key is stored in the
 * clear, so nobody but its owner may read it.
 */
#ifndef UFTP_COMMON_KEY_FILE_H
#define UFTP_COMMON_KEY_FILE_H

#include <uftp/key.h>

/* What is read at most: room for comments and certificates around a key. */
#define UFTP_KEY_FILE_MAX 32768

/* Both return 0 or a uftp_error. The system refused, and errno says why: UFTP_ERR_ACCESS to open or
 * create the file, UFTP_ERR_IO to read or write it. */

/* The errors of uftp_key_parse_pem(); LIMIT for a file that is longer. */
int uftp_key_file_read(const char *path, uftp_key **out);

/* Mode 0600, where the reference leaves it to the umask (0644). A file that is there already, even
 * a dangling link, is never written to (EEXIST); one that could not be written whole is removed. */
int uftp_key_file_create(const char *path, const uftp_key *key);

#endif
