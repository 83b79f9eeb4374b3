/* SPDX-License-Identifier: MIT
 *
 * Lists of texts and the files they come from (spec cli 6.1, 6.2, 6.3, 6.6).
 */
#ifndef UFTP_COMMON_LISTS_H
#define UFTP_COMMON_LISTS_H

#include "common/failure.h"

#include <uftp/receiver.h>
#include <uftp/sender.h>

/* Copies of texts. Start from {0}, release with uftp_strings_free(). */
typedef struct uftp_strings {
    char **items;
    size_t count;
} uftp_strings;

/* Returns 0 or UFTP_EXIT_SYSTEM. */
int uftp_strings_add(uftp_strings *list, const char *text, size_t len, uftp_failure *failure);
/* Splits at commas; empty elements are skipped. */
int uftp_strings_add_list(uftp_strings *list, const char *text, uftp_failure *failure);
void uftp_strings_free(uftp_strings *list); /* leaves {0} */

/* Lines of a file without CR and LF, empty ones skipped; path "-" is stdin when `or_stdin`. `what`
 * names the file in a message ("file list"). More than count_max lines, or one that is longer than
 * len_max bytes or holds a NUL, is refused. */
typedef struct uftp_lines_rules {
    const char *what;
    size_t count_max, len_max;
    bool or_stdin;
    bool comments; /* lines that begin with '#' are skipped */
} uftp_lines_rules;
int uftp_lines_read(const char *path, const uftp_lines_rules *rules, uftp_strings *out,
                    uftp_failure *failure);

/* Members of a closed session. A name points into `texts`. */
typedef struct uftp_members {
    uftp_member *items;
    size_t count;
    uftp_strings texts;
} uftp_members;

/* One value of -H: "id,id..." or "@file" (6.1). IDs are IPv4 names or addresses, else hexadecimal
 * UIDs; "0x..." and digits never ask the resolver. A UID that stands twice is refused. */
int uftp_members_add(uftp_members *members, const char *text, bool is_proxy, uftp_failure *failure);
/* The file of -j: the same lines as a host list. */
int uftp_members_add_file(uftp_members *members, const char *path, bool is_proxy,
                          uftp_failure *failure);
/* One that is known already; its name is copied. */
int uftp_members_add_entry(uftp_members *members, const uftp_member *member, uftp_failure *failure);
void uftp_members_free(uftp_members *members); /* leaves {0} */

/* The file of uftpd -S: "UID|IP|PROXY[|FINGERPRINT]" (6.6). *out is malloc'd. */
int uftp_servers_read(const char *path, uftp_server_entry **out, size_t *count,
                      uftp_failure *failure);
/* "UID|IP[|FINGERPRINT]": the files of uftpd -R and uftpproxyd -S (6.6, 6.7). */
int uftp_peers_read(const char *path, uftp_server_entry **out, size_t *count,
                    uftp_failure *failure);

#endif
