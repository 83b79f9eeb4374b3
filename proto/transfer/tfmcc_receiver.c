/* SPDX-License-Identifier: MIT */
#include "transfer/tfmcc_receiver.h"

#include <uftp/quantise.h>

/* No receiver counts as nearer than this (spec v5 4.3). */
#define RTT_MIN UFTP_MS(1)

/* CONG_CTRLs in a row that must meet no queue: one alone may be chance. */
#define EMPTY_COUNT 2
/* So much of what arrives is asked for on top when the network has become wider: a half. Slow start
 * asks for as much again, and overshoots by as much. */
#define PROBE_STEP 2

void uftp_tfmcc_receiver_init(uftp_tfmcc_receiver *receiver, uint64_t packet_len)
{
    *receiver = (uftp_tfmcc_receiver){.packet_len = packet_len, .deadline = UFTP_NEVER};
    uftp_loss_history_init(&receiver->history);
}

void uftp_tfmcc_receiver_restart(uftp_tfmcc_receiver *receiver)
{
    receiver->round_known = false;
    receiver->is_clr = false;
    receiver->deadline = UFTP_NEVER;
    receiver->empty_count = 0;
    receiver->probing = false;
}

/* ---- the rate ---- */

static uint64_t rate_of_history(const uftp_tfmcc_receiver *receiver, uint64_t grtt)
{
    const uftp_loss_rate loss = uftp_loss_history_rate(&receiver->history);
    return uftp_tfmcc_rate(receiver->packet_len, receiver->rtt ? receiver->rtt : grtt, &loss);
}

/* Without a loss yet: twice what came in lately, so that the sender doubles its rate. */
uint64_t uftp_tfmcc_receiver_rate(const uftp_tfmcc_receiver *receiver, uint64_t grtt)
{
    if (receiver->history.slow_start)
        return 2 * uftp_loss_history_speed(&receiver->history, grtt);
    uint64_t rate = rate_of_history(receiver, grtt);
    if (!receiver->probing)
        return rate;
    uint64_t arrived = uftp_loss_history_speed_now(&receiver->history, grtt);
    uint64_t probe = receiver->queue_seen ? arrived : arrived + arrived / PROBE_STEP;
    return probe > rate ? probe : rate;
}

/* ---- when the network has become wider ----
 *
 * The history knows how often there was congestion. That there is none any more it learns only
 * when that has lasted longer than it usually did, which at n packets per round trip are 2n/3 round
 * trips; and from then on the sender adds a packet in each (RFC 4654). The queue in front of the
 * bottleneck knows at once: a line that is full has one. When it is gone, and stays away, we feel
 * our way up as in slow start, but by halves, until a queue begins to grow again; ask for what
 * arrives from then on; and with the next loss event the history has the word again. Where losses
 * come without a queue, or the queue is too short to be told from jitter, nothing of this happens.
 */

static bool queue_vanished(uftp_tfmcc_receiver *receiver, uint64_t grtt)
{
    const uftp_queue_delay *queue = &receiver->queue;
    bool vanished = queue->usual > grtt / 8 && queue->now < queue->usual / 4;
    receiver->empty_count = vanished ? receiver->empty_count + 1 : 0;
    return receiver->empty_count >= EMPTY_COUNT;
}

void uftp_tfmcc_receiver_stamped(uftp_tfmcc_receiver *receiver, uint64_t sent_us, uint64_t at,
                                 uint64_t grtt)
{
    const uint64_t usual = receiver->queue.usual;
    uftp_queue_delay_add(&receiver->queue, sent_us, at);
    if (receiver->probing && !receiver->queue_seen)
        receiver->queue.usual = usual; /* kept, to compare with */
    if (queue_vanished(receiver, grtt)) {
        receiver->probing = receiver->is_clr && !receiver->history.slow_start;
        receiver->queue_seen = false;
    } else if (receiver->queue.now > receiver->queue.usual / 2) {
        receiver->queue_seen = true;
    }
}

/* A loss event ends the probe. Where it has led to much more than the history allows, the history
 * is of another network: it begins anew with what arrives now. */
void uftp_tfmcc_receiver_congested(uftp_tfmcc_receiver *receiver, uint64_t grtt)
{
    receiver->empty_count = 0;
    if (!receiver->probing)
        return;
    receiver->probing = false;
    uint64_t arrived = uftp_loss_history_speed_now(&receiver->history, grtt);
    if (arrived / 3 * 2 > rate_of_history(receiver, grtt))
        uftp_loss_history_renew(&receiver->history, grtt, receiver->rtt ? receiver->rtt : grtt);
}

/* ---- feedback ---- */

static bool begin_round(uftp_tfmcc_receiver *receiver, const uftp_tfmcc_word *word)
{
    receiver->round_known = true;
    receiver->round = word->round;
    receiver->rate_at_start = uftp_tfmcc_receiver_rate(receiver, word->grtt);
    if (receiver->is_clr)
        return false;
    uint64_t wait = uftp_tfmcc_backoff(word->grtt, word->group_size, word->draw);
    receiver->deadline = wait ? word->now + wait : UFTP_NEVER;
    return wait == 0;
}

/* Somebody slower than we are has spoken; and we are near enough for that to be recent. */
static bool suppressed(const uftp_tfmcc_receiver *receiver, const uftp_tfmcc_word *word)
{
    uint64_t slowest = uftp_rate_expand(word->rate);
    return word->grtt > receiver->rtt &&
           (slowest < receiver->rate_at_start ||
            (slowest < UFTP_TFMCC_RATE_ANY &&
             slowest < uftp_tfmcc_receiver_rate(receiver, word->grtt)));
}

bool uftp_tfmcc_receiver_is_new(const uftp_tfmcc_receiver *receiver, uint16_t round)
{
    return !receiver->round_known || (int16_t)(uint16_t)(round - receiver->round) > 0;
}

bool uftp_tfmcc_receiver_hear(uftp_tfmcc_receiver *receiver, const uftp_tfmcc_word *word)
{
    if (uftp_tfmcc_receiver_is_new(receiver, word->round))
        return begin_round(receiver, word);
    if (!receiver->is_clr && word->round == receiver->round && receiver->deadline != UFTP_NEVER &&
        suppressed(receiver, word))
        receiver->deadline = UFTP_NEVER;
    return false;
}

bool uftp_tfmcc_receiver_listed(uftp_tfmcc_receiver *receiver, const uftp_cong_item *item,
                                uint64_t now, uint64_t grtt)
{
    bool was_clr = receiver->is_clr;
    receiver->is_clr = item && item->flags & UFTP_CONG_CLR;
    if (receiver->is_clr) /* the next should come within a GRTT; half of one for its jitter */
        receiver->deadline = now + grtt + grtt / 2;
    else if (was_clr)
        receiver->deadline = UFTP_NEVER;
    if (!receiver->is_clr)
        receiver->probing = false; /* somebody else is what limits the rate */
    if (!item)
        return false;
    if (item->flags & UFTP_CONG_RTT) {
        uint64_t rtt = uftp_grtt_expand(item->rtt);
        if (rtt < RTT_MIN)
            rtt = RTT_MIN;
        /* The first one as it is, as RFC 4654 has it; the reference smooths it against 0. */
        if (receiver->rtt == 0)
            receiver->rtt = rtt;
        else if (receiver->is_clr) /* hears one at every round trip: slowly */
            receiver->rtt = receiver->rtt / 10 * 9 + rtt / 10;
        else
            receiver->rtt = receiver->rtt / 2 + rtt / 2;
    }
    return receiver->is_clr;
}

/* The CLR is asked by CONG_CTRL at every round trip. When the network is so congested that these
 * are lost, too, is not the time to keep silent, as the reference does: RFC 4654 has the CLR report
 * unasked. */
bool uftp_tfmcc_receiver_expired(uftp_tfmcc_receiver *receiver, uint64_t now, uint64_t grtt)
{
    receiver->deadline = receiver->is_clr ? now + grtt : UFTP_NEVER;
    return true;
}

void uftp_tfmcc_receiver_report(const uftp_tfmcc_receiver *receiver, uint64_t grtt,
                                uftp_tfmcc_ack *out)
{
    *out = (uftp_tfmcc_ack){
        .flags =
            (uint8_t)((receiver->history.slow_start || receiver->probing ? UFTP_TFMCC_START : 0) |
                      (receiver->rtt ? UFTP_TFMCC_RTT : 0)),
        .cc_seq = receiver->round,
        .cc_rate = uftp_rate_quantise(uftp_tfmcc_receiver_rate(receiver, grtt)),
    };
}
