/* SPDX-License-Identifier: MIT
 *
 * Time: whoever has a session open has a timer running that ends it, and nobody wakes for nothing.
 */
#include "invariants/internal.h"

#include <inttypes.h>

/* So many turns in a row without a datagram in or out and without an event are no accident. */
#define IDLE_TURNS_MAX 40
/* A receiver's longest timer: 5 * GRTT * ROBUST, at least a second (spec v5 4.10). */
#define RECEIVER_FACTOR 5
/* A sender's longest: three round trips, or the gap to its next datagram. */
#define SENDER_FACTOR 3

static uint64_t patience(const sim_guard *guard, const guarded *who)
{
    if (!who->is_sender) {
        uint64_t limit = RECEIVER_FACTOR * guard->grtt_largest * guard->robust_largest;
        return limit > UFTP_S(1) ? limit : UFTP_S(1);
    }
    uint64_t rate = who->config.rate_bytes_per_s;
    uint64_t gap =
        rate == UFTP_RATE_UNLIMITED ? 0 : 2 * UFTP_DATAGRAM_MAX * UFTP_S(1) / rate + UFTP_MS(1);
    uint64_t limit = SENDER_FACTOR * who->config.grtt_max;
    return limit > gap ? limit : gap;
}

void guard_turn(const sim_guard *guard, guarded *who, uint64_t now, uint64_t deadline)
{
    const sim_counters *count = sim_count(who->node);
    uint64_t effects = count->sent_total + count->arrived_total + who->events;
    who->idle_turns = effects == who->effects ? who->idle_turns + 1 : 0;
    who->effects = effects;
    if (who->idle_turns > IDLE_TURNS_MAX)
        guard_fail(who, "%s has woken up %" PRIu64 " times for nothing", sim_name(who->node),
                   who->idle_turns);
    if (who->open == 0)
        return;
    if (deadline == UFTP_NEVER)
        guard_fail(who, "%s has a session open and no timer", sim_name(who->node));
    /* A clock may run at half the speed. */
    if (deadline - now > 2 * patience(guard, who))
        guard_fail(who, "%s sleeps for %" PRIu64 " ms, longer than any timer of its session",
                   sim_name(who->node), (deadline - now) / UFTP_MS(1));
}
