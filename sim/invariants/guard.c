/* SPDX-License-Identifier: MIT */
#include "invariants/internal.h"

#include "base/assert.h"
#include "engine/sender_node.h"
#include "session/sender_internal.h"

#include <inttypes.h>
#include <string.h>

void *guard_grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? 2 * *capacity : 8;
    return sim_reallocate(array, *capacity * size);
}

/* ---- questions ---- */

guarded *guard_find(const sim_guard *guard, const sim_node *node)
{
    size_t index = sim_index(node);
    return index < guard->index_count ? guard->by_index[index] : NULL;
}

guarded *guard_find_uid(const sim_guard *guard, uint32_t uid)
{
    guarded *who = uid > 0 && uid <= guard->index_count ? guard->by_index[uid - 1] : NULL;
    return who && !who->is_sender ? who : NULL;
}

guard_session *guard_session_find(const sim_guard *guard, uint32_t group, uint8_t instance)
{
    guard_session *session = guard->sessions;
    while (session && (session->group != group || session->instance != instance))
        session = session->next;
    return session;
}

guard_view *guard_view_find(const guarded *receiver, uint32_t group, uint8_t instance,
                            const uftp_address *host)
{
    guard_view *found = NULL;
    for (guard_view *view = receiver->views; view; view = view->next) {
        if (view->group != group || view->instance != instance)
            continue;
        if (host && uftp_address_same_host(&view->host, host))
            return view;
        if (!host && (!found || (view->ready && !found->ready)))
            found = view;
    }
    return found;
}

guard_result *guard_result_find(const guard_view *view, uint16_t file_id)
{
    for (size_t i = view->count; i > 0; i--)
        if (view->results[i - 1].file_id == file_id)
            return &view->results[i - 1];
    return NULL;
}

const guard_object *guard_object_find(const guard_session *session, uint16_t file_id)
{
    for (size_t i = session->count; i > 0; i--)
        if (session->objects[i - 1].file_id == file_id)
            return &session->objects[i - 1];
    return NULL;
}

/* ---- what senders tell ---- */

static void sender_started(sim_guard *guard, guarded *who, const uftp_event *event)
{
    guard_session *session = sim_allocate(sizeof *session);
    *session = (guard_session){
        .next = guard->sessions, .sender = who, .group = event->group, .instance = event->instance};
    guard->sessions = session;
    who->open++;
}

static void add_object(guard_session *session, const uftp_event *event)
{
    session->objects =
        guard_grow(session->objects, session->count, &session->capacity, sizeof *session->objects);
    session->objects[session->count++] = (guard_object){.file_id = event->file_id,
                                                        .type = event->file_type,
                                                        .name = sim_copy_text(event->name),
                                                        .path = sim_copy_text(event->path)};
}

static void sender_told(sim_guard *guard, guarded *who, const uftp_event *event)
{
    if (event->type == UFTP_EVENT_SESSION_STARTED) {
        sender_started(guard, who, event);
        return;
    }
    guard_session *session = guard_session_find(guard, event->group, event->instance);
    if (event->type == UFTP_EVENT_PHASE && session) {
        if (event->phase < session->phase && event->phase != UFTP_SENDER_FILEINFO)
            guard_fail(who, "%s went back from phase %u to %u", sim_name(who->node), session->phase,
                       event->phase);
        session->phase = event->phase;
    }
    if (!session)
        return; /* the phase of the beginning is told before it */
    if (session->finished && event->type != UFTP_EVENT_SENT && event->type != UFTP_EVENT_REJECTED)
        guard_fail(who, "%s: %s after the end of the session", sim_name(who->node),
                   uftp_event_name(event->type));
    if (event->type == UFTP_EVENT_FILE_STARTED)
        add_object(session, event);
    if (event->type == UFTP_EVENT_CLIENT_NAKS)
        session->naks += event->count;
    if (event->type == UFTP_EVENT_SESSION_FINISHED) {
        session->finished = true;
        who->open--;
    }
    guard_client_event(guard, who, event);
}

/* ---- what receivers tell ---- */

static void receiver_started(guarded *who, const uftp_event *event)
{
    const guard_view *before = guard_view_find(who, event->group, event->instance, &event->address);
    if (before && !before->finished && before->incarnation == who->incarnation)
        guard_fail(who, "%s began session %08X twice", sim_name(who->node), event->group);
    guard_view *view = sim_allocate(sizeof *view);
    *view = (guard_view){.next = who->views,
                         .receiver = who,
                         .group = event->group,
                         .instance = event->instance,
                         .host = event->address,
                         .incarnation = who->incarnation};
    who->views = view;
    who->open++;
}

static guard_result *begin_result(guard_view *view, const uftp_event *event)
{
    view->results = guard_grow(view->results, view->count, &view->capacity, sizeof *view->results);
    view->results[view->count] =
        (guard_result){.file_id = event->file_id, .type = event->file_type, .size = event->size};
    return &view->results[view->count++];
}

static void receiver_finished_file(const sim_guard *guard, guarded *who, guard_view *view,
                                   const uftp_event *event)
{
    guard_result *result = guard_result_find(view, event->file_id);
    if (!result || result->finished)
        guard_fail(who, "%s finished file %u, which it had not begun", sim_name(who->node),
                   event->file_id);
    result->finished = true;
    result->status = event->status;
    result->error = event->error;
    if (event->error == UFTP_OK)
        guard_finished_object(guard, who, event);
    else if (event->status == UFTP_COMPLETE_SKIPPED)
        guard_fail(who, "%s skipped file %u with error %d", sim_name(who->node), event->file_id,
                   event->error);
}

static void receiver_told(const sim_guard *guard, guarded *who, const uftp_event *event)
{
    if (event->type == UFTP_EVENT_SESSION_STARTED) {
        receiver_started(who, event);
        return;
    }
    guard_view *view = guard_view_find(who, event->group, event->instance, &event->address);
    bool of_session =
        event->type == UFTP_EVENT_SESSION_READY || event->type == UFTP_EVENT_SESSION_FINISHED ||
        event->type == UFTP_EVENT_FILE_STARTED || event->type == UFTP_EVENT_FILE_FINISHED;
    if (of_session && (!view || view->finished || view->incarnation != who->incarnation))
        guard_fail(who, "%s: %s outside of a session", sim_name(who->node),
                   uftp_event_name(event->type));
    if (event->type == UFTP_EVENT_SESSION_READY)
        view->ready = true;
    if (event->type == UFTP_EVENT_FILE_STARTED)
        begin_result(view, event);
    if (event->type == UFTP_EVENT_FILE_FINISHED)
        receiver_finished_file(guard, who, view, event);
    if (event->type == UFTP_EVENT_RECEIVED && view && event->message == UFTP_MESSAGE_DONE &&
        event->file_id == 0)
        view->done = true;
    if (event->type == UFTP_EVENT_SESSION_FINISHED) {
        if (event->result == UFTP_RESULT_OK && !view->done)
            guard_fail(who, "%s is through without having heard the end", sim_name(who->node));
        view->finished = true;
        view->result = event->result;
        who->open--;
    }
}

/* ---- senders and their configuration ---- */

bool guard_is_core(const guarded *who)
{
    return who->is_sender && strcmp(who->node->core->role, "sender") == 0;
}

static void take_config(sim_guard *guard, guarded *who, const uftp_sender_config *config)
{
    who->config = *config;
    who->rate = config->rate_bytes_per_s;
    if (config->robust > guard->robust_largest)
        guard->robust_largest = config->robust;
}

/* ---- hooks ---- */

static void on_event(void *ctx, sim_node *node, uint64_t now, const uftp_event *event)
{
    (void)now;
    sim_guard *guard = ctx;
    guarded *who = guard_find(guard, node);
    if (!who)
        return;
    who->events++;
    if (who->forgetful || (guard->objects_unknown && !who->is_sender))
        return;
    if (who->is_sender)
        sender_told(guard, who, event);
    else
        receiver_told(guard, who, event);
}

static void on_send(void *ctx, sim_node *node, uint64_t now, const sim_packet *packet)
{
    sim_guard *guard = ctx;
    guarded *who = guard_find(guard, node);
    if (who)
        guard_datagram(guard, who, now, packet);
}

static void on_turn(void *ctx, sim_node *node, uint64_t now, uint64_t deadline)
{
    sim_guard *guard = ctx;
    guarded *who = guard_find(guard, node);
    if (!who)
        return;
    guard_turn(guard, who, now, deadline);
}

static void on_start(void *ctx, sim_node *node, uint64_t now)
{
    sim_guard *guard = ctx;
    guarded *who = guard_find(guard, node);
    if (!who)
        return;
    if (++who->incarnation == 1 && who->store) {
        guard_remember_store(who);
        guard_watch_store(guard, who);
    }
    who->open = 0;
    who->groups = sim_network_memberships(node);
    who->idle_turns = 0;
    who->heard_at = now;
    who->seq_known = false;
    who->iv_counter = 0;
    who->paid_until = 0;
    if (guard_is_core(who))
        take_config(guard, who, &sim_sender(node)->config);
}

void sim_guard_hooks(sim_guard *guard, sim_options *options)
{
    UFTP_ASSERT(!options->on_event && !options->on_send && !options->on_turn && !options->on_start);
    options->on_event = on_event;
    options->on_send = on_send;
    options->on_turn = on_turn;
    options->on_start = on_start;
    options->ctx = guard;
}

/* ---- life ---- */

sim_guard *sim_guard_new(void)
{
    return sim_allocate(sizeof(sim_guard));
}

static guarded *add(sim_guard *guard, sim_node *node)
{
    guarded *who = sim_allocate(sizeof *who);
    size_t index = sim_index(node), before = guard->index_count;
    if (index >= before) {
        guard->index_count = index < 2 * before ? 2 * before : index + 1;
        guard->by_index = sim_reallocate(guard->by_index, guard->index_count * sizeof(guarded *));
        memset(guard->by_index + before, 0, (guard->index_count - before) * sizeof(guarded *));
    }
    guard->by_index[index] = who;
    who->node = node;
    who->next = guard->nodes;
    guard->nodes = who;
    return who;
}

void sim_guard_sender(sim_guard *guard, sim_node *node, const uftp_sender_config *config,
                      sim_source *source)
{
    guarded *who = add(guard, node);
    who->is_sender = true;
    who->source = source;
    if (!config)
        return; /* known when its core starts */
    UFTP_ASSERT(config->block_size && config->robust && config->grtt_min && config->grtt_max &&
                config->rate_bytes_per_s);
    take_config(guard, who, config);
}

void sim_guard_receiver(sim_guard *guard, sim_node *node, sim_store *store)
{
    add(guard, node)->store = store;
}

void sim_guard_unflushed(sim_guard *guard, sim_node *receiver)
{
    guard_find(guard, receiver)->unflushed = true;
}

void sim_guard_set_owner(sim_guard *guard, void *owner)
{
    guard->owner = owner;
}

void *sim_guard_owner(const sim_guard *guard)
{
    return guard->owner;
}

void sim_guard_damaged(sim_guard *guard)
{
    guard->damaged = true;
}

void sim_guard_proxied(sim_guard *guard)
{
    guard->proxied = true;
}

void sim_guard_forgetful(sim_guard *guard, sim_node *node)
{
    guarded *who = guard_find(guard, node);
    who->forgetful = true;
    guard->objects_unknown |= who->is_sender;
}

/* ---- secrets ---- */

void sim_guard_secret(sim_guard *guard, const char *what, const void *bytes, size_t len)
{
    (void)sim_secrets_add(&guard->secrets, what, false, bytes, len);
}

void sim_guard_secret_name(sim_guard *guard, const char *name)
{
    (void)sim_secrets_add(&guard->secrets, "the name of a file", true, name, strlen(name));
}

/* A session's secrets are its own: no other, and no earlier incarnation of the sender, had them.
 * Those of one receiver may be told twice, when it registers anew. */
static void on_secret(void *ctx, const char *label, uint32_t group, uint32_t uid,
                      const uint8_t *value, size_t len)
{
    sim_guard *guard = ctx;
    bool fresh = len < SIM_SECRET_MIN ||
                 sim_secrets_add(&guard->secrets, "a key of a session", false, value, len);
    bool of_session = strcmp(label, "GROUP_MASTER") == 0 || strcmp(label, "SERVER_APP_KEY") == 0;
    guarded *sender = uid > 0 && uid <= guard->index_count ? guard->by_index[uid - 1] : NULL;
    if (!fresh && of_session && sender)
        guard_fail(sender, "%s has a %s that was used before", sim_name(sender->node), label);
    if (guard->key_log_next)
        guard->key_log_next->log(guard->key_log_next->ctx, label, group, uid, value, len);
}

const uftp_key_log *sim_guard_key_log(sim_guard *guard, const uftp_key_log *next)
{
    guard->key_log = (uftp_key_log){.log = on_secret, .ctx = guard};
    guard->key_log_next = next;
    return &guard->key_log;
}

const char *sim_guard_told(const sim_guard *guard, const void *bytes, size_t len)
{
    const sim_secret *secret = sim_secrets_in_report(&guard->secrets, bytes, len);
    return secret ? secret->what : NULL;
}

/* ---- the end ---- */

/* It has left all groups but those that its driver joined for it. */
static void check_groups(const guarded *who)
{
    size_t groups = sim_network_memberships(who->node);
    if (groups != who->groups)
        guard_fail(who, "%s is in %zu groups, at the start it was in %zu", sim_name(who->node),
                   groups, who->groups);
}

void sim_guard_end(sim_guard *guard)
{
    for (guarded *who = guard->nodes; who; who = who->next) {
        if (who->store && who->incarnation && !guard->objects_unknown)
            guard_store(guard, who);
        if (!sim_running(who->node))
            continue;
        if (who->open)
            guard_fail(who, "%s: all is quiet, but %u sessions are open", sim_name(who->node),
                       who->open);
        check_groups(who);
        if (who->store)
            guard_leftovers(who);
    }
    for (guard_session *session = guard->sessions; session; session = session->next) {
        guarded *who = session->sender;
        if (!session->finished || !sim_running(who->node) || !guard_is_core(who))
            continue;
        uftp_sender *sender = sim_sender(who->node);
        if (uftp_sender_group(sender) != session->group)
            continue; /* of an earlier incarnation */
        uftp_sender_stats stats;
        uftp_sender_stats_get(sender, &stats);
        if (stats.blocks_repeated > session->naks && !who->forgetful)
            guard_fail(who, "%s repeated %" PRIu64 " blocks, and only %" PRIu64 " were asked for",
                       sim_name(who->node), stats.blocks_repeated, session->naks);
        for (uint32_t i = 0; i < stats.clients; i++) {
            uftp_client_info info;
            uftp_sender_client_get(sender, i, &info);
            sim_guard_report(guard, who->node, session->group, session->instance, &info);
        }
    }
}

static void free_session(guard_session *session)
{
    for (size_t i = 0; i < session->count; i++) {
        sim_release(session->objects[i].name);
        sim_release(session->objects[i].path);
    }
    sim_release(session->objects);
    sim_release(session);
}

static void free_views(guarded *receiver)
{
    for (guard_view *view = receiver->views, *next; view; view = next) {
        next = view->next;
        sim_release(view->results);
        sim_release(view);
    }
}

void sim_guard_free(sim_guard *guard)
{
    for (guarded *who = guard->nodes, *next; who; who = next) {
        next = who->next;
        free_views(who);
        sim_release(who->known);
        sim_release(who);
    }
    for (guard_session *session = guard->sessions, *next; session; session = next) {
        next = session->next;
        free_session(session);
    }
    sim_release(guard->by_index);
    sim_secrets_free(&guard->secrets);
    sim_release(guard);
}
