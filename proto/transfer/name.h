/* SPDX-License-Identifier: MIT
 *
 * Names from the wire, before any store sees them (spec v5 4.11.1). A name is data from a stranger:
 * it may say which file below a destination directory, never which directory.
 */
#ifndef UFTP_TRANSFER_NAME_H
#define UFTP_TRANSFER_NAME_H

#include <uftp/core.h>

#define UFTP_COMPONENT_MAX 255 /* bytes: the limit of every file system we may be on */

/* Copies `name` without empty and "." components and without a trailing '/', a leading '/' kept.
 * NAME for one that is empty (also after that), contains a NUL, has a component that is too long,
 * or a ".." component, where '/' and '\' both separate. `out` takes name.len + 1 bytes. */
int uftp_name_clean(uftp_bytes name, char *out);

/* What is left of a cleaned absolute name below `directory` (absolute, cleaned, or ""  for the root
 * of everything), or NULL when it is not below it. */
const char *uftp_name_below(const char *name, const char *directory);

/* Length of the parent's name: up to the last '/', 0 when there is none. */
size_t uftp_name_parent_len(const char *name);

/* "dir/name" -> "dir/name.~uftp-GGGGGGGG-FFFF" (spec v5 4.11.1, -t), the last component cut so that
 * it stays a legal one. Different files of a group get different names. */
#define UFTP_NAME_SUFFIX_LEN 20
void uftp_name_temporary(const char *name, uint32_t group, uint16_t file_id, char *out,
                         size_t capacity);

/* "_group_GGGGGGGG": a session's folder in the temporary directory. */
#define UFTP_GROUP_FOLDER_SIZE 16
void uftp_name_group_folder(uint32_t group, char out[UFTP_GROUP_FOLDER_SIZE]);

#endif
