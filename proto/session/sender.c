/* SPDX-License-Identifier: MIT
 *
 * The sender: its verbs, and what its phases share. A diagram of the phases stands in
 * sender_internal.h.
 */
#include "session/sender_internal.h"

/* ---- what the phases share ---- */

uint64_t uftp_sender_wall_us(const uftp_sender *sender, uint64_t now)
{
    return sender->config.wall_us + (now - sender->created) / 1000;
}

uftp_event uftp_sender_event(const uftp_sender *sender, uftp_event_type type)
{
    return (uftp_event){.type = type,
                        .group = sender->config.group,
                        .instance = sender->config.instance,
                        .file_id = sender->file.id};
}

void uftp_sender_push(uftp_sender *sender, const uftp_event *event)
{
    uftp_event_queue_push(&sender->events, event);
}

void uftp_sender_push_client(uftp_sender *sender, uftp_event_type type, const uftp_client *client,
                             const char *text)
{
    uftp_event event = uftp_sender_event(sender, type);
    event.peer = client->uid;
    event.name = client->name;
    event.address = client->address;
    event.text = text;
    event.duration = client->rtt;
    uftp_sender_push(sender, &event);
}

void uftp_sender_enter(uftp_sender *sender, uftp_sender_phase phase)
{
    UFTP_ASSERT(sender->phase != UFTP_SENDER_ENDED);
    sender->phase = phase;
    sender->round_deadline = UFTP_NEVER;
    sender->answer_deadline = UFTP_NEVER;
    sender->answers_open = false;
    sender->late_wait = false;
    sender->ending = false;
    sender->list_empty_due = false;
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_PHASE);
    event.phase = (uint8_t)phase;
    uftp_sender_push(sender, &event);
}

void uftp_sender_finish(uftp_sender *sender, uint64_t now, uftp_result result)
{
    uftp_sender_file_release(sender);
    uftp_manifest_end(&sender->manifest);
    sender->file.id = 0;
    uftp_sender_enter(sender, UFTP_SENDER_ENDED);
    sender->result = result;
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_SESSION_FINISHED);
    event.result = result;
    event.duration = now - sender->created;
    uftp_sender_push(sender, &event);
}

void uftp_sender_recalculate_grtt(uftp_sender *sender, bool final, bool clear)
{
    uint64_t before = sender->grtt.value;
    uftp_grtt_update(&sender->grtt, uftp_clients_rtt_largest(&sender->clients, clear), final);
    if (sender->grtt.value == before)
        return;
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_GRTT);
    event.duration = sender->grtt.value;
    uftp_sender_push(sender, &event);
}

void uftp_sender_raise_grtt(uftp_sender *sender, uint64_t rtt)
{
    uint8_t before = uftp_grtt_quantise(sender->grtt.value);
    sender->grtt.value = rtt < sender->grtt.max ? rtt : sender->grtt.max;
    if (uftp_grtt_quantise(sender->grtt.value) == before)
        return;
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_GRTT);
    event.duration = sender->grtt.value;
    uftp_sender_push(sender, &event);
}

void uftp_sender_measure_rtt(uftp_sender *sender, uftp_client *client, uint64_t echoed_us,
                             uint64_t arrival)
{
    uint64_t first = sender->config.wall_us;
    uint64_t then = uftp_sender_wall_us(sender, arrival);
    if (echoed_us < first || (echoed_us > then && echoed_us - then > UINT32_MAX))
        return; /* never a time of this session: nothing measured */
    int64_t rtt = ((int64_t)then - (int64_t)echoed_us) * 1000;
    client->rtt = uftp_grtt_clamp_rtt(&sender->grtt, rtt);
    client->rtt_measured = true;
}

uint64_t uftp_sender_at_least_gap(const uftp_sender *sender, uint64_t grtt)
{
    uint64_t gap = uftp_pacer_interval(&sender->pacer, uftp_sender_data_wire_len(sender));
    return gap > grtt ? gap : grtt;
}

uint64_t uftp_sender_told_grtt(const uftp_sender *sender)
{
    return uftp_sender_at_least_gap(sender, sender->grtt.value);
}

void uftp_sender_round_begin(uftp_sender *sender, uint64_t now)
{
    sender->packet = 0;
    sender->round_deadline = now + 3 * uftp_sender_told_grtt(sender);
}

static bool packet_is_full(const uftp_sender *sender)
{
    const client_list *due = sender->clients.by_due;
    const uint32_t block_size = sender->config.block_size;
    return due[CLIENT_DUE_KEYINFO].count >= block_size / UFTP_KEYINFO_ENTRY_LEN ||
           due[CLIENT_DUE_REG_CONF].count >= block_size / 4 ||
           due[CLIENT_DUE_DONE_CONF].count >= block_size / 4;
}

/* Of the receivers that we know of, while we wait for them to register, or to end. */
static bool nobody_is_missing(const uftp_sender *sender)
{
    if (sender->phase == UFTP_SENDER_ANNOUNCE)
        return !sender->open && uftp_clients_in(&sender->clients, UFTP_CLIENT_MUTE) == 0;
    return uftp_clients_in(&sender->clients, UFTP_CLIENT_ACTIVE) == 0;
}

void uftp_sender_answer_soon(uftp_sender *sender, uint64_t now)
{
    if (packet_is_full(sender) || nobody_is_missing(sender)) {
        sender->answer_deadline = UFTP_NEVER;
        sender->answers_open = true;
        return;
    }
    if (sender->answer_deadline != UFTP_NEVER)
        return;
    uint64_t delay = sender->grtt.value / 8;
    sender->answer_deadline =
        now + (delay < SENDER_ANSWER_DELAY_MAX ? delay : SENDER_ANSWER_DELAY_MAX);
}

void uftp_sender_refuse(uftp_sender *sender, uint32_t uid, const uftp_address *address,
                        const char *text)
{
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_CLIENT_REFUSED);
    event.peer = uid;
    event.address = *address;
    event.text = text;
    uftp_sender_push(sender, &event);
    for (size_t i = 0; i < sender->stranger_count; i++)
        if (sender->strangers[i].uid == uid &&
            uftp_address_equal(&sender->strangers[i].address, address))
            return;
    if (sender->stranger_count < SENDER_STRANGERS_MAX)
        sender->strangers[sender->stranger_count++] =
            (sender_stranger){.address = *address, .uid = uid, .text = text};
}

void uftp_sender_abort_all(uftp_sender *sender, uint64_t now, const char *text, uftp_result result)
{
    /* Whoever has no keys yet understands only the clear one; whoever has them only the other. */
    sender->abort_all_text = text;
    sender->abort_all_sealed = sender->encrypted;
    sender->abort_all_clear = !sender->encrypted || sender->phase == UFTP_SENDER_ANNOUNCE;
    for (int state = 0; state < UFTP_CLIENT_STATES; state++) {
        client_list *list = &sender->clients.by_state[state];
        if (state == UFTP_CLIENT_ABORTED || state == UFTP_CLIENT_LOST)
            continue;
        while (list->first) {
            uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_ABORTED, list->first, text);
            uftp_clients_enter(&sender->clients, list->first, UFTP_CLIENT_ABORTED);
        }
    }
    uftp_sender_finish(sender, now, result);
}

/* What a session that ends in this phase is said to have failed at. */
static uftp_result phase_result(const uftp_sender *sender)
{
    switch (sender->phase) {
    case UFTP_SENDER_ANNOUNCE:
        return UFTP_RESULT_NO_REGISTRATION;
    case UFTP_SENDER_FILEINFO:
        return UFTP_RESULT_NO_FILEINFO;
    case UFTP_SENDER_TRANSFER:
    case UFTP_SENDER_COMPLETION:
    case UFTP_SENDER_ENDED:
        break;
    }
    return UFTP_RESULT_ALL_LOST;
}

bool uftp_sender_quit_on_dropout(uftp_sender *sender, uint64_t now, uftp_result result)
{
    const uftp_clients *clients = &sender->clients;
    if (!sender->config.quit_on_error || uftp_clients_in(clients, UFTP_CLIENT_MUTE) +
                                                 uftp_clients_in(clients, UFTP_CLIENT_LOST) +
                                                 uftp_clients_in(clients, UFTP_CLIENT_ABORTED) ==
                                             0)
        return false;
    uftp_sender_abort_all(sender, now, "A client dropped out, aborting all", result);
    return true;
}

static void client_out(uftp_sender *sender, uint64_t now, uftp_client *client, const char *text)
{
    uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_ABORTED, client, text);
    uftp_clients_enter(&sender->clients, client, UFTP_CLIENT_ABORTED);
    if (client->is_proxy)
        uftp_sender_proxy_aborted(sender, client, text);
    if (sender->config.quit_on_error)
        uftp_sender_abort_all(sender, now, "A client aborted, aborting all", phase_result(sender));
}

void uftp_sender_put_out(uftp_sender *sender, uint64_t now, uftp_client *client, const char *text)
{
    client_out(sender, now, client, text);
    client->abort_text = text;
    uftp_clients_set_due(&sender->clients, client, CLIENT_DUE_ABORT);
}

void uftp_sender_interrupt(uftp_sender *sender, uint64_t now)
{
    if (sender->phase != UFTP_SENDER_ENDED)
        uftp_sender_abort_all(sender, now, "Server quit, aborting all", UFTP_RESULT_INTERRUPTED);
}

/* ---- receiving ---- */

static void reject(uftp_sender *sender, int error, uint8_t type, uint32_t peer,
                   const uftp_address *address)
{
    sender->stats.datagrams_rejected++;
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_REJECTED);
    event.error = error;
    event.message = type;
    event.peer = peer;
    event.address = *address;
    uftp_sender_push(sender, &event);
}

static void received(uftp_sender *sender, const uftp_client *client, uint8_t type, bool repeated)
{
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_RECEIVED);
    event.peer = client->uid;
    event.name = client->name;
    event.message = type;
    event.repeated = repeated;
    uftp_sender_push(sender, &event);
}

/* Without encryption nothing proves who speaks, so a client is held to the host it first spoke
 * from: two receivers that share a UID would otherwise spoil each other's session unseen. A sealed
 * message proves itself and may come from anywhere (a NAT may rebind). */
static bool address_accepted(uftp_sender *sender, uftp_client *client, const uftp_address *address,
                             bool sealed)
{
    if (client->address.family == 0 || sealed ||
        uftp_address_same_host(&client->address, address)) {
        client->address = *address;
        return true;
    }
    if (!client->conflict_reported) {
        client->conflict_reported = true;
        uftp_event event = uftp_sender_event(sender, UFTP_EVENT_CLIENT_REFUSED);
        event.peer = client->uid;
        event.name = client->name;
        event.address = *address;
        event.text = "another receiver with the same UID";
        uftp_sender_push(sender, &event);
    }
    return false;
}

static void take_abort(uftp_sender *sender, uint64_t now, uftp_client *client,
                       const uftp_abort *message, bool sealed)
{
    /* A clear ABORT can be anybody's: once a client holds keys only a sealed one counts. */
    if ((sender->encrypted && !sealed && client->confirmed) || client->state == UFTP_CLIENT_ABORTED)
        return;
    if (client->is_proxy && message->host) /* of somebody behind it, who may not be known */
        client = uftp_sender_proxy_find(sender, client, message->host);
    if (!client || client->state == UFTP_CLIENT_ABORTED)
        return;
    char text[UFTP_ABORT_TEXT_MAX + 1];
    memcpy(text, message->text.data, message->text.len);
    text[message->text.len] = '\0';
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_ABORT);
    event.peer = client->uid;
    event.name = client->name;
    event.text = text;
    event.repeated = true;
    uftp_sender_push(sender, &event);
    client_out(sender, now, client, text);
}

/* Whose report it is: a proxy passes on that of one receiver behind it. */
static uftp_client *reporter(const uftp_sender *sender, uftp_client *client,
                             const uftp_tfmcc_ack *report)
{
    uftp_client *behind =
        client->is_proxy ? uftp_sender_proxy_find(sender, client, report->client) : NULL;
    return behind ? behind : client;
}

/* A message of a client in the table, authentic as far as the session goes. */
static int take_message(uftp_sender *sender, uint64_t now, uint64_t arrival, uftp_client *client,
                        const uftp_message *message, bool sealed)
{
    if (message->type == UFTP_MESSAGE_ABORT) {
        take_abort(sender, now, client, &message->as.abort, sealed);
        return UFTP_OK;
    }
    if (uftp_client_failed(client) &&
        !(sender->phase == UFTP_SENDER_ANNOUNCE && client->state == UFTP_CLIENT_MUTE))
        return UFTP_OK; /* out of the session: ignored, not an error */
    received(sender, client, message->type, client->state == UFTP_CLIENT_DONE);

    switch (message->type) {
    case UFTP_MESSAGE_CLIENT_KEY:
        if (sender->phase == UFTP_SENDER_ANNOUNCE)
            uftp_sender_announce_client_key(sender, now, client, &message->as.client_key);
        break;
    case UFTP_MESSAGE_KEYINFO_ACK:
        if (sender->phase == UFTP_SENDER_ANNOUNCE)
            uftp_sender_announce_keyinfo_ack(sender, now, client, &message->as.keyinfo_ack);
        break;
    case UFTP_MESSAGE_FILEINFO_ACK: {
        const uftp_fileinfo_ack *ack = &message->as.fileinfo_ack;
        if (ack->clients.count > 0 && !client->is_proxy)
            return UFTP_ERR_MALFORMED;
        if (sender->phase != UFTP_SENDER_FILEINFO)
            break;
        uftp_sender_fileinfo_ack(sender, now, client, ack, arrival);
        return uftp_sender_proxy_each(sender, now, client, &ack->clients, message);
    }
    case UFTP_MESSAGE_STATUS:
        if (message->as.status.has_tfmcc && message->as.status.file_id == sender->file.id)
            uftp_sender_congestion_report(sender, now,
                                          reporter(sender, client, &message->as.status.tfmcc),
                                          &message->as.status.tfmcc, arrival);
        if (sender->phase == UFTP_SENDER_TRANSFER)
            return uftp_sender_transfer_status(sender, now, client, &message->as.status);
        break;
    case UFTP_MESSAGE_COMPLETE:
        if (message->as.complete.clients.count > 0 && !client->is_proxy)
            return UFTP_ERR_MALFORMED;
        if (sender->phase == UFTP_SENDER_ANNOUNCE)
            break;
        if (client->is_proxy)
            return uftp_sender_proxy_each(sender, now, client, &message->as.complete.clients,
                                          message);
        uftp_sender_complete(sender, now, client, &message->as.complete);
        break;
    case UFTP_MESSAGE_CC_ACK:
        uftp_sender_congestion_report(sender, now,
                                      reporter(sender, client, &message->as.cc_ack.tfmcc),
                                      &message->as.cc_ack.tfmcc, arrival);
        break;
    default:
        return UFTP_ERR_MALFORMED; /* a message that only senders send */
    }
    return UFTP_OK;
}

/* What may stand in the clear when the session is encrypted (spec v5 1.4). */
static bool clear_allowed(const uftp_sender *sender, uint8_t type)
{
    return !sender->encrypted || type == UFTP_MESSAGE_REGISTER || type == UFTP_MESSAGE_ABORT ||
           (type == UFTP_MESSAGE_CLIENT_KEY && uftp_sender_keys_client_key_clear(sender));
}

static int take_datagram(uftp_sender *sender, uint64_t now, const uftp_datagram *datagram,
                         uftp_packet *packet)
{
    uint64_t arrival = datagram->arrival && datagram->arrival < now ? datagram->arrival : now;
    uint32_t source = packet->header.source;
    uftp_client *client = uftp_clients_find(&sender->clients, source);
    if (packet->sealed) {
        if (!sender->encrypted || !client)
            return UFTP_ERR_AUTH;
        /* A client that has not proved its key yet speaks under its handshake key. */
        bool handshake = sender->phase == UFTP_SENDER_ANNOUNCE && client->state == UFTP_CLIENT_MUTE;
        int err = uftp_sender_keys_open(sender, client, packet, handshake);
        if (err < 0)
            return err;
    }
    uftp_message message;
    int err = uftp_packet_message(packet, &message);
    if (err < 0)
        return err;
    if (!packet->sealed && !clear_allowed(sender, message.type))
        return UFTP_ERR_AUTH;
    if (client && !address_accepted(sender, client, &datagram->source, packet->sealed))
        return UFTP_ERR_AUTH;
    if (message.type == UFTP_MESSAGE_REGISTER && !packet->sealed) {
        uftp_sender_announce_register(sender, now, datagram, source, &message.as.registration);
        return UFTP_OK;
    }
    if (!client) {
        /* CLIENT_KEY may overtake its REGISTER (spec v4 8.1), which decides, and both are repeated.
         */
        if (message.type != UFTP_MESSAGE_ABORT && message.type != UFTP_MESSAGE_CLIENT_KEY)
            uftp_sender_refuse(sender, source, &datagram->source, "Not in host list");
        return UFTP_OK;
    }
    return take_message(sender, now, arrival, client, &message, packet->sealed);
}

/* Moves on as far as the state allows; true when something changed. */
static bool check(uftp_sender *sender, uint64_t now)
{
    switch (sender->phase) {
    case UFTP_SENDER_ANNOUNCE:
        return uftp_sender_announce_check(sender, now);
    case UFTP_SENDER_FILEINFO:
        return uftp_sender_fileinfo_check(sender, now);
    case UFTP_SENDER_TRANSFER:
        return uftp_sender_transfer_check(sender, now);
    case UFTP_SENDER_COMPLETION:
        return uftp_sender_completion_check(sender, now);
    case UFTP_SENDER_ENDED:
        break;
    }
    return false;
}

void uftp_sender_recv(uftp_sender *sender, uint64_t now, const uftp_datagram *trains, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uftp_datagram *train = &trains[i];
        size_t step =
            train->segment_len && train->segment_len < train->len ? train->segment_len : train->len;
        size_t at = 0;
        do {
            size_t len = train->len - at < step ? train->len - at : step;
            uftp_packet packet;
            sender->stats.datagrams_received++;
            int err = uftp_packet_read(train->data + at, len, &packet);
            if (err == UFTP_OK && packet.wire != sender->wire)
                err = UFTP_ERR_VERSION;
            if (err < 0)
                reject(sender, err, 0, 0, &train->source);
            else if (packet.header.group != sender->config.group ||
                     sender->phase == UFTP_SENDER_ENDED)
                sender->stats.datagrams_rejected++; /* another session's: nothing to say */
            else {
                err = take_datagram(sender, now, train, &packet);
                if (err < 0)
                    reject(sender, err, packet.header.type, packet.header.source, &train->source);
                else if (sender->late_wait) /* stragglers may follow this one */
                    sender->round_deadline = now + uftp_sender_told_grtt(sender);
                check(sender, now);
            }
            at += len;
        } while (at < train->len);
    }
}

/* ---- the other verbs ---- */

int uftp_sender_poll_transmit(uftp_sender *sender, uint64_t now, uftp_transmit *out)
{
    UFTP_ASSERT(out->capacity >= UFTP_DATAGRAM_MAX);
    do {
        if (uftp_sender_emit(sender, now, out) > 0) {
            size_t datagrams = (out->len + out->segment_len - 1) / out->segment_len;
            sender->stats.datagrams_sent += datagrams;
            sender->stats.bytes_sent += out->len;
            out->tos = sender->config.tos;
            if (uftp_sender_congestion_controlled(sender)) /* rather marked than dropped (4.7.7) */
                out->tos = (uint8_t)((out->tos & ~UFTP_ECN_MASK) | UFTP_ECN_CAPABLE);
            return 1;
        }
    } while (check(sender, now));
    return 0;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t uftp_sender_next_deadline(const uftp_sender *sender)
{
    uint64_t deadline = uftp_sender_emit_deadline(sender);
    if (sender->phase == UFTP_SENDER_ENDED)
        return deadline;
    deadline = earlier(deadline, sender->round_deadline);
    deadline = earlier(deadline, sender->answer_deadline);
    if (sender->phase == UFTP_SENDER_TRANSFER)
        deadline = earlier(deadline, uftp_sender_transfer_deadline(sender));
    return deadline;
}

void uftp_sender_on_timeout(uftp_sender *sender, uint64_t now)
{
    if (now >= sender->answer_deadline) {
        sender->answer_deadline = UFTP_NEVER;
        sender->answers_open = true;
    }
    switch (sender->phase) {
    case UFTP_SENDER_ANNOUNCE:
        if (now >= sender->round_deadline)
            uftp_sender_announce_timeout(sender, now);
        break;
    case UFTP_SENDER_FILEINFO:
        if (now >= sender->round_deadline)
            uftp_sender_fileinfo_timeout(sender, now);
        break;
    case UFTP_SENDER_TRANSFER:
        if (now >= uftp_sender_transfer_deadline(sender))
            uftp_sender_transfer_timeout(sender, now);
        break;
    case UFTP_SENDER_COMPLETION:
        if (now >= sender->round_deadline)
            uftp_sender_completion_timeout(sender, now);
        break;
    case UFTP_SENDER_ENDED:
        break;
    }
}

int uftp_sender_poll_event(uftp_sender *sender, uftp_event *out)
{
    return uftp_event_queue_pop(&sender->events, out);
}

uint32_t uftp_sender_group(const uftp_sender *sender)
{
    return sender->config.group;
}

void uftp_sender_stats_get(const uftp_sender *sender, uftp_sender_stats *out)
{
    *out = sender->stats;
    out->phase = sender->phase;
    out->result = sender->result;
    out->clients = sender->clients.count;
    for (int i = 0; i < UFTP_CLIENT_STATES; i++)
        out->clients_in[i] = sender->clients.by_state[i].count;
    out->grtt = sender->grtt.value;
    out->rate_bytes_per_s = sender->pacer.rate_bytes_per_s;
    const sender_file *file = &sender->file;
    out->file_id = file->id;
    out->file_size = file->object.size;
    out->pass = file->pass;
    out->pass_size = file->pass_blocks * sender->config.block_size;
    out->file_sent = file->pass_sent * sender->config.block_size;
}

void uftp_sender_client_get(const uftp_sender *sender, uint32_t index, uftp_client_info *out)
{
    UFTP_ASSERT(index < sender->clients.count);
    const uftp_client *client = sender->clients.table[index];
    *out = (uftp_client_info){
        .uid = client->uid,
        .name = client->name,
        .state = client->state,
        .is_proxy = client->is_proxy,
        .status = client->status,
        .rtt = client->rtt,
        .done_after = client->done_after,
        .copied = client->copied,
        .overwritten = client->overwritten,
        .skipped = client->skipped,
        .rejected = client->rejected,
        .bytes = client->bytes,
        .time = client->time,
    };
}
