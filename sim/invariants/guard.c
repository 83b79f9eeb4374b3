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

guarded *guard_find(sim_guard *guard, const sim_node *node)
{
    for (guarded *who = guard->nodes; who; who = who->next)
        if (who->node == node)
            return who;
    return NULL;
}

guarded *guard_find_uid(sim_guard *guard, uint32_t uid)
{
    for (guarded *who = guard->nodes; who; who = who->next)
        if (!who->is_sender && sim_index(who->node) + 1 == uid)
            return who;
    return NULL;
}

guard_session *guard_session_find(const sim_guard *guard, uint32_t group, uint8_t instance)
{
    guard_session *session = guard->sessions;
    while (session && (session->group != group || session->instance != instance))
        session = session->next;
    return session;
}

guard_view *guard_view_find(const sim_guard *guard, const guarded *receiver, uint32_t group,
                            uint8_t instance, const uftp_address *host)
{
    guard_view *found = NULL;
    for (guard_view *view = guard->views; view; view = view->next) {
        if (view->receiver != receiver || view->group != group || view->instance != instance)
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

static void receiver_started(sim_guard *guard, guarded *who, const uftp_event *event)
{
    const guard_view *before =
        guard_view_find(guard, who, event->group, event->instance, &event->address);
    if (before && !before->finished && before->incarnation == who->incarnation)
        guard_fail(who, "%s began session %08X twice", sim_name(who->node), event->group);
    guard_view *view = sim_allocate(sizeof *view);
    *view = (guard_view){.next = guard->views,
                         .receiver = who,
                         .group = event->group,
                         .instance = event->instance,
                         .host = event->address,
                         .incarnation = who->incarnation};
    guard->views = view;
    who->open++;
}

static guard_result *begin_result(guard_view *view, const uftp_event *event)
{
    view->results = guard_grow(view->results, view->count, &view->capacity, sizeof *view->results);
    view->results[view->count] =
        (guard_result){.file_id = event->file_id, .type = event->file_type, .size = event->size};
    return &view->results[view->count++];
}

static void receiver_finished_file(sim_guard *guard, guarded *who, guard_view *view,
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

static void receiver_told(sim_guard *guard, guarded *who, const uftp_event *event)
{
    if (event->type == UFTP_EVENT_SESSION_STARTED) {
        receiver_started(guard, who, event);
        return;
    }
    guard_view *view = guard_view_find(guard, who, event->group, event->instance, &event->address);
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
    if (who->store && !guard->objects_unknown)
        guard_store(guard, who);
}

static size_t count_groups(const sim_node *node)
{
    const sim *world = sim_world(node);
    size_t count = 0;
    for (size_t g = 0; g < world->group_count; g++)
        for (size_t i = 0; i < world->groups[g].count; i++)
            count += world->groups[g].members[i].node == node;
    return count;
}

static void on_start(void *ctx, sim_node *node, uint64_t now)
{
    (void)now;
    sim_guard *guard = ctx;
    guarded *who = guard_find(guard, node);
    if (!who)
        return;
    if (++who->incarnation == 1 && who->store)
        guard_remember_store(who);
    who->open = 0;
    who->groups = count_groups(node);
    who->idle_turns = 0;
    who->seq_known = false;
    who->iv_counter = 0;
    if (who->is_sender && !who->config.plain && strcmp(node->core->role, "sender") == 0)
        guard_new_key(guard, who);
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
    who->node = node;
    who->next = guard->nodes;
    guard->nodes = who;
    return who;
}

void sim_guard_sender(sim_guard *guard, sim_node *node, const uftp_sender_config *config,
                      sim_source *source)
{
    UFTP_ASSERT(config->block_size && config->robust && config->grtt_min && config->grtt_max &&
                config->rate_bytes_per_s);
    guarded *who = add(guard, node);
    who->is_sender = true;
    who->config = *config;
    who->source = source;
    if (config->robust > guard->robust_largest)
        guard->robust_largest = config->robust;
}

void sim_guard_receiver(sim_guard *guard, sim_node *node, sim_store *store)
{
    add(guard, node)->store = store;
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

void sim_guard_forgetful(sim_guard *guard, sim_node *node)
{
    guarded *who = guard_find(guard, node);
    who->forgetful = true;
    guard->objects_unknown |= who->is_sender;
}

void sim_guard_secret(sim_guard *guard, const void *bytes, size_t len)
{
    UFTP_ASSERT(len >= 8); /* less is found by accident */
    guard_secret *secret = sim_allocate(sizeof *secret + len);
    secret->next = guard->secrets;
    secret->len = len;
    memcpy(secret->bytes, bytes, len);
    guard->secrets = secret;
}

/* It has left all groups but those that its driver joined for it. */
static void check_groups(const guarded *who)
{
    if (count_groups(who->node) != who->groups)
        guard_fail(who, "%s is in %zu groups, at the start it was in %zu", sim_name(who->node),
                   count_groups(who->node), who->groups);
}

void sim_guard_end(sim_guard *guard)
{
    for (guarded *who = guard->nodes; who; who = who->next) {
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
        if (!session->finished || !sim_running(who->node) ||
            strcmp(who->node->core->role, "sender") != 0)
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

void sim_guard_free(sim_guard *guard)
{
    for (guarded *who = guard->nodes, *next; who; who = next) {
        next = who->next;
        sim_release(who->known);
        sim_release(who);
    }
    for (guard_session *session = guard->sessions, *next; session; session = next) {
        next = session->next;
        free_session(session);
    }
    for (guard_view *view = guard->views, *next; view; view = next) {
        next = view->next;
        sim_release(view->results);
        sim_release(view);
    }
    for (guard_secret *secret = guard->secrets, *next; secret; secret = next) {
        next = secret->next;
        sim_release(secret);
    }
    sim_release(guard->keys);
    sim_release(guard);
}
