/* SPDX-License-Identifier: MIT
 *
 * Time: whoever has a session open has a timer running that ends it, nobody wakes for nothing, and
 * no session goes on when nothing has come of it for longer than its limits allow.
 */
#include "invariants/internal.h"

#include "engine/sender_node.h"

#include <inttypes.h>

/* So many turns in a row without a datagram in or out and without an event are no accident. */
#define IDLE_TURNS_MAX 40
/* A receiver's longest timer: 5 * GRTT * ROBUST, at least a second (spec v5 4.10). */
#define RECEIVER_FACTOR 5
/* A sender's longest: three round trips, or the gap to its next datagram. */
#define SENDER_FACTOR 3

/* A sender repeats itself ROBUST times to those who do not answer. */
#define SILENCE_FACTOR 4
/* What it tells each receiver in a round of answers: an entry of KEYINFO. */
#define ANSWER_LEN 64

static uint64_t patience(const sim_guard *guard, const guarded *who)
{
    if (!who->is_sender) {
        uint64_t limit = RECEIVER_FACTOR * guard->grtt_largest * guard->robust_largest;
        return limit > UFTP_S(1) ? limit : UFTP_S(1);
    }
    uint64_t gap = guard_wire_interval(who, 2 * UFTP_DATAGRAM_MAX) + UFTP_MS(1);
    uint64_t limit = SENDER_FACTOR * who->config.grtt_max;
    return limit > gap ? limit : gap;
}

/* How long nothing at all may come of a session. A receiver that hears nobody gives up when its
 * longest timer has run out; a sender must be heard, or have blocks to send. */
static uint64_t silence_max(const sim_guard *guard, const guarded *who)
{
    if (!who->is_sender)
        return SILENCE_FACTOR * patience(guard, who);
    uftp_sender_stats stats = {0};
    if (guard_is_core(who))
        uftp_sender_stats_get(sim_sender(who->node), &stats);
    uint64_t round = patience(guard, who) + guard_wire_interval(who, ANSWER_LEN * stats.clients);
    return SILENCE_FACTOR * who->config.robust * round;
}

static void check_silence(const sim_guard *guard, guarded *who, uint64_t now)
{
    if (now - who->heard_at <= silence_max(guard, who))
        return;
    uftp_sender_stats stats = {0};
    if (guard_is_core(who))
        uftp_sender_stats_get(sim_sender(who->node), &stats);
    if (stats.blocks_sent == who->blocks)
        guard_fail(who, "%s has a session open, and nothing has come of it for %" PRIu64 " s",
                   sim_name(who->node), (now - who->heard_at) / UFTP_S(1));
    who->blocks = stats.blocks_sent;
    who->heard_at = now;
}

/* A minute is always allowed: so the question is asked rarely. */
#define SILENCE_MIN UFTP_S(60)

void guard_turn(const sim_guard *guard, guarded *who, uint64_t now, uint64_t deadline)
{
    const sim_counters *count = sim_count(who->node);
    uint64_t effects = count->sent_total + count->arrived_total + who->events;
    who->idle_turns = effects == who->effects ? who->idle_turns + 1 : 0;
    who->effects = effects;
    if (who->idle_turns > IDLE_TURNS_MAX)
        guard_fail(who, "%s has woken up %" PRIu64 " times for nothing", sim_name(who->node),
                   who->idle_turns);
    if (who->open == 0 || count->arrived_total != who->heard) {
        who->heard = count->arrived_total;
        who->heard_at = now;
    }
    if (who->is_sender)
        guard_follow_rate(who, sim_node_now(who->node));
    if (who->open == 0)
        return;
    if (now - who->heard_at > SILENCE_MIN)
        check_silence(guard, who, now);
    if (deadline == UFTP_NEVER)
        guard_fail(who, "%s has a session open and no timer", sim_name(who->node));
    /* A clock may run at half the speed. */
    if (deadline - now > 2 * patience(guard, who))
        guard_fail(who, "%s sleeps for %" PRIu64 " ms, longer than any timer of its session",
                   sim_name(who->node), (deadline - now) / UFTP_MS(1));
}
