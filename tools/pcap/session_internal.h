/* SPDX-License-Identifier: MIT
 *
 * How the tracker keeps sessions; others read them through session.h.
 */
#ifndef CAP_SESSION_INTERNAL_H
#define CAP_SESSION_INTERNAL_H

#include "session.h"

void cap_session_free(cap_session *session);
/* NULL: no memory. The UID is not there yet. */
cap_peer *cap_session_add_peer(cap_session *session, uint32_t uid, const uftp_address *address);
/* What a message that could be read says about the session; sets packet->file. */
void cap_session_take(cap_session *session, cap_packet *packet);

/* The same of version 3 (session_v3.c). */
void cap_v3_session_take(cap_session *session, cap_packet *packet);
/* A FILEINFO of any version; `layout` is NULL when it has none. */
void cap_session_add_file(cap_session *session, const uftp_fileinfo *info,
                          const uftp_layout *layout);
/* Header, and what can be read without a key, of a packet of version 3. */
bool cap_v3_header_read(cap_packet *packet);
void cap_v3_body_read(cap_packet *packet);

#endif
