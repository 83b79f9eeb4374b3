/* SPDX-License-Identifier: MIT
 *
 * Every datagram as it leaves a node.
 */
#include "invariants/internal.h"

#include "base/arith.h"
#include "crypto/cbc.h"
#include "engine/sender_node.h"
#include "session/packet.h"
#include "session/sender_internal.h"
#include <uftp/quantise.h>

#include <inttypes.h>
#include <string.h>

/* The fixed part of a message, its name and link included: its length is one byte, in words. */
#define MESSAGE_HEADER_MAX (255 * 4)
#define IP_OVERHEAD_IPV4 28
/* What a sender may be ahead of its rate: the pacer makes up for so much of a late wake-up, and a
 * burst is a millisecond's worth (transfer/pacer.c). */
#define CREDIT UFTP_MS(10)
#define BURST UFTP_MS(1)

/* ---- secrets ---- */

static void check_secrets(const sim_guard *guard, const guarded *who, const sim_packet *packet)
{
    const sim_secret *secret = sim_secrets_in(&guard->secrets, packet->bytes, packet->len);
    if (secret)
        guard_fail(who, "%s sent a secret in the clear: %s", sim_name(who->node), secret->what);
}

/* One key, one counter: (spec v5 3.10) a pair that comes twice gives away the plaintext of both. */
static void check_counter(const guarded *who, uint64_t *last, uint64_t counter)
{
    if (counter <= *last)
        guard_fail(who, "%s used IV counter %" PRIu64 " after %" PRIu64, sim_name(who->node),
                   counter, *last);
    *last = counter;
}

/* In version 4 all of a group have one key, and an IV is made of the UID and the counter (spec v4
 * 6.5): a receiver that is started again while its session lasts has the same UID and key. */
static void check_earlier(const guarded *who, const guard_view *view, uint64_t counter)
{
    for (const guard_view *other = view->next; other; other = other->next)
        if (other->group == view->group && other->instance == view->instance && other->iv_first &&
            counter >= other->iv_first && counter <= other->iv_counter)
            guard_fail(who, "%s used IV counter %" PRIu64 ", as it had before it was started again",
                       sim_name(who->node), counter);
}

/* ---- lengths ---- */

static size_t list_len(const uftp_message *message)
{
    switch (message->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        return 4 * message->as.announce.members.count;
    case UFTP_MESSAGE_REG_CONF:
        return 4 * message->as.reg_conf.clients.count;
    case UFTP_MESSAGE_DONE_CONF:
        return 4 * message->as.done_conf.clients.count;
    case UFTP_MESSAGE_KEYINFO:
        return UFTP_KEYINFO_ENTRY_LEN * message->as.keyinfo.entry_count;
    case UFTP_MESSAGE_FILEINFO:
        return 4 * message->as.fileinfo.clients.count;
    case UFTP_MESSAGE_FILESEG:
        return message->as.fileseg.data.len;
    case UFTP_MESSAGE_DONE:
        return 4 * message->as.done.clients.count;
    case UFTP_MESSAGE_STATUS:
        return message->as.status.naks.len;
    default:
        return 0;
    }
}

/* ---- one datagram ---- */

static uint16_t block_size_of(const sim_guard *guard, const guarded *who, const uftp_header *header)
{
    if (who->is_sender)
        return who->config.block_size;
    const guard_session *session = guard_session_find(guard, header->group, header->instance);
    return session ? session->sender->config.block_size : UFTP_BLOCK_SIZE_MAX;
}

static bool is_encrypted(const sim_guard *guard, const guarded *who, const uftp_header *header)
{
    if (who->is_sender)
        return !who->config.plain;
    const guard_session *session = guard_session_find(guard, header->group, header->instance);
    return session && !session->sender->config.plain;
}

/* spec v4 3.3: CLIENT_KEY, which version 5 seals. */
static bool may_be_clear(const sim_guard *guard, const uftp_packet *packet)
{
    uint8_t type = packet->header.type;
    return (type == UFTP_MESSAGE_CLIENT_KEY && packet->wire == &uftp_wire_v4) ||
           type == UFTP_MESSAGE_ANNOUNCE || type == UFTP_MESSAGE_REGISTER ||
           type == UFTP_MESSAGE_KEYINFO || type == UFTP_MESSAGE_ABORT ||
           (type == UFTP_MESSAGE_REG_CONF && guard->proxied); /* for those behind proxies */
}

static void check_clear(sim_guard *guard, guarded *who, const uftp_packet *packet)
{
    const uftp_header *header = &packet->header;
    uftp_message message;
    int err = uftp_packet_message(packet, &message);
    if (err < 0)
        guard_fail(who, "%s sent a malformed %s", sim_name(who->node),
                   uftp_message_name(header->type));
    if (is_encrypted(guard, who, header) && !may_be_clear(guard, packet))
        guard_fail(who, "%s sent %s in the clear", sim_name(who->node),
                   uftp_message_name(header->type));
    uint16_t block_size = block_size_of(guard, who, header);
    /* A full section has 8 * block_size blocks, and the bitmap of n is floor(n / 8) + 1 bytes (spec
     * v5 1.16): one more than a block. */
    if (list_len(&message) > block_size + (message.type == UFTP_MESSAGE_STATUS ? 1U : 0U))
        guard_fail(who, "%s sent a %s with %zu bytes behind its header, block size %u",
                   sim_name(who->node), uftp_message_name(header->type), list_len(&message),
                   block_size);
    if (message.type == UFTP_MESSAGE_KEYINFO)
        check_counter(who, &who->iv_counter, message.as.keyinfo.iv_counter);
}

static void check_sealed(sim_guard *guard, guarded *who, const uftp_packet *packet,
                         const uftp_address *to)
{
    const uftp_header *header = &packet->header;
    size_t limit = packet->wire->header_len + packet->wire->encrypted_overhead +
                   MESSAGE_HEADER_MAX + block_size_of(guard, who, header);
    if (packet->wire == &uftp_wire_v4) /* a signature on each packet, and padding */
        limit += packet->encrypted.signature.len + UFTP_CBC_BLOCK_MAX;
    if (packet->len > limit)
        guard_fail(who, "%s sent %zu sealed bytes, at most %zu are allowed", sim_name(who->node),
                   packet->len, limit);
    if (who->is_sender) {
        check_counter(who, &who->iv_counter, packet->encrypted.iv_counter);
        return;
    }
    guard_view *view = guard_view_find(who, header->group, header->instance, to);
    /* By way of a NAT; the first of a session leaves before the session is told. */
    if (!view && packet->encrypted.iv_counter > 1)
        view = guard_view_find(who, header->group, header->instance, NULL);
    if (!view || view->incarnation != who->incarnation)
        return;
    if (view->iv_first == 0)
        view->iv_first = packet->encrypted.iv_counter;
    check_counter(who, &view->iv_counter, packet->encrypted.iv_counter);
    if (packet->wire == &uftp_wire_v4)
        check_earlier(who, view, packet->encrypted.iv_counter);
}

uint64_t guard_wire_interval(const guarded *who, size_t len)
{
    return who->rate == UFTP_RATE_UNLIMITED ? 0 : (len + IP_OVERHEAD_IPV4) * UFTP_S(1) / who->rate;
}

/* Congestion control sets the rate: what is owed is then owed at the new one. */
void guard_follow_rate(guarded *who, uint64_t now)
{
    if (who->config.congestion_control == UFTP_CC_NONE || !guard_is_core(who))
        return;
    uint64_t rate = sim_sender(who->node)->pacer.rate_bytes_per_s;
    if (rate == who->rate)
        return;
    if (who->paid_until > now)
        who->paid_until = now + uftp_mul_div(who->paid_until - now, who->rate, rate);
    who->rate = rate;
    if (who->config.rate_max && rate > who->config.rate_max)
        guard_fail(who, "%s sends at %" PRIu64 " bytes/s, at most %" PRIu64 " are allowed",
                   sim_name(who->node), rate, who->config.rate_max);
}

static void check_rate(guarded *who, uint64_t now, const uftp_packet *packet)
{
    if (packet->header.type == UFTP_MESSAGE_ABORT)
        return; /* must not wait */
    uint64_t earliest = now > CREDIT ? now - CREDIT : 0;
    if (who->paid_until < earliest)
        who->paid_until = earliest;
    uint64_t interval = guard_wire_interval(who, packet->len);
    who->paid_until += interval;
    uint64_t burst = interval > BURST ? interval : BURST;
    /* Sealed ABORTs cannot be told apart: one datagram more. */
    if (who->paid_until > now + burst + guard_wire_interval(who, UFTP_DATAGRAM_MAX))
        guard_fail(who, "%s sends faster than its rate: %" PRIu64 " ns ahead", sim_name(who->node),
                   who->paid_until - now);
}

/* spec v5 4.3; a byte stands for up to an eighth more than was meant. */
static void check_grtt(sim_guard *guard, const guarded *who, const uftp_header *header)
{
    uint64_t grtt = uftp_grtt_expand(header->grtt);
    uint64_t gap = guard_wire_interval(who, UFTP_DATAGRAM_MAX);
    uint64_t max = who->config.grtt_max > gap ? who->config.grtt_max : gap;
    if (grtt < who->config.grtt_min / 8 * 7 || grtt > max + max / 8)
        guard_fail(who,
                   "%s tells a GRTT of %" PRIu64 " ns, its limits are %" PRIu64 " and %" PRIu64,
                   sim_name(who->node), grtt, who->config.grtt_min, max);
    if (grtt > guard->grtt_largest)
        guard->grtt_largest = grtt;
}

/* What was drawn for blocks that then could not be read is not used again. */
static void check_seq(guarded *who, const uftp_packet *packet)
{
    uint16_t seq = packet->header.seq;
    bool gap_allowed =
        who->source && who->source->read_fail_at && who->source->reads >= who->source->read_fail_at;
    if (gap_allowed && who->seq_known && uftp_seq_newer(seq, who->seq))
        who->seq = (uint16_t)(seq - 1);
    /* With congestion control the number of an ABORT that only a stranger sees is used again: to
     * the others it would look like a loss (spec v5 4.2). */
    bool repeated = who->seq_may_repeat && seq == who->seq;
    if (who->seq_known && !repeated && seq != (uint16_t)(who->seq + 1))
        guard_fail(who, "%s sent sequence number %u after %u", sim_name(who->node), seq, who->seq);
    who->seq_may_repeat =
        who->config.congestion_control != UFTP_CC_NONE && packet->header.type == UFTP_MESSAGE_ABORT;
    who->seq_known = true;
    who->seq = seq;
}

void guard_datagram(sim_guard *guard, guarded *who, uint64_t now, const sim_packet *sent)
{
    /* The reader wants bytes that it may change; it does not change these. */
    uftp_packet packet;
    int err = uftp_packet_read((uint8_t *)(uintptr_t)sent->bytes, sent->len, &packet);
    if (err < 0)
        guard_fail(who, "%s sent %zu bytes that are no datagram: %s", sim_name(who->node),
                   sent->len, uftp_strerror(err));
    if (packet.sealed)
        check_sealed(guard, who, &packet, &sent->destination);
    else
        check_clear(guard, who, &packet);
    check_secrets(guard, who, sent);
    if (!who->is_sender)
        return;
    now = sim_node_now(who->node); /* its rate is one of its own seconds */
    guard_follow_rate(who, now);
    check_seq(who, &packet);
    check_grtt(guard, who, &packet.header);
    check_rate(who, now, &packet);
}
