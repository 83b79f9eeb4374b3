/* SPDX-License-Identifier: MIT
 *
 * A proxy between us and the sender (spec proxy 4.3). Which one that is stands in the list of
 * servers: of several proxies on one group only that one is listened to. Its PROXY_KEY says where
 * answers go, and in encrypted sessions brings the keys that the exchange is made with. What the
 * sender says comes as ever, passed on by the proxy or straight from the sender.
 */
#include "session/receiver_internal.h"

/* Several while nobody has confirmed one: then that which came from the proxy's host counts, as it
 * does through a client proxy. */
uftp_session *uftp_session_find_behind(const uftp_receiver *receiver, const uftp_header *header,
                                       const uftp_address *host)
{
    uftp_session *found = NULL;
    for (uint32_t i = 0; i < receiver->session_count; i++) {
        uftp_session *session = receiver->sessions[i];
        if (session->group != header->group || session->instance != header->instance ||
            !uftp_session_from_proxy(session, header->source))
            continue;
        if (!found || uftp_session_is_confirmed(session) ||
            uftp_address_same_host(&session->origin, host))
            found = session;
    }
    return found;
}

static bool may_answer(const uftp_address *source)
{
    return source->port != 0 && !uftp_address_is_multicast(source) && !uftp_address_is_zero(source);
}

int uftp_session_on_proxy_key(uftp_session *session, const uftp_proxy_key *message,
                              const uftp_arrival *arrival)
{
    const uftp_address *from = &arrival->train->source;
    const char *why = NULL;
    if (session->state != SESSION_ANNOUNCED)
        return UFTP_OK; /* it is repeated after each ANNOUNCE */
    if (!may_answer(from))
        return UFTP_ERR_MALFORMED;
    if (session->keys) {
        int err = uftp_session_keys_proxy(session, message, arrival->now, &why);
        /* Anyone may send a PROXY_KEY in the proxy's name: only one from where the session came
         * ends it, as the reference does for all. */
        if (err < 0 && why && uftp_address_same_host(from, &session->origin))
            uftp_session_fail(session, arrival->now, why, FAREWELL_ABORT);
        if (err < 0)
            return err;
    }
    session->peer = *from;
    uftp_session_push_received(session, UFTP_MESSAGE_PROXY_KEY, false);
    uftp_session_enter(session, arrival->now, SESSION_REGISTERED);
    uftp_session_schedule_register(session, arrival->now);
    return UFTP_OK;
}
