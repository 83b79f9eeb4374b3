/* SPDX-License-Identifier: MIT
 *
 * A key log: the secrets of sessions, one per line (docs/captures.md):
 *
 *     LABEL GROUP_ID UID VALUE        all but the label in hex, IDs with 8 digits
 *
 * UID says whose secret it is. Empty lines and lines that begin with '#' are skipped; a label that
 * is not known here is kept out and counted, so that newer writers do no harm.
 */
#ifndef CAP_KEYLOG_H
#define CAP_KEYLOG_H

#include <uftp/core.h>

#define CAP_KEYLOG_LABELS(X) \
    X(GROUP_MASTER) \
    X(SERVER_APP_KEY) \
    X(SERVER_APP_IV) \
    X(CLIENT_APP_KEY) \
    X(CLIENT_APP_IV) \
    X(CLIENT_HS_KEY) \
    X(CLIENT_HS_IV) \
    X(SERVER_HS_KEY) \
    X(SERVER_HS_IV) \
    X(GROUP_HMAC_KEY) \
    X(PREMASTER) \
    X(CLIENT_FINISHED_KEY) \
    X(CLIENT_VERIFY_DATA) \
    X(SERVER_ECDH_PRIVATE) \
    X(CLIENT_ECDH_PRIVATE) \
    X(PROXY_UP_ECDH_PRIVATE) \
    X(PROXY_DOWN_ECDH_PRIVATE)

#define CAP_KEYLOG_ENUM(name) CAP_KEYLOG_##name,
typedef enum cap_keylog_label {
    CAP_KEYLOG_LABELS(CAP_KEYLOG_ENUM) CAP_KEYLOG_LABEL_COUNT
} cap_keylog_label;
#undef CAP_KEYLOG_ENUM

#define CAP_KEYLOG_VALUE_MAX 66 /* a scalar of secp521r1 */

typedef struct cap_keylog_entry {
    uint8_t label; /* cap_keylog_label */
    uint8_t len;
    uint32_t group, uid;
    uint32_t order; /* line number: a restarted session's values keep their order */
    uint8_t value[CAP_KEYLOG_VALUE_MAX];
} cap_keylog_entry;

typedef struct cap_keylog {    /* {0} is an empty one */
    cap_keylog_entry *entries; /* by label, group, uid, order */
    size_t count, capacity;
    size_t skipped; /* lines of unknown labels */
} cap_keylog;

/* Reads text and adds its entries: 0, or the number of the first line that is none, from 1;
 * -1: no memory. `text` is not NUL-terminated. */
long cap_keylog_add(cap_keylog *log, const char *text, size_t len);
void cap_keylog_free(cap_keylog *log);

/* The entries of a label, a group and a UID: the first, and in *count how many. */
const cap_keylog_entry *cap_keylog_find(const cap_keylog *log, cap_keylog_label label,
                                        uint32_t group, uint32_t uid, size_t *count);
/* The same of all UIDs. */
const cap_keylog_entry *cap_keylog_find_group(const cap_keylog *log, cap_keylog_label label,
                                              uint32_t group, size_t *count);

#endif
