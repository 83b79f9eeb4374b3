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

#endif
