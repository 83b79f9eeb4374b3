/* SPDX-License-Identifier: MIT
 *
 * A sender's view of a receiver never runs ahead of what the receiver itself has told.
 */
#include "invariants/internal.h"

#include <inttypes.h>

static guard_view *view_of(const sim_guard *guard, uint32_t uid, uint32_t group, uint8_t instance)
{
    const guarded *receiver = guard_find_uid(guard, uid);
    return receiver ? guard_view_find(receiver, group, instance, NULL) : NULL;
}

static void check_complete(guarded *sender, const guard_view *view, const uftp_event *event)
{
    if (event->file_id == 0) {
        if (!view->done)
            guard_fail_between(sender, view->receiver,
                               "%s believes that %s is through, which it is not",
                               sim_name(sender->node), sim_name(view->receiver->node));
        return;
    }
    const guard_result *result = guard_result_find(view, event->file_id);
    if (!result || !result->finished)
        guard_fail_between(sender, view->receiver,
                           "%s believes that %s has file %u, which it has not",
                           sim_name(sender->node), sim_name(view->receiver->node), event->file_id);
    if (result->status != event->status ||
        (result->error < 0) != (event->status == UFTP_COMPLETE_REJECTED))
        guard_fail_between(sender, view->receiver,
                           "%s believes that %s ended file %u with status %u; that was %u (%d)",
                           sim_name(sender->node), sim_name(view->receiver->node), event->file_id,
                           event->status, result->status, result->error);
}

void guard_client_event(sim_guard *guard, guarded *sender, const uftp_event *event)
{
    bool registered = event->type == UFTP_EVENT_CLIENT_REGISTERED;
    bool confirmed = event->type == UFTP_EVENT_CLIENT_CONFIRMED;
    bool complete = event->type == UFTP_EVENT_CLIENT_COMPLETE;
    if (!registered && !confirmed && !complete)
        return;
    if (guard->objects_unknown) /* then receivers are not listened to */
        return;
    if (guard->damaged && (registered || sender->config.plain))
        return;
    const guarded *receiver = guard_find_uid(guard, event->peer);
    if (receiver && receiver->forgetful)
        return;
    if (guard->proxied && !receiver)
        return; /* a proxy */
    const guard_view *view = view_of(guard, event->peer, event->group, event->instance);
    if (!view)
        guard_fail(sender, "%s knows a receiver %08" PRIX32 " that never came to its session",
                   sim_name(sender->node), event->peer);
    const guard_session *session = guard_session_find(guard, event->group, event->instance);
    if (confirmed && session->phase == UFTP_SENDER_ANNOUNCE && !sender->config.plain &&
        !view->ready && !guard->proxied)
        guard_fail_between(sender, view->receiver,
                           "%s believes that %s holds the keys, which it does not",
                           sim_name(sender->node), sim_name(view->receiver->node));
    if (confirmed && session->phase == UFTP_SENDER_FILEINFO &&
        !guard_result_find(view, event->file_id))
        guard_fail_between(sender, view->receiver,
                           "%s believes that %s knows file %u, which it does not",
                           sim_name(sender->node), sim_name(view->receiver->node), event->file_id);
    if (complete)
        check_complete(sender, view, event);
}

/* ---- the report ---- */

typedef struct truth {
    uint32_t copied, overwritten, skipped, rejected;
    uint64_t bytes;
} truth;

static truth truth_of(const guard_view *view)
{
    truth t = {0};
    for (size_t i = 0; i < view->count; i++) {
        const guard_result *result = &view->results[i];
        if (!result->finished || (result->error && result->status != UFTP_COMPLETE_REJECTED))
            continue;
        t.copied += result->status == UFTP_COMPLETE_NORMAL;
        t.overwritten += result->status == UFTP_COMPLETE_OVERWRITE;
        t.skipped += result->status == UFTP_COMPLETE_SKIPPED;
        t.rejected += result->status == UFTP_COMPLETE_REJECTED;
        if (result->type == UFTP_FILE_REGULAR &&
            (result->status == UFTP_COMPLETE_NORMAL || result->status == UFTP_COMPLETE_OVERWRITE))
            t.bytes += result->size;
    }
    return t;
}

void sim_guard_report(sim_guard *guard, sim_node *node, uint32_t group, uint8_t instance,
                      const uftp_client_info *info)
{
    const guarded *sender = guard_find(guard, node), *receiver = guard_find_uid(guard, info->uid);
    if (guard->objects_unknown || info->is_proxy || (receiver && receiver->forgetful))
        return;
    const guard_view *view = view_of(guard, info->uid, group, instance);
    uint32_t files = info->copied + info->overwritten + info->skipped + info->rejected;
    if (!view) {
        if (files || info->state == UFTP_CLIENT_DONE)
            guard_fail(sender, "%s reports %u files at %s, which was never there",
                       sim_name(sender->node), files, info->name);
        return;
    }
    if (view->receiver->incarnation > 1)
        return; /* what it knew before its crash is gone */
    const truth t = truth_of(view);
    bool all = info->state == UFTP_CLIENT_DONE; /* otherwise the last words may have been lost */
    bool more = info->copied > t.copied || info->overwritten > t.overwritten ||
                info->skipped > t.skipped || info->rejected > t.rejected || info->bytes > t.bytes;
    bool less = info->copied < t.copied || info->overwritten < t.overwritten ||
                info->skipped < t.skipped || info->rejected < t.rejected || info->bytes < t.bytes;
    if (more || (all && less))
        guard_fail_between(
            sender, view->receiver,
            "%s reports of %s: %u copied, %u overwritten, %u skipped, %u rejected, %" PRIu64
            " bytes; that were %u, %u, %u, %u, %" PRIu64,
            sim_name(sender->node), info->name, info->copied, info->overwritten, info->skipped,
            info->rejected, info->bytes, t.copied, t.overwritten, t.skipped, t.rejected, t.bytes);
    if (all && view->finished && view->result != UFTP_RESULT_OK && !view->done)
        guard_fail_between(sender, view->receiver, "%s reports success of %s, which failed",
                           sim_name(sender->node), info->name);
}

/* ---- all well ---- */

static void check_got_it(const guarded *receiver, const guard_view *view,
                         const guard_session *session)
{
    if (!view || !view->finished || view->result != UFTP_RESULT_OK)
        guard_fail_between(receiver, session->sender,
                           "%s did not get through the session of %s, with no reason to fail",
                           sim_name(receiver->node), sim_name(session->sender->node));
    for (size_t i = 0; i < session->count; i++) {
        const guard_object *object = &session->objects[i];
        const guard_result *result = guard_result_find(view, object->file_id);
        if (!result || !result->finished || result->error < 0)
            guard_fail_between(receiver, session->sender,
                               "%s did not get \"%s\", with no reason to fail",
                               sim_name(receiver->node), object->name);
    }
}

void sim_guard_got_it(sim_guard *guard, sim_node *node)
{
    const guarded *who = guard_find(guard, node);
    for (const guard_session *session = guard->sessions; session; session = session->next)
        check_got_it(who, guard_view_find(who, session->group, session->instance, NULL), session);
}
