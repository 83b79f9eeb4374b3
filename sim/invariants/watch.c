/* SPDX-License-Identifier: MIT */
#include "invariants/internal.h"

#include "base/assert.h"
#include "engine/sender_node.h"
#include "session/sender_internal.h"

#include <inttypes.h>
#include <string.h>

void *watch_grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? 2 * *capacity : 8;
    return sim_reallocate(array, *capacity * size);
}

/* ---- questions ---- */

watched *watch_find(sim_watch *watch, const sim_node *node)
{
    for (watched *who = watch->nodes; who; who = who->next)
        if (who->node == node)
            return who;
    return NULL;
}

watched *watch_find_uid(sim_watch *watch, uint32_t uid)
{
    for (watched *who = watch->nodes; who; who = who->next)
        if (!who->is_sender && sim_index(who->node) + 1 == uid)
            return who;
    return NULL;
}

watch_session *watch_session_find(const sim_watch *watch, uint32_t group, uint8_t instance)
{
    watch_session *session = watch->sessions;
    while (session && (session->group != group || session->instance != instance))
        session = session->next;
    return session;
}

watch_view *watch_view_find(const sim_watch *watch, const watched *receiver, uint32_t group,
                            uint8_t instance)
{
    watch_view *view = watch->views;
    while (view &&
           (view->receiver != receiver || view->group != group || view->instance != instance))
        view = view->next;
    return view;
}

watch_result *watch_result_find(const watch_view *view, uint16_t file_id)
{
    for (size_t i = view->count; i > 0; i--)
        if (view->results[i - 1].file_id == file_id)
            return &view->results[i - 1];
    return NULL;
}

const watch_object *watch_object_find(const watch_session *session, uint16_t file_id)
{
    for (size_t i = session->count; i > 0; i--)
        if (session->objects[i - 1].file_id == file_id)
            return &session->objects[i - 1];
    return NULL;
}

/* ---- what senders tell ---- */

static void sender_started(sim_watch *watch, watched *who, const uftp_event *event)
{
    watch_session *session = sim_allocate(sizeof *session);
    *session = (watch_session){
        .next = watch->sessions, .sender = who, .group = event->group, .instance = event->instance};
    watch->sessions = session;
    who->open++;
}

static void add_object(watch_session *session, const uftp_event *event)
{
    session->objects =
        watch_grow(session->objects, session->count, &session->capacity, sizeof *session->objects);
    session->objects[session->count++] = (watch_object){.file_id = event->file_id,
                                                        .type = event->file_type,
                                                        .name = sim_copy_text(event->name),
                                                        .path = sim_copy_text(event->path)};
}

static void sender_told(sim_watch *watch, watched *who, const uftp_event *event)
{
    if (event->type == UFTP_EVENT_SESSION_STARTED) {
        sender_started(watch, who, event);
        return;
    }
    watch_session *session = watch_session_find(watch, event->group, event->instance);
    if (event->type == UFTP_EVENT_PHASE && session) {
        if (event->phase < session->phase && event->phase != UFTP_SENDER_FILEINFO)
            watch_fail(who, "%s went back from phase %u to %u", sim_name(who->node), session->phase,
                       event->phase);
        session->phase = event->phase;
    }
    if (!session)
        return; /* the phase of the beginning is told before it */
    if (session->finished && event->type != UFTP_EVENT_SENT && event->type != UFTP_EVENT_REJECTED)
        watch_fail(who, "%s: %s after the end of the session", sim_name(who->node),
                   uftp_event_name(event->type));
    if (event->type == UFTP_EVENT_FILE_STARTED)
        add_object(session, event);
    if (event->type == UFTP_EVENT_CLIENT_NAKS)
        session->naks += event->count;
    if (event->type == UFTP_EVENT_SESSION_FINISHED) {
        session->finished = true;
        who->open--;
    }
    watch_client_event(watch, who, event);
}

/* ---- what receivers tell ---- */

static void receiver_started(sim_watch *watch, watched *who, const uftp_event *event)
{
    const watch_view *before = watch_view_find(watch, who, event->group, event->instance);
    if (before && !before->finished && before->incarnation == who->incarnation)
        watch_fail(who, "%s began session %08X twice", sim_name(who->node), event->group);
    watch_view *view = sim_allocate(sizeof *view);
    *view = (watch_view){.next = watch->views,
                         .receiver = who,
                         .group = event->group,
                         .instance = event->instance,
                         .incarnation = who->incarnation};
    watch->views = view;
    who->open++;
}

static watch_result *begin_result(watch_view *view, const uftp_event *event)
{
    view->results = watch_grow(view->results, view->count, &view->capacity, sizeof *view->results);
    view->results[view->count] =
        (watch_result){.file_id = event->file_id, .type = event->file_type, .size = event->size};
    return &view->results[view->count++];
}

static void receiver_finished_file(sim_watch *watch, watched *who, watch_view *view,
                                   const uftp_event *event)
{
    watch_result *result = watch_result_find(view, event->file_id);
    if (!result || result->finished)
        watch_fail(who, "%s finished file %u, which it had not begun", sim_name(who->node),
                   event->file_id);
    result->finished = true;
    result->status = event->status;
    result->error = event->error;
    if (event->error == UFTP_OK)
        watch_finished_object(watch, who, event);
    else if (event->status == UFTP_COMPLETE_SKIPPED)
        watch_fail(who, "%s skipped file %u with error %d", sim_name(who->node), event->file_id,
                   event->error);
}

static void receiver_told(sim_watch *watch, watched *who, const uftp_event *event)
{
    if (event->type == UFTP_EVENT_SESSION_STARTED) {
        receiver_started(watch, who, event);
        return;
    }
    watch_view *view = watch_view_find(watch, who, event->group, event->instance);
    bool of_session =
        event->type == UFTP_EVENT_SESSION_READY || event->type == UFTP_EVENT_SESSION_FINISHED ||
        event->type == UFTP_EVENT_FILE_STARTED || event->type == UFTP_EVENT_FILE_FINISHED;
    if (of_session && (!view || view->finished || view->incarnation != who->incarnation))
        watch_fail(who, "%s: %s outside of a session", sim_name(who->node),
                   uftp_event_name(event->type));
    if (event->type == UFTP_EVENT_SESSION_READY)
        view->ready = true;
    if (event->type == UFTP_EVENT_FILE_STARTED)
        begin_result(view, event);
    if (event->type == UFTP_EVENT_FILE_FINISHED)
        receiver_finished_file(watch, who, view, event);
    if (event->type == UFTP_EVENT_RECEIVED && view && event->message == UFTP_MESSAGE_DONE &&
        event->file_id == 0)
        view->done = true;
    if (event->type == UFTP_EVENT_SESSION_FINISHED) {
        if (event->result == UFTP_RESULT_OK && !view->done)
            watch_fail(who, "%s is through without having heard the end", sim_name(who->node));
        view->finished = true;
        view->result = event->result;
        who->open--;
    }
}

/* ---- hooks ---- */

static void on_event(void *ctx, sim_node *node, uint64_t now, const uftp_event *event)
{
    (void)now;
    sim_watch *watch = ctx;
    watched *who = watch_find(watch, node);
    if (!who)
        return;
    who->events++;
    if (who->forgetful || (watch->objects_unknown && !who->is_sender))
        return;
    if (who->is_sender)
        sender_told(watch, who, event);
    else
        receiver_told(watch, who, event);
}

static void on_send(void *ctx, sim_node *node, uint64_t now, const sim_packet *packet)
{
    sim_watch *watch = ctx;
    watched *who = watch_find(watch, node);
    if (who)
        watch_datagram(watch, who, now, packet);
}

static void on_turn(void *ctx, sim_node *node, uint64_t now, uint64_t deadline)
{
    sim_watch *watch = ctx;
    watched *who = watch_find(watch, node);
    if (!who)
        return;
    watch_turn(watch, who, now, deadline);
    if (who->store && !watch->objects_unknown)
        watch_store(watch, who);
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
    sim_watch *watch = ctx;
    watched *who = watch_find(watch, node);
    if (!who)
        return;
    if (++who->incarnation == 1 && who->store)
        watch_remember_store(who);
    who->open = 0;
    who->groups = count_groups(node);
    who->idle_turns = 0;
    who->seq_known = false;
    who->iv_counter = 0;
    if (who->is_sender && !who->config.plain && strcmp(node->core->role, "sender") == 0)
        watch_new_key(watch, who);
}

void sim_watch_hooks(sim_watch *watch, sim_options *options)
{
    UFTP_ASSERT(!options->on_event && !options->on_send && !options->on_turn && !options->on_start);
    options->on_event = on_event;
    options->on_send = on_send;
    options->on_turn = on_turn;
    options->on_start = on_start;
    options->ctx = watch;
}

/* ---- life ---- */

sim_watch *sim_watch_new(void)
{
    return sim_allocate(sizeof(sim_watch));
}

static watched *add(sim_watch *watch, sim_node *node)
{
    watched *who = sim_allocate(sizeof *who);
    who->node = node;
    who->next = watch->nodes;
    watch->nodes = who;
    return who;
}

void sim_watch_sender(sim_watch *watch, sim_node *node, const uftp_sender_config *config,
                      sim_source *source)
{
    UFTP_ASSERT(config->block_size && config->robust && config->grtt_min && config->grtt_max &&
                config->rate_bytes_per_s);
    watched *who = add(watch, node);
    who->is_sender = true;
    who->config = *config;
    who->source = source;
    if (config->robust > watch->robust_largest)
        watch->robust_largest = config->robust;
}

void sim_watch_receiver(sim_watch *watch, sim_node *node, sim_store *store)
{
    add(watch, node)->store = store;
}

void sim_watch_set_owner(sim_watch *watch, void *owner)
{
    watch->owner = owner;
}

void *sim_watch_owner(const sim_watch *watch)
{
    return watch->owner;
}

void sim_watch_damaged(sim_watch *watch)
{
    watch->damaged = true;
}

void sim_watch_forgetful(sim_watch *watch, sim_node *node)
{
    watched *who = watch_find(watch, node);
    who->forgetful = true;
    watch->objects_unknown |= who->is_sender;
}

void sim_watch_secret(sim_watch *watch, const void *bytes, size_t len)
{
    UFTP_ASSERT(len >= 8); /* less is found by accident */
    watch_secret *secret = sim_allocate(sizeof *secret + len);
    secret->next = watch->secrets;
    secret->len = len;
    memcpy(secret->bytes, bytes, len);
    watch->secrets = secret;
}

/* It has left all groups but those that its driver joined for it. */
static void check_groups(const watched *who)
{
    if (count_groups(who->node) != who->groups)
        watch_fail(who, "%s is in %zu groups, at the start it was in %zu", sim_name(who->node),
                   count_groups(who->node), who->groups);
}

void sim_watch_end(sim_watch *watch)
{
    for (watched *who = watch->nodes; who; who = who->next) {
        if (!sim_running(who->node))
            continue;
        if (who->open)
            watch_fail(who, "%s: all is quiet, but %u sessions are open", sim_name(who->node),
                       who->open);
        check_groups(who);
        if (who->store)
            watch_leftovers(who);
    }
    for (watch_session *session = watch->sessions; session; session = session->next) {
        watched *who = session->sender;
        if (!session->finished || !sim_running(who->node) ||
            strcmp(who->node->core->role, "sender") != 0)
            continue;
        uftp_sender *sender = sim_sender(who->node);
        if (uftp_sender_group(sender) != session->group)
            continue; /* of an earlier incarnation */
        uftp_sender_stats stats;
        uftp_sender_stats_get(sender, &stats);
        if (stats.blocks_repeated > session->naks && !who->forgetful)
            watch_fail(who, "%s repeated %" PRIu64 " blocks, and only %" PRIu64 " were asked for",
                       sim_name(who->node), stats.blocks_repeated, session->naks);
        for (uint32_t i = 0; i < stats.clients; i++) {
            uftp_client_info info;
            uftp_sender_client_get(sender, i, &info);
            sim_watch_report(watch, who->node, session->group, session->instance, &info);
        }
    }
}

static void free_session(watch_session *session)
{
    for (size_t i = 0; i < session->count; i++) {
        sim_release(session->objects[i].name);
        sim_release(session->objects[i].path);
    }
    sim_release(session->objects);
    sim_release(session);
}

void sim_watch_free(sim_watch *watch)
{
    for (watched *who = watch->nodes, *next; who; who = next) {
        next = who->next;
        sim_release(who->known);
        sim_release(who);
    }
    for (watch_session *session = watch->sessions, *next; session; session = next) {
        next = session->next;
        free_session(session);
    }
    for (watch_view *view = watch->views, *next; view; view = next) {
        next = view->next;
        sim_release(view->results);
        sim_release(view);
    }
    for (watch_secret *secret = watch->secrets, *next; secret; secret = next) {
        next = secret->next;
        sim_release(secret);
    }
    sim_release(watch->keys);
    sim_release(watch);
}
