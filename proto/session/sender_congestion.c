/* SPDX-License-Identifier: MIT
 *
 * Congestion control during a transfer (spec v5 4.7.1 to 4.7.3): which receiver limits the rate,
 * what CONG_CTRL tells the others, and the pacer's rate. The computing is in
 * transfer/tfmcc_sender.c.
 */
#include "session/sender_internal.h"

/* Between transfers nobody measures anything: no faster than this (spec v5 4.6.2). */
#define RATE_BETWEEN_FILES 128000

bool uftp_sender_congestion_controlled(const uftp_sender *sender)
{
    return sender->config.congestion_control == UFTP_CC_TFMCC;
}

static uint64_t rate_between_files(const uftp_sender_config *config)
{
    uint64_t limit = config->rate_initial ? config->rate_initial : config->rate_max;
    return limit && limit < RATE_BETWEEN_FILES ? limit : RATE_BETWEEN_FILES;
}

void uftp_sender_congestion_init(uftp_sender *sender, uint64_t now)
{
    const uftp_sender_config *config = &sender->config;
    if (!uftp_sender_congestion_controlled(sender)) {
        uftp_pacer_init(&sender->pacer, config->rate_bytes_per_s, now);
        return;
    }
    uftp_pacer_init(&sender->pacer, rate_between_files(config), now);
    uftp_tfmcc_sender_init(&sender->congestion.tfmcc,
                           &(uftp_tfmcc_config){.packet_len = uftp_sender_data_wire_len(sender),
                                                .rate_min = config->rate_min,
                                                .rate_initial = config->rate_initial,
                                                .rate_max = config->rate_max});
}

/* ---- the current limiting receiver ---- */

static bool takes_part(const uftp_client *client)
{
    return client->state == UFTP_CLIENT_ACTIVE || client->state == UFTP_CLIENT_ACTIVE_NAK;
}

/* Among those that have reported the slowest, else the one that is furthest away. */
static uftp_client *choose_clr(const uftp_sender *sender)
{
    static const uftp_client_state unfinished[] = {UFTP_CLIENT_ACTIVE, UFTP_CLIENT_ACTIVE_NAK};
    uftp_client *chosen = NULL;
    for (size_t i = 0; i < 2; i++)
        for (uftp_client *c = sender->clients.by_state[unfinished[i]].first; c; c = c->state_next)
            if (!c->is_proxy && (!chosen || c->rate < chosen->rate ||
                                 (c->rate == chosen->rate && c->rtt > chosen->rtt)))
                chosen = c;
    return chosen;
}

/* A CLR that is through, lost or put out says nothing any more. The reference waits until its
 * silence has brought the rate down; we name the next one in its place. */
static void replace_clr_that_left(uftp_sender *sender, uint64_t now)
{
    sender_congestion *congestion = &sender->congestion;
    if (!congestion->clr || takes_part(congestion->clr))
        return;
    congestion->clr = choose_clr(sender);
    uftp_tfmcc_sender_chosen(&congestion->tfmcc, now);
}

/* ---- the rate ---- */

static void apply_rate(uftp_sender *sender, uint64_t now)
{
    const uftp_tfmcc_sender *tfmcc = &sender->congestion.tfmcc;
    uftp_pacer_set_rate(&sender->pacer, now, tfmcc->rate);
    sender->file.grtt = tfmcc->adv_grtt;
}

void uftp_sender_congestion_begin(uftp_sender *sender, uint64_t now)
{
    if (!uftp_sender_congestion_controlled(sender))
        return;
    sender_congestion *congestion = &sender->congestion;
    for (uint32_t i = 0; i < sender->clients.count; i++)
        sender->clients.table[i]->rate = UINT64_MAX;
    uftp_tfmcc_sender_begin(&congestion->tfmcc, now, sender->grtt.value);
    congestion->clr = choose_clr(sender);
    /* Not left to the timer: a file may begin in the midst of a turn, whose timers have been looked
     * at. */
    congestion->control_due = true;
    apply_rate(sender, now);
}

void uftp_sender_congestion_end(uftp_sender *sender, uint64_t now)
{
    if (!uftp_sender_congestion_controlled(sender))
        return;
    sender->congestion.control_due = false;
    uftp_pacer_set_rate(&sender->pacer, now, rate_between_files(&sender->config));
}

/* ---- reports ---- */

/* Whose round trip has been measured stands in the next CONG_CTRL, before the others. */
static void queue_measured(sender_congestion *congestion, uftp_client *client)
{
    if (client->rtt_untold)
        return;
    client->rtt_untold = true;
    client->untold_next = NULL;
    if (congestion->untold_last)
        congestion->untold_last->untold_next = client;
    else
        congestion->untold_first = client;
    congestion->untold_last = client;
}

void uftp_sender_congestion_report(uftp_sender *sender, uint64_t now, uftp_client *client,
                                   const uftp_tfmcc_ack *ack, uint64_t arrival)
{
    sender_congestion *congestion = &sender->congestion;
    if (!uftp_sender_congestion_controlled(sender) || sender->phase != UFTP_SENDER_TRANSFER ||
        !takes_part(client))
        return;
    uftp_sender_measure_rtt(sender, client, ack->timestamp_us, arrival);
    queue_measured(congestion, client);
    if (client->rtt > sender->grtt.value)
        uftp_sender_raise_grtt(sender, client->rtt);
    client->rate = uftp_rate_expand(ack->cc_rate);
    replace_clr_that_left(sender, now);
    bool slow_start = ack->flags & UFTP_TFMCC_START;
    const uftp_tfmcc_report report = {.rate = client->rate,
                                      .slow_start = slow_start,
                                      .probing = slow_start && client->had_loss,
                                      .has_rtt = ack->flags & UFTP_TFMCC_RTT,
                                      .from_clr = client == congestion->clr,
                                      .no_clr = !congestion->clr,
                                      .rtt = client->rtt ? client->rtt : sender->grtt.value,
                                      .grtt = sender->grtt.value,
                                      .now = now};
    client->had_loss |= !slow_start;
    if (uftp_tfmcc_sender_report(&congestion->tfmcc, &report))
        congestion->clr = client;
    apply_rate(sender, now);
}

/* ---- time ---- */

uint64_t uftp_sender_congestion_deadline(const uftp_sender *sender)
{
    const uftp_tfmcc_sender *tfmcc = &sender->congestion.tfmcc;
    if (!uftp_sender_congestion_controlled(sender))
        return UFTP_NEVER;
    return tfmcc->round_deadline < tfmcc->control_deadline ? tfmcc->round_deadline
                                                           : tfmcc->control_deadline;
}

bool uftp_sender_congestion_timeout(uftp_sender *sender, uint64_t now)
{
    sender_congestion *congestion = &sender->congestion;
    uftp_tfmcc_sender *tfmcc = &congestion->tfmcc;
    if (now < uftp_sender_congestion_deadline(sender))
        return false;
    replace_clr_that_left(sender, now);
    if (now >= tfmcc->round_deadline) {
        uftp_sender_recalculate_grtt(sender, true, true);
        uftp_tfmcc_sender_next_round(tfmcc, now, sender->grtt.value);
    }
    if (now >= tfmcc->control_deadline) {
        congestion->control_due = true;
        switch (uftp_tfmcc_sender_control(tfmcc, now, sender->grtt.value, sender->config.robust)) {
        case UFTP_TFMCC_HEARD:
            break;
        case UFTP_TFMCC_CLR_SILENT:
            congestion->clr = NULL;
            break;
        case UFTP_TFMCC_ALL_SILENT:
            uftp_sender_file_finish(sender, now);
            return true;
        }
    }
    apply_rate(sender, now);
    return false;
}

/* ---- CONG_CTRL ---- */

typedef struct control_items {
    uftp_sender *sender;
    uint8_t *bytes;
    size_t count, most;
} control_items;

static void put_item(control_items *items, uftp_client *client)
{
    const sender_congestion *congestion = &items->sender->congestion;
    if (items->count == items->most || !takes_part(client) ||
        client->told_in == congestion->controls)
        return;
    client->told_in = congestion->controls;
    uint8_t *item = items->bytes + UFTP_CONG_ITEM_LEN * items->count++;
    for (int i = 0; i < 4; i++)
        item[i] = (uint8_t)(client->uid >> (24 - 8 * i));
    item[4] = (uint8_t)((client == congestion->clr ? UFTP_CONG_CLR : 0) |
                        (client->rtt ? UFTP_CONG_RTT : 0) |
                        (congestion->tfmcc.slow_start ? UFTP_CONG_START : 0));
    item[5] = uftp_grtt_quantise(client->rtt);
    item[6] = item[7] = 0;
}

/* The CLR first, then who was measured, then everybody else in turns, as many as fit. Of those that
 * are not listed nobody is the CLR, which is what they need to know. */
void uftp_sender_congestion_control(uftp_sender *sender, uint64_t now, uftp_cong_ctrl *out)
{
    sender_congestion *congestion = &sender->congestion;
    const uftp_clients *clients = &sender->clients;
    congestion->control_due = false;
    congestion->controls++;
    control_items items = {.sender = sender,
                           .bytes = sender->scratch,
                           .most = sender->config.block_size / UFTP_CONG_ITEM_LEN};
    if (congestion->clr)
        put_item(&items, congestion->clr);
    while (congestion->untold_first && items.count < items.most) {
        uftp_client *client = congestion->untold_first;
        congestion->untold_first = client->untold_next;
        if (!congestion->untold_first)
            congestion->untold_last = NULL;
        client->rtt_untold = false;
        put_item(&items, client);
    }
    for (uint32_t i = 0; i < clients->count && items.count < items.most; i++)
        put_item(&items, clients->table[congestion->turn++ % clients->count]);
    *out = (uftp_cong_ctrl){.cc_seq = congestion->tfmcc.round,
                            .cc_rate = uftp_rate_quantise(congestion->tfmcc.slowest),
                            .timestamp_us = uftp_sender_wall_us(sender, now),
                            .items = sender->scratch,
                            .item_count = items.count};
}
