/* SPDX-License-Identifier: MIT */
#include "transfer/loss_history.h"

#include "base/arith.h"

#define WINDOW_GRTTS 4 /* spec v5 4.7.6 */
#define GRAINS 256     /* entries that fill a window: half the ring, since a GRTT may grow */

void uftp_loss_history_init(uftp_loss_history *history)
{
    *history = (uftp_loss_history){.slow_start = true};
}

/* ---- what came in, by time ---- */

static uftp_loss_entry *entry_of(uftp_loss_history *h, uint64_t index)
{
    return &h->entries[index % UFTP_LOSS_ENTRIES];
}

static uint64_t entry_oldest(const uftp_loss_history *h)
{
    return h->entry_end > UFTP_LOSS_ENTRIES ? h->entry_end - UFTP_LOSS_ENTRIES : 0;
}

/* Moves the window to where the newest number is. Backwards, too: the GRTT may have grown. */
static void move_window(uftp_loss_history *h, uint64_t grtt)
{
    uint64_t window = WINDOW_GRTTS * grtt;
    uint64_t start = h->newest_at > window ? h->newest_at - window : 0;
    while (h->entry_first < h->entry_end && entry_of(h, h->entry_first)->at < start)
        h->window_bytes -= entry_of(h, h->entry_first++)->bytes;
    while (h->entry_first > entry_oldest(h) && entry_of(h, h->entry_first - 1)->at >= start)
        h->window_bytes += entry_of(h, --h->entry_first)->bytes;
}

static void count_bytes(uftp_loss_history *h, const uftp_loss_packet *packet)
{
    uint64_t grain = WINDOW_GRTTS * packet->grtt / GRAINS;
    uftp_loss_entry *newest = h->entry_end ? entry_of(h, h->entry_end - 1) : NULL;
    bool joins =
        newest && packet->at - newest->at < grain && newest->bytes <= UINT32_MAX - packet->bytes;
    if (joins && h->entry_first == h->entry_end)
        joins = false; /* that entry has left the window already */
    if (!joins) {
        if (h->entry_first + UFTP_LOSS_ENTRIES == h->entry_end) /* its place is needed */
            h->window_bytes -= entry_of(h, h->entry_first++)->bytes;
        newest = entry_of(h, h->entry_end++);
        *newest = (uftp_loss_entry){.at = packet->at};
    }
    newest->packets++;
    newest->bytes += packet->bytes;
    h->window_bytes += packet->bytes;
}

typedef struct amount {
    uint64_t packets, bytes;
} amount;

/* What came within one GRTT before `end`. */
static amount within_grtt(const uftp_loss_history *h, uint64_t end, uint64_t grtt)
{
    uint64_t start = end > grtt ? end - grtt : 0;
    amount sum = {0};
    for (uint64_t i = h->entry_end; i-- > entry_oldest(h);) {
        const uftp_loss_entry *entry = &h->entries[i % UFTP_LOSS_ENTRIES];
        if (entry->at < start)
            break;
        if (entry->at > end)
            continue;
        sum.packets += entry->packets;
        sum.bytes += entry->bytes;
    }
    return sum;
}

uint64_t uftp_loss_history_speed(const uftp_loss_history *history, uint64_t grtt)
{
    return uftp_mul_div(history->window_bytes, UFTP_S(1), WINDOW_GRTTS * grtt);
}

uint64_t uftp_loss_history_speed_now(const uftp_loss_history *history, uint64_t grtt)
{
    return uftp_mul_div(within_grtt(history, history->newest_at, grtt).bytes, UFTP_S(1), grtt);
}

/* ---- loss events ---- */

static uint32_t shortened(uint64_t len)
{
    return len < UINT32_MAX ? (uint32_t)len : UINT32_MAX;
}

static uint64_t packets_per_trip(const uftp_loss_history *h, uint64_t at, uint64_t grtt,
                                 uint64_t rtt)
{
    uint64_t count = uftp_mul_div(within_grtt(h, at, grtt).packets, rtt, grtt);
    return count < UINT32_MAX ? count : UINT32_MAX;
}

/* The first event has no interval before it. One is made up, as long as makes the rate equation
 * give half of what was received when the queue overflowed (RFC 5348 6.3.1). With n packets per
 * round trip the equation's first term gives n = sqrt(3/2 * len), so half of it: len = n^2 / 6.
 * The reference has an eighth where we have a half, and no other factor (spec v5 4.7.5): in RFC
 * 4654 the eight turns bytes to bits, and its rates are in bytes. */
static uint32_t first_interval(uftp_loss_history *h, uint64_t at, const uftp_loss_packet *packet)
{
    uint64_t count = packets_per_trip(h, at, packet->grtt, packet->rtt);
    return shortened(count * count / 6);
}

static uint32_t interval_len(uint64_t from, uint64_t to)
{
    return shortened(to > from ? to - from : 0);
}

/* The number was lost, or marked, at that time. */
static void congested(uftp_loss_history *h, uint64_t number, uint64_t at,
                      const uftp_loss_packet *packet)
{
    if (h->slow_start) {
        h->slow_start = false;
        h->lens[1] = first_interval(h, at, packet);
    } else {
        if (at <= h->event_at + packet->grtt)
            return;
        for (size_t i = UFTP_LOSS_INTERVALS - 1; i > 1; i--)
            h->lens[i] = h->lens[i - 1];
        h->lens[1] = interval_len(h->event, number);
    }
    h->event = number;
    h->event_at = at;
}

/* As for the first event, but all of what was received (len = 2/3 n^2): this time the rate did not
 * double before the queue overflowed. */
void uftp_loss_history_renew(uftp_loss_history *history, uint64_t grtt, uint64_t rtt)
{
    uint64_t count = packets_per_trip(history, history->newest_at, grtt, rtt);
    for (size_t i = 2; i < UFTP_LOSS_INTERVALS; i++)
        history->lens[i] = 0;
    history->lens[1] = shortened(count * count / 3 * 2);
}

/* ---- numbers ---- */

/* The highest number becomes `number`. What is now more than five behind will not come any more. */
static void advance(uftp_loss_history *h, uint64_t number, const uftp_loss_packet *packet)
{
    uint64_t last = h->newest, last_at = h->newest_at;
    uint64_t final_end = number > UFTP_LOSS_PENDING - 1 ? number - (UFTP_LOSS_PENDING - 1) : 0;
    uint64_t pending = last > UFTP_LOSS_PENDING - 1 ? last - (UFTP_LOSS_PENDING - 1) : 0;
    for (uint64_t q = pending > h->first ? pending : h->first + 1; q < final_end && q < last; q++)
        if (!(h->arrived >> (last - q) & 1))
            congested(h, q, h->missing_at[q % (UFTP_LOSS_PENDING + 2)], packet);
    /* All numbers of a gap count as lost when the packet before it came: one event at most. */
    if (last + 1 < final_end)
        congested(h, last + 1, last_at, packet);
    for (uint64_t q = last + 1 > final_end ? last + 1 : final_end; q < number; q++)
        h->missing_at[q % (UFTP_LOSS_PENDING + 2)] = last_at;
    h->arrived = number - last < 32 ? h->arrived << (number - last) | 1 : 1;
    h->newest = number;
    h->newest_at = packet->at;
}

static void begin(uftp_loss_history *h, const uftp_loss_packet *packet)
{
    h->begun = true;
    /* Away from 0, so that nothing that is computed from it is below. */
    h->first = h->newest = (UINT64_C(1) << 16) + packet->seq;
    h->newest_at = packet->at;
    h->arrived = 1;
}

bool uftp_loss_history_add(uftp_loss_history *history, const uftp_loss_packet *packet)
{
    uftp_loss_history *h = history;
    if (!h->begun) {
        begin(h, packet);
        return false;
    }
    uint16_t ahead = (uint16_t)(packet->seq - (uint16_t)h->newest);
    uint16_t behind = (uint16_t)-ahead;
    if (ahead == 0)
        return false; /* a duplicate */
    if (ahead >= 0x8000) {
        if (behind < UFTP_LOSS_PENDING && h->newest - behind > h->first) {
            uint32_t bit = UINT32_C(1) << behind;
            h->late_count = 0;
            if (!(h->arrived & bit)) {
                h->arrived |= bit;
                count_bytes(h, packet);
            }
            return false;
        }
        if (++h->late_count < UFTP_LOSS_LATE_MAX)
            return false;
    }
    h->late_count = 0;
    uint64_t number = h->newest + ahead, event = h->event;
    advance(h, number, packet);
    if (packet->marked)
        congested(h, number, packet->at, packet);
    if (!h->slow_start)
        h->lens[0] = interval_len(h->event, number);
    count_bytes(h, packet);
    move_window(h, packet->grtt);
    return h->event != event;
}

/* Recent intervals count in full, older ones less and less; the open one only if it makes the rate
 * lower (spec v5 4.7.5). Weights in fifths: they cancel out. */
uftp_loss_rate uftp_loss_history_rate(const uftp_loss_history *history)
{
    static const uint8_t weights[UFTP_LOSS_INTERVALS - 1] = {5, 5, 5, 5, 4, 3, 2, 1};
    if (history->slow_start)
        return (uftp_loss_rate){0};
    const uint32_t *lens = history->lens;
    uint64_t with_open = 0, closed = 0, weight = 0;
    for (size_t i = 0; i < UFTP_LOSS_INTERVALS - 1; i++) {
        with_open += (uint64_t)lens[i] * weights[i];
        weight += lens[i] ? weights[i] : 0;
    }
    for (size_t i = 1; i < UFTP_LOSS_INTERVALS && lens[i]; i++)
        closed += (uint64_t)lens[i] * weights[i - 1];
    uint64_t packets = with_open > closed ? with_open : closed;
    if (packets == 0) /* the event's own packet is the newest: it is an interval of one */
        return (uftp_loss_rate){.events = 1, .packets = 1};
    return (uftp_loss_rate){.events = weight, .packets = packets};
}
