/* SPDX-License-Identifier: MIT
 *
 * The sessions of a receiver: where they are found, how their states change, their timers, how they
 * end, and what is remembered of them.
 */
#include "session/receiver_internal.h"

/* ---- the table ---- */

/* Group IDs are drawn at random. One who chooses them to collide gains a walk over at most
 * UFTP_SESSIONS_MAX sessions. */
static uint32_t bucket_of(uint32_t group, uint8_t instance)
{
    return (group ^ group >> 8 ^ group >> 16 ^ group >> 24 ^ instance) % RECEIVER_BUCKETS;
}

bool uftp_session_is_confirmed(const uftp_session *session)
{
    return session->state > SESSION_REGISTERED && session->state != SESSION_LEAVING;
}

/* The server is part of the key, so that two senders that happen to draw one group ID stay apart.
 */
uftp_session *uftp_session_find(const uftp_receiver *receiver, const uftp_header *header,
                                const uftp_address *host)
{
    uftp_session *found = NULL;
    for (uftp_session *session = receiver->buckets[bucket_of(header->group, header->instance)];
         session; session = session->bucket_next) {
        if (session->group != header->group || session->instance != header->instance ||
            session->server != header->source)
            continue;
        if (uftp_address_same_host(&session->origin, host))
            return session;
        if (!found || uftp_session_is_confirmed(session))
            found = session;
    }
    return found;
}

static void insert(uftp_session *session)
{
    uftp_receiver *receiver = session->receiver;
    session->index = receiver->session_count++;
    receiver->sessions[session->index] = session;
    uftp_session **bucket = &receiver->buckets[bucket_of(session->group, session->instance)];
    session->bucket_next = *bucket;
    *bucket = session;
}

static void take_out(uftp_session *session)
{
    uftp_receiver *receiver = session->receiver;
    uftp_session **link = &receiver->buckets[bucket_of(session->group, session->instance)];
    while (*link != session)
        link = &(*link)->bucket_next;
    *link = session->bucket_next;
    uftp_session *last = receiver->sessions[--receiver->session_count];
    receiver->sessions[session->index] = last;
    last->index = session->index;
}

/* ---- a full table ----
 *
 * Whoever can send us a datagram can have us wait for a confirmation that never comes. When all
 * places are taken, the host that has most of them by sessions that nobody confirmed loses the
 * oldest of these, so that a flood drowns itself. Confirmed sessions stay. Those that were signed
 * with a pinned key, and may still be old ones that somebody plays back, give way to their like. */

static bool may_give_way(const uftp_session *session, bool vouched)
{
    return session->state <= SESSION_REGISTERED && session->vouched == vouched;
}

static uint32_t places_of(const uftp_receiver *receiver, const uftp_address *host, bool vouched)
{
    uint32_t places = 0;
    for (uint32_t i = 0; i < receiver->session_count; i++)
        places += may_give_way(receiver->sessions[i], vouched) &&
                  uftp_address_same_host(&receiver->sessions[i]->origin, host);
    return places;
}

static bool make_room(uftp_receiver *receiver, uint64_t now, bool vouched)
{
    uftp_session *chosen = NULL;
    uint32_t most = 0;
    for (uint32_t i = 0; i < receiver->session_count; i++) {
        uftp_session *session = receiver->sessions[i];
        if (!may_give_way(session, vouched))
            continue;
        uint32_t places = places_of(receiver, &session->origin, vouched);
        if (!chosen || places > most || (places == most && session->started < chosen->started)) {
            chosen = session;
            most = places;
        }
    }
    if (!chosen)
        return false;
    chosen->forget = true;
    uftp_session_fail(chosen, now, "Too many sessions, and this one unconfirmed", FAREWELL_SILENT);
    return true;
}

int uftp_session_create(uftp_receiver *receiver, const uftp_packet *packet,
                        const uftp_announce *announce, const uftp_arrival *arrival, bool vouched,
                        uftp_session **out)
{
    if (receiver->session_count == receiver->config.sessions_max &&
        !make_room(receiver, arrival->now, false) &&
        !(vouched && make_room(receiver, arrival->now, true)))
        return UFTP_ERR_LIMIT;
    uftp_session *session = uftp_alloc(receiver->config.memory, 1, sizeof *session);
    if (!session)
        return UFTP_ERR_MEMORY;
    const uftp_header *header = &packet->header;
    uint64_t grtt = uftp_grtt_expand(header->grtt);
    *session = (uftp_session){
        .receiver = receiver,
        .wire = packet->wire,
        .group = header->group,
        .instance = header->instance,
        .server = header->source,
        .origin = arrival->train->source,
        .peer = arrival->train->source,
        .state = SESSION_REGISTERED,
        .started = arrival->now,
        .vouched = vouched,
        .robust = announce->robust,
        .block_size = announce->block_size,
        .sync_mode = announce->sync_mode,
        .sync_preview = announce->sync_preview,
        .held = announce->members.count == 0 || announce->members.count > RECEIVER_HOLD_MEMBERS,
        .restart = header->instance != 0 && receiver->config.temp_directory,
        .grtt_byte = header->grtt,
        .group_size_byte = header->group_size,
        .grtt = grtt < RECEIVER_GRTT_MIN ? RECEIVER_GRTT_MIN : grtt,
        /* Not 0 as in the reference: a sender may have counted far when we join (trap 35). */
        .seq_max = header->seq,
        .server_us = announce->timestamp_us,
        .server_us_at = arrival->at,
        .touched = arrival->now,
        .hold_deadline = UFTP_NEVER,
        .file = {.nak_deadline = UFTP_NEVER},
    };
    uint64_t patience = uftp_session_patience(session, packet->wire->register_patience);
    session->limit =
        arrival->now + (patience < RECEIVER_UNCONFIRMED_MAX ? patience : RECEIVER_UNCONFIRMED_MAX);
    insert(session);
    *out = session;
    return UFTP_OK;
}

/* ---- what a session owes ---- */

void uftp_session_owe(uftp_session *session, unsigned what)
{
    uftp_receiver *receiver = session->receiver;
    session->owes |= what;
    if (session->ready)
        return;
    session->ready = true;
    session->ready_next = NULL;
    if (receiver->ready_last)
        receiver->ready_last->ready_next = session;
    else
        receiver->ready_first = session;
    receiver->ready_last = session;
}

static void leave_ready_queue(uftp_session *session)
{
    uftp_receiver *receiver = session->receiver;
    if (!session->ready)
        return;
    uftp_session *before = NULL;
    for (uftp_session *at = receiver->ready_first; at != session; at = at->ready_next)
        before = at;
    if (before)
        before->ready_next = session->ready_next;
    else
        receiver->ready_first = session->ready_next;
    if (receiver->ready_last == session)
        receiver->ready_last = before;
    session->ready = false;
}

/* ---- membership ---- */

static bool same_group(const uftp_membership *membership, const uftp_address *group,
                       const uftp_address *source)
{
    return uftp_address_same_host(&membership->group, group) &&
           membership->source.family == source->family &&
           (source->family == 0 || uftp_address_same_host(&membership->source, source));
}

static uftp_membership *find_membership(uftp_receiver *receiver, const uftp_address *group,
                                        const uftp_address *source)
{
    for (uint32_t i = 0; i < receiver->membership_count; i++)
        if (same_group(&receiver->memberships[i], group, source))
            return &receiver->memberships[i];
    return NULL;
}

/* The driver is told through flags that poll_event() reads, not through queued events: one that
 * found no memory would leave a session deaf, or the driver in a group for good. Several sessions
 * may share a group: the driver hears of the first and of the last one only. */
bool uftp_session_join(uftp_session *session, const uftp_address *group, const uftp_address *source)
{
    uftp_receiver *receiver = session->receiver;
    uftp_membership *membership = find_membership(receiver, group, source);
    if (!membership) {
        if (receiver->membership_count == RECEIVER_MEMBERSHIPS(receiver))
            return false;
        membership = &receiver->memberships[receiver->membership_count++];
        *membership = (uftp_membership){.group = *group, .source = *source};
    }
    membership->users++;
    membership->session_group = session->group;
    membership->session_instance = session->instance;
    receiver->membership_changed = true;
    session->group_address = *group;
    session->group_source = *source;
    session->joined = true;
    return true;
}

static uftp_membership *leave_group(uftp_session *session)
{
    if (!session->joined)
        return NULL;
    uftp_receiver *receiver = session->receiver;
    session->joined = false;
    receiver->membership_changed = true;
    uftp_membership *membership =
        find_membership(receiver, &session->group_address, &session->group_source);
    membership->users--;
    return membership;
}

void uftp_session_join_failed(uftp_session *session, uint64_t now)
{
    uftp_membership *membership = leave_group(session);
    membership->told = false; /* nothing to leave: there was no joining */
    uftp_session_fail(session, now, "Error joining multicast group", FAREWELL_ABORT);
}

int uftp_receiver_poll_membership(uftp_receiver *receiver, uftp_event *out)
{
    for (uint32_t i = receiver->membership_count; receiver->membership_changed && i-- > 0;) {
        uftp_membership *membership = &receiver->memberships[i];
        bool wanted = membership->users > 0;
        bool told = membership->told;
        if (wanted == told && wanted)
            continue;
        *out = (uftp_event){.type = wanted ? UFTP_EVENT_JOIN : UFTP_EVENT_LEAVE,
                            .group = membership->session_group,
                            .instance = membership->session_instance,
                            .address = membership->group,
                            .source = membership->source};
        membership->told = wanted;
        if (!wanted)
            *membership = receiver->memberships[--receiver->membership_count];
        if (wanted || told)
            return 1;
    }
    receiver->membership_changed = false;
    return 0;
}

/* ---- timers ---- */

uint64_t uftp_session_patience(const uftp_session *session, unsigned factor)
{
    uint64_t interval = factor * session->grtt * session->robust;
    return interval > UFTP_S(1) ? interval : UFTP_S(1);
}

/* Computed, not stored: a new GRTT stretches or shortens a timer that runs (spec v5 4.2). */
uint64_t uftp_session_interval(const uftp_session *session)
{
    switch (session->state) {
    case SESSION_REGISTERED:
        return 5 * session->grtt;
    case SESSION_MIDGROUP:
    case SESSION_RECEIVING:
        return uftp_session_patience(session, 1);
    case SESSION_COMPLETE:
        return 4 * session->grtt;
    case SESSION_ANNOUNCED:
    case SESSION_LEAVING:
        break;
    }
    return UFTP_NEVER;
}

void uftp_session_touch(uftp_session *session, uint64_t now)
{
    session->touched = now;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t timer_deadline(const uftp_session *session)
{
    return session->touched + uftp_session_interval(session);
}

/* With a GRTT of a millisecond the deadline of one second would hold hundreds of repeats: after
 * ROBUST of them only the deadline is left. */
static uint64_t repeat_deadline(const uftp_session *session)
{
    return session->attempts < session->robust ? timer_deadline(session) : UFTP_NEVER;
}

uint64_t uftp_session_deadline(const uftp_session *session)
{
    switch (session->state) {
    case SESSION_ANNOUNCED:
        return session->limit;
    case SESSION_REGISTERED:
        return earlier(earlier(repeat_deadline(session), session->limit), session->hold_deadline);
    case SESSION_MIDGROUP:
        return timer_deadline(session);
    case SESSION_RECEIVING:
        return earlier(earlier(timer_deadline(session), session->file.nak_deadline),
                       uftp_session_congestion_deadline(session));
    case SESSION_COMPLETE:
        return earlier(repeat_deadline(session), session->limit);
    case SESSION_LEAVING:
        break;
    }
    return UFTP_NEVER;
}

static void register_expired(uftp_session *session, uint64_t now)
{
    if (now >= session->limit) {
        session->forget = !session->abort_heard;
        uftp_session_fail(session, now,
                          session->abort_heard ? session->abort_text : "Registration unconfirmed",
                          session->abort_heard ? FAREWELL_SILENT : FAREWELL_ABORT);
        return;
    }
    session->hold_deadline = UFTP_NEVER;
    uftp_session_touch(session, now);
    uftp_session_owe(session, OWES_REGISTER);
}

static void complete_expired(uftp_session *session, uint64_t now)
{
    if (now >= session->limit) {
        uftp_session_finish(session, now); /* the sender has had our COMPLETE many times over */
        return;
    }
    uftp_session_touch(session, now);
    uftp_session_owe(session, OWES_COMPLETE);
}

/* The deadline of the session has passed; which of its timers it was follows from the state. */
void uftp_session_on_timeout(uftp_session *session, uint64_t now)
{
    switch (session->state) {
    case SESSION_ANNOUNCED:
        if (now < session->limit)
            return;
        session->forget = !session->abort_heard;
        uftp_session_fail(session, now,
                          session->abort_heard ? session->abort_text : "PROXY_KEY not received",
                          session->abort_heard ? FAREWELL_SILENT : FAREWELL_ABORT);
        return;
    case SESSION_REGISTERED:
        register_expired(session, now);
        return;
    case SESSION_COMPLETE:
        complete_expired(session, now);
        return;
    case SESSION_MIDGROUP:
    case SESSION_RECEIVING:
        if (timer_deadline(session) <= now) {
            uftp_session_fail(session, now, "Transfer timed out", FAREWELL_ABORT);
            return;
        }
        if (uftp_session_congestion_deadline(session) <= now)
            uftp_session_congestion_expired(session, now);
        if (session->file.nak_deadline <= now)
            uftp_session_nak_expired(session, now);
        return;
    case SESSION_LEAVING:
        return;
    }
}

uint64_t uftp_session_server_us(const uftp_session *session, uint64_t now)
{
    uint64_t held = now > session->server_us_at ? now - session->server_us_at : 0;
    return session->server_us + held / 1000;
}

/* ---- states ---- */

static bool may_follow(uftp_session_state from, uftp_session_state to)
{
    switch (to) {
    case SESSION_ANNOUNCED:
        return false;
    case SESSION_REGISTERED:
        return from == SESSION_ANNOUNCED;
    case SESSION_MIDGROUP:
        return from == SESSION_REGISTERED || from == SESSION_RECEIVING;
    case SESSION_RECEIVING:
        return from == SESSION_MIDGROUP;
    case SESSION_COMPLETE:
        return from == SESSION_MIDGROUP || from == SESSION_RECEIVING;
    case SESSION_LEAVING:
        return from != SESSION_LEAVING;
    }
    return false;
}

void uftp_session_enter(uftp_session *session, uint64_t now, uftp_session_state state)
{
    UFTP_ASSERT(may_follow(session->state, state));
    bool confirmed = session->state == SESSION_REGISTERED && state == SESSION_MIDGROUP;
    session->state = state;
    session->attempts = 0;
    uftp_session_touch(session, now);
    if (state == SESSION_REGISTERED)
        session->limit = now + uftp_session_patience(session, session->wire->register_patience);
    if (state == SESSION_COMPLETE)
        session->limit = now + uftp_session_patience(session, 4);
    if (confirmed) {
        uftp_event event = uftp_session_event(session, UFTP_EVENT_SESSION_READY);
        uftp_session_push(session, &event);
    }
}

/* ---- the end ---- */

static void push_finished(const uftp_session *session, uint64_t now, uftp_result result,
                          const char *text)
{
    uftp_event event = uftp_session_event(session, UFTP_EVENT_SESSION_FINISHED);
    event.result = result;
    event.duration = now - session->started;
    event.text = text;
    uftp_session_push(session, &event);
}

/* `may_return`: the sender is through with this session, too, so that an ANNOUNCE that was built
 * later is a new one under an old number. */
static void remember(const uftp_session *session, uint64_t now, bool may_return)
{
    const uftp_past_session past = {
        .group = session->group,
        .instance = session->instance,
        .server = session->server,
        .until = now + RECEIVER_PAST_INTERVAL,
        .ended_us = may_return ? uftp_session_server_us(session, now) : UINT64_MAX,
    };
    uftp_past_session_add(session->receiver, &past);
}

void uftp_session_free(uftp_session *session)
{
    uftp_receiver *receiver = session->receiver;
    const uftp_allocator *memory = receiver->config.memory;
    uftp_session_store_abandon(session);
    leave_ready_queue(session);
    take_out(session);
    uftp_session_keys_free(session);
    uftp_release(memory, session->tfmcc);
    uftp_release(memory, session->received.bytes);
    uftp_release(memory, session);
}

void uftp_session_fail(uftp_session *session, uint64_t now, const char *text,
                       uftp_session_farewell farewell)
{
    UFTP_ASSERT(session->state != SESSION_LEAVING);
    uftp_receiver *receiver = session->receiver;
    bool ours = farewell == FAREWELL_ABORT;
    if (session->state == SESSION_RECEIVING) {
        int error = session->file.error ? session->file.error : UFTP_ERR_INCOMPLETE;
        uftp_session_push_file_finished(session, now, error);
        uftp_session_store_abandon(session);
    }
    uftp_event event = uftp_session_event(session, UFTP_EVENT_ABORT);
    event.text = text;
    event.repeated = !ours;
    uftp_session_push(session, &event);
    push_finished(session, now, UFTP_RESULT_FAILED, text);
    receiver->stats.sessions_failed++;
    leave_group(session);
    if (!session->forget)
        remember(session, now, !ours && session->state > SESSION_REGISTERED);
    if (!ours) {
        uftp_session_free(session);
        return;
    }
    uftp_session_enter(session, now, SESSION_LEAVING);
    if (text != session->abort_text) {
        size_t len = strlen(text);
        if (len > UFTP_ABORT_TEXT_MAX)
            len = UFTP_ABORT_TEXT_MAX;
        memcpy(session->abort_text, text, len);
        session->abort_text[len] = '\0';
    }
    session->owes = 0;
    uftp_session_owe(session, OWES_ABORT);
}

void uftp_session_finish(uftp_session *session, uint64_t now)
{
    uftp_receiver *receiver = session->receiver;
    push_finished(session, now, UFTP_RESULT_OK, NULL);
    receiver->stats.sessions_finished++;
    leave_group(session);
    remember(session, now, true);
    uftp_session_free(session);
}

/* ---- what is remembered ---- */

static bool matches(const uftp_past_session *past, const uftp_header *header)
{
    return past->group == header->group && past->instance == header->instance &&
           past->server == header->source;
}

bool uftp_past_session_known(uftp_receiver *receiver, const uftp_packet *packet,
                             const uftp_announce *announce, const uftp_arrival *arrival)
{
    for (size_t i = 0; i < RECEIVER_PAST_MAX; i++) {
        uftp_past_session *past = &receiver->past[i];
        if (arrival->now >= past->until || !matches(past, &packet->header))
            continue;
        if (announce->timestamp_us > past->ended_us) {
            past->until = 0;
            return false;
        }
        past->until = arrival->now + RECEIVER_PAST_INTERVAL;
        return true;
    }
    return false;
}

/* A ring. Sessions enter it that were confirmed, or that their sender has put an end to: these do
 * not come in floods. */
void uftp_past_session_add(uftp_receiver *receiver, const uftp_past_session *past)
{
    receiver->past[receiver->past_next++ % RECEIVER_PAST_MAX] = *past;
}
