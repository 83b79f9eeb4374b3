/* SPDX-License-Identifier: MIT
 *
 * From the first ANNOUNCE to membership (spec v5 4.10.1, 4.10.2).
 */
#include "session/receiver_internal.h"

/* ---- a new session ---- */

static bool may_answer(const uftp_address *source)
{
    return source->port != 0 && !uftp_address_is_multicast(source) && !uftp_address_is_zero(source);
}

static bool join(uftp_session *session, const uftp_announce *announce,
                 const uftp_server_entry *server)
{
    const uftp_address *group = &announce->private_address;
    /* The driver is in the public group already. */
    if (uftp_address_is_zero(group) || uftp_address_same_host(group, &announce->public_address))
        return true;
    uftp_address source = {0};
    if (session->receiver->config.source_specific) {
        /* A proxy in between says the sender's words from its own address. */
        source =
            server && server->address.family && !server->proxy ? server->address : session->origin;
        source.port = 0;
    }
    return uftp_session_join(session, group, &source);
}

void uftp_session_schedule_register(uftp_session *session, uint64_t now)
{
    uint64_t window = session->grtt / 4 < RECEIVER_HOLD_MAX ? session->grtt / 4 : RECEIVER_HOLD_MAX;
    uint64_t hold = 0;
    if (session->held)
        hold = uftp_random_below(session->receiver->config.random, window);
    if (hold)
        session->hold_deadline = now + hold;
    else
        uftp_session_owe(session, OWES_REGISTER);
}

static int open_session(uftp_receiver *receiver, const uftp_packet *packet,
                        const uftp_announce *announce, const uftp_arrival *arrival, bool proved)
{
    const uftp_server_entry *server = uftp_receiver_server(receiver, packet->header.source);
    uftp_session *session;
    int err = uftp_session_create(receiver, packet, announce, arrival,
                                  proved && server && server->has_fingerprint, &session);
    if (err < 0)
        return err;
    if (server && server->proxy) {
        session->proxy = server->proxy;
        session->state = SESSION_ANNOUNCED; /* in which it begins */
        session->limit = arrival->now + uftp_session_patience(session, 5);
    }
    if (announce->encrypted)
        err = uftp_session_keys_begin(session, packet, announce);
    if (err == UFTP_OK)
        err = uftp_session_congestion_begin(session, packet, announce, arrival);
    if (err < 0) {
        uftp_session_free(session);
        if (err != UFTP_ERR_MEMORY) /* there may be memory when the ANNOUNCE comes again */
            uftp_receiver_refuse(receiver, packet, arrival, "Keytype invalid or not supported here",
                                 proved);
        return err;
    }
    uftp_event event = uftp_session_event(session, UFTP_EVENT_SESSION_STARTED);
    uftp_session_push(session, &event);
    uftp_session_push_received(session, UFTP_MESSAGE_ANNOUNCE, false);
    if (!join(session, announce, server))
        uftp_session_fail(session, arrival->now, "Error joining multicast group", FAREWELL_ABORT);
    else if (session->state == SESSION_REGISTERED)
        uftp_session_schedule_register(session, arrival->now);
    return UFTP_OK;
}

/* First what costs nothing, then the signature, and only then a word to the sender: for an ABORT it
 * puts us out, and a bit that was damaged on the way shall not bring that about. What nothing
 * proves, since there is no signature or we do not know its kind of key, is believed when it comes
 * again. (The reference answers a bad signature with an ABORT, too.) */
static int start(uftp_receiver *receiver, const uftp_packet *packet, const uftp_announce *announce,
                 const uftp_arrival *arrival)
{
    const char *why = uftp_receiver_objection(receiver, packet, announce);
    if (why && uftp_receiver_has_refused(receiver, packet, arrival, why))
        return UFTP_OK;
    announce_proof proof = PROOF_NONE;
    if (announce->encrypted) {
        int err = uftp_announce_proof(receiver, packet, announce, arrival->now, &proof);
        if (err < 0)
            return err;
        if (proof == PROOF_BAD)
            return UFTP_ERR_AUTH;
    }
    if (!why)
        return open_session(receiver, packet, announce, arrival, proof == PROOF_GOOD);
    uftp_receiver_refuse(receiver, packet, arrival, why, proof == PROOF_GOOD);
    return UFTP_OK;
}

/* ---- a known session ---- */

/* During the announce phase a confirmed receiver hears nothing but clear ANNOUNCEs and KEYINFOs,
 * for longer than its patience lasts. In an encrypted session they keep it alive only by their
 * signature, and a signature is only looked at when a quarter of the patience is used up: a flood
 * of forgeries costs nothing while the session is busy. */
static bool needs_sign_of_life(const uftp_session *session, uint64_t now)
{
    return session->state == SESSION_MIDGROUP &&
           now - session->touched > uftp_session_interval(session) / 4;
}

static bool is_from_origin(const uftp_session *session, const uftp_arrival *arrival)
{
    return uftp_address_same_host(&session->origin, &arrival->train->source);
}

/* As long as no sender has confirmed us, one at another host is another session under the same
 * name: whoever was faster need not be the genuine one. */
static bool may_be_meant(const uftp_session *session, const uftp_arrival *arrival)
{
    return is_from_origin(session, arrival) || uftp_session_is_confirmed(session);
}

/* The sender has found that the group is near, and its announce phase will be over long before we
 * repeat a REGISTER that may be lost. Its word for it needs its signature. */
static bool is_in_haste(const uftp_session *session, const uftp_packet *packet)
{
    return session->state == SESSION_REGISTERED &&
           uftp_grtt_expand(packet->header.grtt) < session->grtt / 2;
}

static int on_repeated(uftp_session *session, const uftp_packet *packet,
                       const uftp_announce *announce, const uftp_arrival *arrival)
{
    if (session->state == SESSION_LEAVING)
        return UFTP_OK;
    if (session->wire != packet->wire || !is_from_origin(session, arrival))
        return UFTP_ERR_AUTH;
    if (!session->keys) {
        uftp_session_commit(session, packet, arrival);
        if (session->state == SESSION_MIDGROUP)
            uftp_session_touch(session, arrival->now);
        return UFTP_OK;
    }
    bool in_haste = is_in_haste(session, packet);
    if (!in_haste && !needs_sign_of_life(session, arrival->now))
        return UFTP_OK;
    int err = uftp_session_keys_verify_announce(session, packet, announce, arrival->now);
    if (err < 0)
        return err;
    uftp_session_commit(session, packet, arrival); /* the GRTT, by which our patience goes */
    if (!in_haste)
        uftp_session_touch(session, arrival->now);
    return UFTP_OK;
}

int uftp_receiver_on_announce(uftp_receiver *receiver, const uftp_packet *packet,
                              const uftp_arrival *arrival)
{
    uftp_message message;
    int err = uftp_packet_message(packet, &message);
    if (err < 0)
        return err;
    const uftp_announce *announce = &message.as.announce;
    const uftp_header *header = &packet->header;
    uftp_session *session = uftp_session_find(receiver, header, &arrival->train->source);
    if (session && may_be_meant(session, arrival))
        return on_repeated(session, packet, announce, arrival);
    if (announce->members.count &&
        !uftp_uid_list_contains(&announce->members, receiver->config.uid))
        return UFTP_OK; /* others are meant */
    /* Nobody may be told apart by UID 0, and a group ID of 0 is no session (spec v5 3.13). A UID
     * that is ours is fine: a sender on this host has it from the same address. */
    if (header->source == 0 || header->group == 0 || !may_answer(&arrival->train->source))
        return UFTP_ERR_MALFORMED;
    if (receiver->closing || uftp_past_session_known(receiver, packet, announce, arrival))
        return UFTP_OK;
    return start(receiver, packet, announce, arrival);
}

/* ---- confirmation ---- */

/* Only now is the later instance known to be genuine, so only now does it end the earlier one; what
 * that had received is saved before it is looked for. */
static void end_earlier_instances(const uftp_session *session, uint64_t now)
{
    uftp_receiver *receiver = session->receiver;
    for (uint32_t i = receiver->session_count; i-- > 0;) {
        uftp_session *other = receiver->sessions[i];
        if (other->group == session->group && other->server == session->server &&
            other->instance < session->instance && other->state != SESSION_LEAVING &&
            (session->keys || !other->keys)) /* nobody ends an encrypted one in the clear */
            uftp_session_fail(other, now, "Session restarted", FAREWELL_SILENT);
    }
}

/* Those that posed as this session's sender, as it turns out. */
static void end_rivals(const uftp_session *session, uint64_t now)
{
    uftp_receiver *receiver = session->receiver;
    for (uint32_t i = receiver->session_count; i-- > 0;) {
        uftp_session *other = receiver->sessions[i];
        if (other != session && other->group == session->group &&
            other->server == session->server && other->instance == session->instance &&
            (other->state == SESSION_ANNOUNCED || other->state == SESSION_REGISTERED)) {
            other->forget = true;
            uftp_session_fail(other, now, "Another sender has confirmed", FAREWELL_SILENT);
        }
    }
}

void uftp_session_confirm(uftp_session *session, uint64_t now)
{
    end_rivals(session, now);
    session->owes &= ~(unsigned)(OWES_REGISTER | OWES_CLIENT_KEY);
    session->hold_deadline = UFTP_NEVER;
    if (session->restart)
        end_earlier_instances(session, now);
    uftp_session_enter(session, now, SESSION_MIDGROUP);
}

int uftp_session_on_reg_conf(uftp_session *session, const uftp_uid_message *message, uint64_t now)
{
    if (session->keys || session->state != SESSION_REGISTERED)
        return UFTP_OK;
    if (!uftp_uid_list_contains(&message->clients, session->receiver->config.uid))
        return UFTP_OK;
    uftp_session_push_received(session, UFTP_MESSAGE_REG_CONF, false);
    uftp_session_confirm(session, now);
    return UFTP_OK;
}

/* Our entry, or NULL. A zero UID ends the list (spec v5 1.3). */
static const uint8_t *find_entry(const uftp_keyinfo *keyinfo, uint32_t uid)
{
    for (size_t i = 0; i < keyinfo->entry_count; i++) {
        const uint8_t *sealed;
        uint32_t client = uftp_keyinfo_entry(keyinfo, i, &sealed);
        if (client == 0)
            break;
        if (client == uid)
            return sealed;
    }
    return NULL;
}

/* The reference gives up on a bad signature; we only drop the datagram, since anyone could send it
 * and the sender repeats its own. */
static int on_first_keyinfo(uftp_session *session, const uftp_packet *packet,
                            const uftp_keyinfo *message, const uint8_t *sealed,
                            const uftp_arrival *arrival)
{
    uint64_t now = arrival->now;
    /* A proxy counts its own KEYINFOs: they have no place among the sender's counters. */
    if (!session->proxy && !uftp_window_fresh(&session->window, message->iv_counter))
        return UFTP_ERR_EXISTS;
    int err = uftp_session_keys_verify_keyinfo(session, packet, message, now);
    if (err < 0)
        return err;
    err = uftp_session_keys_establish(session, message, sealed);
    bool is_signed = session->keys->schedule->keyinfo_signed;
    if (err == UFTP_ERR_AUTH && !is_signed)
        return err; /* as with a bad signature */
    if (err < 0) {
        uftp_session_fail(session, now, "Decrypt failed for group master", FAREWELL_ABORT);
        return UFTP_OK;
    }
    if (is_signed && !session->proxy) /* otherwise a forged counter could close the window */
        uftp_window_mark(&session->window, message->iv_counter);
    uftp_session_commit(session, packet, arrival);
    uftp_session_push_received(session, UFTP_MESSAGE_KEYINFO, false);
    uftp_session_confirm(session, now);
    uftp_session_owe(session, OWES_KEYINFO_ACK);
    return UFTP_OK;
}

int uftp_session_on_keyinfo(uftp_session *session, const uftp_packet *packet,
                            const uftp_keyinfo *message, const uftp_arrival *arrival)
{
    uint64_t now = arrival->now;
    if (!session->keys)
        return UFTP_ERR_UNSUPPORTED;
    const uint8_t *sealed = find_entry(message, session->receiver->config.uid);
    if (session->state == SESSION_REGISTERED)
        return sealed ? on_first_keyinfo(session, packet, message, sealed, arrival) : UFTP_OK;
    /* One that nobody signed may have been forged: a later one takes its place until something
     * sealed with its keys has come. */
    if (sealed && session->state == SESSION_MIDGROUP && !session->keys->proved) {
        int err = uftp_session_keys_establish(session, message, sealed);
        if (err < 0)
            return err;
    }
    if (needs_sign_of_life(session, now)) {
        int err = uftp_session_keys_verify_keyinfo(session, packet, message, now);
        if (err < 0)
            return err;
        if (session->keys->schedule->keyinfo_signed)
            uftp_session_commit(session, packet, arrival);
        uftp_session_touch(session, now);
    }
    if (sealed && session->state == SESSION_MIDGROUP) { /* our answer was lost */
        uftp_session_push_received(session, UFTP_MESSAGE_KEYINFO, true);
        uftp_session_owe(session, OWES_KEYINFO_ACK);
    }
    return UFTP_OK;
}
