/* SPDX-License-Identifier: MIT
 *
 * The receiver's part in congestion control (spec v5 4.7.4 to 4.7.6): what is entered into the loss
 * history, and when a report is owed. The computing is in transfer/tfmcc_receiver.c.
 */
#include "session/receiver_internal.h"

static uint32_t ip_overhead(const uftp_address *source)
{
    return source->family == UFTP_IPV6 ? 48 : 28;
}

/* Both ends compute with the same length (spec v5 1.21). */
static uint64_t data_packet_len(const uftp_session *session, const uftp_announce *announce,
                                const uftp_address *source)
{
    const uftp_wire *wire = session->wire;
    return wire->header_len + (announce->encrypted ? wire->encrypted_overhead : 0) +
           wire->fileseg_header_len + wire->fileseg_tfmcc_len + announce->block_size +
           ip_overhead(source);
}

int uftp_session_congestion_begin(uftp_session *session, const uftp_packet *packet,
                                  const uftp_announce *announce, const uftp_arrival *arrival)
{
    if (announce->cc_type != UFTP_CC_TFMCC)
        return UFTP_OK; /* no other kind was ever in use (trap 11) */
    session->tfmcc = uftp_alloc(session->receiver->config.memory, 1, sizeof *session->tfmcc);
    if (!session->tfmcc)
        return UFTP_ERR_MEMORY;
    uftp_tfmcc_receiver_init(session->tfmcc,
                             data_packet_len(session, announce, &arrival->train->source));
    if (!announce->encrypted)
        uftp_session_congestion_enter(session, packet, arrival);
    return UFTP_OK;
}

/* Every authentic packet, whatever its kind (trap 36). In an encrypted session that means: every
 * sealed one, and the first of them begins the history. ANNOUNCE and KEYINFO, which are in the
 * clear, come before any of them; so that nothing is missing, and nobody can make the session crawl
 * by a forged number. */
void uftp_session_congestion_enter(uftp_session *session, const uftp_packet *packet,
                                   const uftp_arrival *arrival)
{
    if (!session->tfmcc)
        return;
    const uftp_datagram *train = arrival->train;
    uint64_t rtt = session->tfmcc->rtt;
    bool congested = uftp_loss_history_add(
        &session->tfmcc->history, &(uftp_loss_packet){
                                      .seq = packet->header.seq,
                                      .marked = (train->tos & UFTP_ECN_MASK) == UFTP_ECN_MARKED,
                                      .at = arrival->at,
                                      .bytes = (uint32_t)packet->len + ip_overhead(&train->source),
                                      .grtt = session->grtt,
                                      .rtt = rtt ? rtt : session->grtt,
                                  });
    if (congested)
        uftp_tfmcc_receiver_congested(session->tfmcc, session->grtt);
    /* The CLR need not be asked first (RFC 5348 6.2): half a round trip is saved. */
    if (congested && session->tfmcc->is_clr && session->state == SESSION_RECEIVING)
        uftp_session_owe(session, OWES_CC_ACK);
}

void uftp_session_congestion_hear(uftp_session *session, uint16_t round, uint16_t rate,
                                  uint64_t now)
{
    uftp_tfmcc_receiver *tfmcc = session->tfmcc;
    if (!tfmcc)
        return;
    uftp_tfmcc_word word = {.round = round,
                            .rate = rate,
                            .now = now,
                            .grtt = session->grtt,
                            .group_size = uftp_size_expand(session->group_size_byte)};
    if (uftp_tfmcc_receiver_is_new(tfmcc, round))
        word.draw =
            (uint32_t)uftp_random_below(session->receiver->config.random, (uint64_t)UINT32_MAX + 1);
    if (uftp_tfmcc_receiver_hear(tfmcc, &word))
        uftp_session_owe(session, OWES_CC_ACK);
}

int uftp_session_on_cong_ctrl(uftp_session *session, const uftp_cong_ctrl *message,
                              const uftp_arrival *arrival)
{
    if (session->state != SESSION_RECEIVING || !session->tfmcc)
        return UFTP_OK;
    uftp_session_touch(session, arrival->now);
    session->server_us = message->timestamp_us;
    session->server_us_at = arrival->at;
    uftp_tfmcc_receiver_stamped(session->tfmcc, message->timestamp_us, arrival->at, session->grtt);
    uftp_cong_item item;
    bool listed = false;
    for (size_t i = 0; i < message->item_count && !listed; i++) {
        item = uftp_cong_ctrl_item(message, i);
        listed = item.client == session->receiver->config.uid;
    }
    if (uftp_tfmcc_receiver_listed(session->tfmcc, listed ? &item : NULL, arrival->now,
                                   session->grtt))
        uftp_session_owe(session, OWES_CC_ACK);
    uftp_session_congestion_hear(session, message->cc_seq, message->cc_rate, arrival->now);
    return UFTP_OK;
}

uint64_t uftp_session_congestion_deadline(const uftp_session *session)
{
    return session->tfmcc ? session->tfmcc->deadline : UFTP_NEVER;
}

void uftp_session_congestion_expired(uftp_session *session, uint64_t now)
{
    if (uftp_tfmcc_receiver_expired(session->tfmcc, now, session->grtt))
        uftp_session_owe(session, OWES_CC_ACK);
}

void uftp_session_congestion_report(const uftp_session *session, uint64_t now, uftp_tfmcc_ack *out)
{
    uftp_tfmcc_receiver_report(session->tfmcc, session->grtt, out);
    out->client = session->receiver->config.uid;
    out->timestamp_us = uftp_session_server_us(session, now);
}
