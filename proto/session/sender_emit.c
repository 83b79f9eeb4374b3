/* SPDX-License-Identifier: MIT
 *
 * What the sender says: picks what is due, builds the datagrams, and draws sequence numbers and IV
 * counters, each of which is used once.
 */
#include "session/sender_internal.h"

/* What stands before the block in a FILESEG of ours. */
static size_t fileseg_header_len(const uftp_sender *sender)
{
    return sender->wire->fileseg_header_len +
           (uftp_sender_congestion_controlled(sender) ? sender->wire->fileseg_tfmcc_len : 0);
}

size_t uftp_sender_data_wire_len(const uftp_sender *sender)
{
    return uftp_packet_len(sender->wire, sender->encrypted ? sender_keys_sealing(sender) : NULL,
                           fileseg_header_len(sender) + sender->config.block_size) +
           sender->ip_overhead;
}

static uftp_header next_header(uftp_sender *sender, uint64_t grtt)
{
    return (uftp_header){
        .version = sender->wire->version,
        .seq = sender->seq++,
        .source = sender->config.uid,
        .group = sender->config.group,
        .instance = sender->config.instance,
        .grtt = uftp_grtt_quantise(grtt),
        .group_size = uftp_size_quantise(sender->clients.count),
    };
}

/* The GRTT that receivers are told: no shorter than the time between two datagrams. */
static uint64_t advertised_grtt(const uftp_sender *sender)
{
    bool transfer = sender->phase == UFTP_SENDER_TRANSFER;
    return transfer ? uftp_sender_at_least_gap(sender, sender->file.grtt)
                    : uftp_sender_told_grtt(sender);
}

/* One datagram. Any message of ours fits into UFTP_DATAGRAM_MAX, so building cannot fail. */
static void build(uftp_sender *sender, const uftp_message *message, bool sealed, uftp_transmit *out)
{
    const uftp_header header = next_header(sender, advertised_grtt(sender));
    int err = uftp_packet_write(
        sender->wire, &header, message, sealed ? sender_keys_sealing(sender) : NULL,
        sealed ? ++sender->iv_counter : 0, out->data, out->capacity, &out->len);
    UFTP_ASSERT(err == UFTP_OK);
    out->segment_len = out->len;
    out->destination = message->type == UFTP_MESSAGE_ANNOUNCE ? sender->config.public_address
                                                              : sender->group_address;
}

static void push_sent(uftp_sender *sender, uint8_t type, size_t count)
{
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_SENT);
    event.message = type;
    event.attempt = sender->attempt;
    event.packet = ++sender->packet;
    event.count = (uint32_t)count;
    uftp_sender_push(sender, &event);
}

static int send_paced(uftp_sender *sender, uint64_t now, const uftp_message *message, bool sealed,
                      size_t count, uftp_transmit *out)
{
    build(sender, message, sealed, out);
    uftp_pacer_spend(&sender->pacer, now, out->len + sender->ip_overhead);
    push_sent(sender, message->type, count);
    return 1;
}

/* The UIDs of as many clients as one packet holds, taken from a due list (spec v5 1.3). */
static uftp_uid_list take_uids(uftp_sender *sender, client_due due)
{
    uftp_uid_list list = {.bytes = sender->scratch};
    uftp_writer w = {.at = sender->scratch, .end = sender->scratch + sender->config.block_size};
    while (list.count < sender->config.block_size / 4) {
        uftp_client *client = uftp_clients_take_due(&sender->clients, due);
        if (!client)
            break;
        uint32_t uid = client->uid;
        for (int shift = 24; shift >= 0; shift -= 8)
            *w.at++ = (uint8_t)(uid >> shift);
        list.count++;
    }
    return list;
}

/* ---- one function per kind of message ---- */

static int send_announce(uftp_sender *sender, uint64_t now, uftp_transmit *out)
{
    const uftp_sender_config *config = &sender->config;
    uftp_message message = {.type = UFTP_MESSAGE_ANNOUNCE};
    uftp_announce *announce = &message.as.announce;
    *announce = (uftp_announce){
        .sync_mode = config->sync_mode,
        .sync_preview = config->sync_preview,
        .robust = config->robust,
        .cc_type = config->congestion_control,
        .block_size = config->block_size,
        .timestamp_us = uftp_sender_wall_us(sender, now),
        .public_address = config->public_address,
        .private_address = config->private_address,
        .encrypted = sender->encrypted,
    };
    if (sender->unicast) { /* both all zero (spec v5 1.1) */
        announce->public_address = (uftp_address){.family = config->public_address.family};
        announce->private_address = announce->public_address;
    }
    if (sender->encrypted)
        uftp_sender_keys_enc_info(sender, &announce->enc_info);
    if (sender->list_empty_due)
        sender->list_empty_due = false;
    else
        announce->members = take_uids(sender, CLIENT_DUE_ANNOUNCE);
    send_paced(sender, now, &message, false, announce->members.count, out);
    if (sender->encrypted) {
        int err = uftp_sender_keys_sign(sender, out->data, out->len);
        UFTP_ASSERT(err == UFTP_OK);
    }
    return 1;
}

static int send_keyinfo(uftp_sender *sender, uint64_t now, uftp_transmit *out)
{
    uftp_message message = {.type = UFTP_MESSAGE_KEYINFO};
    uftp_keyinfo *keyinfo = &message.as.keyinfo;
    *keyinfo = (uftp_keyinfo){
        .iv_counter = ++sender->iv_counter, /* one for all entries: their keys differ */
        .signature = {.len = uftp_sender_keys_keyinfo_signature_len(sender)},
        .entries = sender->scratch,
    };
    uint8_t *entry = sender->scratch;
    while (keyinfo->entry_count < sender->config.block_size / UFTP_KEYINFO_ENTRY_LEN) {
        uftp_client *client = uftp_clients_take_due(&sender->clients, CLIENT_DUE_KEYINFO);
        if (!client)
            break;
        for (int i = 0; i < 4; i++)
            entry[i] = (uint8_t)(client->uid >> (24 - 8 * i));
        uftp_sender_keys_seal_master(sender, client, keyinfo->iv_counter, entry + 4);
        entry += UFTP_KEYINFO_ENTRY_LEN;
        keyinfo->entry_count++;
    }
    send_paced(sender, now, &message, false, keyinfo->entry_count, out);
    int err = uftp_sender_keys_sign(sender, out->data, out->len);
    UFTP_ASSERT(err == UFTP_OK);
    return 1;
}

/* REG_CONF and DONE_CONF. */
static int send_confirmation(uftp_sender *sender, uint64_t now, uint8_t type, client_due due,
                             bool sealed, uftp_transmit *out)
{
    uftp_message message = {.type = type};
    uftp_uid_list list = take_uids(sender, due);
    if (type == UFTP_MESSAGE_REG_CONF)
        message.as.reg_conf.clients = list;
    else
        message.as.done_conf.clients = list;
    return send_paced(sender, now, &message, sealed, list.count, out);
}

static int send_fileinfo(uftp_sender *sender, uint64_t now, uftp_transmit *out)
{
    const sender_file *file = &sender->file;
    const uftp_object *object = &file->object;
    uftp_message message = {.type = UFTP_MESSAGE_FILEINFO};
    uftp_fileinfo *fileinfo = &message.as.fileinfo;
    *fileinfo = (uftp_fileinfo){
        .file_id = file->id,
        .file_type = object->file_type,
        .size = object->size,
        .mtime = object->mtime >> 48 ? 0 : object->mtime,
        .timestamp_us = uftp_sender_wall_us(sender, now),
        .name = {(const uint8_t *)object->name, strlen(object->name)},
        .link = {(const uint8_t *)object->link, strlen(object->link)},
    };
    fileinfo->clients = take_uids(sender, CLIENT_DUE_FILEINFO);
    return send_paced(sender, now, &message, sender->encrypted, fileinfo->clients.count, out);
}

static int send_done(uftp_sender *sender, uint64_t now, uftp_transmit *out)
{
    sender_file *file = &sender->file;
    uint32_t sections = sender->phase == UFTP_SENDER_TRANSFER ? file->layout.sections : 0;
    uftp_message message = {.type = UFTP_MESSAGE_DONE};
    uftp_done *done = &message.as.done;
    *done = (uftp_done){.file_id = file->id, .section = (uint16_t)(sections ? sections - 1 : 0)};
    if (sender->list_empty_due)
        sender->list_empty_due = false;
    else
        done->clients = take_uids(sender, CLIENT_DUE_DONE);
    if (sender->phase == UFTP_SENDER_TRANSFER)
        file->done_deadline = now + 3 * advertised_grtt(sender); /* their NAK timers' measure */
    return send_paced(sender, now, &message, sender->encrypted, done->clients.count, out);
}

/* On time, whatever the pacer says: the receivers measure time by it. Its bytes are accounted for.
 */
static int send_control(uftp_sender *sender, uint64_t now, uftp_transmit *out)
{
    uftp_message message = {.type = UFTP_MESSAGE_CONG_CTRL};
    uftp_sender_congestion_control(sender, now, &message.as.cong_ctrl);
    build(sender, &message, sender->encrypted, out);
    uftp_pacer_spend(&sender->pacer, now, out->len + sender->ip_overhead);
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_SENT); /* in no attempt */
    event.message = message.type;
    event.count = (uint32_t)message.as.cong_ctrl.item_count;
    uftp_sender_push(sender, &event);
    return 1;
}

static void build_abort(uftp_sender *sender, uint32_t host, const char *text, bool sealed,
                        uftp_transmit *out)
{
    uftp_message message = {.type = UFTP_MESSAGE_ABORT};
    message.as.abort = (uftp_abort){.host = host, .text = {(const uint8_t *)text, strlen(text)}};
    build(sender, &message, sealed, out);
}

/* ---- data ---- */

/* Reads the blocks of a train into place: neighbours in the file by one call. */
static int read_blocks(uftp_sender *sender, const uint32_t *blocks, const uftp_slice *slices,
                       size_t count)
{
    const uftp_source *source = sender->config.source;
    const sender_file *file = &sender->file;
    for (size_t first = 0, next; first < count; first = next) {
        next = first + 1;
        while (next < count && blocks[next] == blocks[next - 1] + 1)
            next++;
        uint64_t offset = (uint64_t)blocks[first] * file->layout.block_size;
        int err = source->read(source->ctx, file->handle, offset, &slices[first], next - first);
        if (err < 0)
            return err;
    }
    return UFTP_OK;
}

static void report_section(uftp_sender *sender, uint16_t section)
{
    if (sender->file.section_reported == section)
        return;
    sender->file.section_reported = section;
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_FILE_SECTION);
    event.section = section;
    uftp_sender_push(sender, &event);
}

/* A train of FILESEGs: headers first, then the file's bytes between them, then each sealed where
 * it stands. 1; 0 when this pass has no block left; negative when the file cannot be read. */
static int send_blocks(uftp_sender *sender, uint64_t now, uftp_transmit *out)
{
    sender_file *file = &sender->file;
    size_t wire_len = uftp_sender_data_wire_len(sender);
    size_t step = wire_len - sender->ip_overhead;
    size_t room = out->capacity < UFTP_TRAIN_BYTES_MAX ? out->capacity : UFTP_TRAIN_BYTES_MAX;
    uint32_t most = (uint32_t)(room / step);
    if (most > UFTP_TRAIN_SEGMENTS_MAX)
        most = UFTP_TRAIN_SEGMENTS_MAX;
    most = uftp_pacer_burst(&sender->pacer, wire_len, most);

    /* The reference tells its bare GRTT here: at a low rate its receivers then take the silence of
     * one lost block for the end (sim: test_found.c, one_lost_block_at_a_low_rate). */
    const uint64_t grtt = advertised_grtt(sender);
    const uftp_tfmcc_sender *tfmcc = &sender->congestion.tfmcc;
    const uftp_sealing *sealing = sender->encrypted ? sender_keys_sealing(sender) : NULL;
    const size_t header_len = fileseg_header_len(sender);
    const size_t data_at = uftp_packet_message_at(sender->wire, sealing) + header_len;
    uint32_t blocks[UFTP_TRAIN_SEGMENTS_MAX];
    uftp_slice slices[UFTP_TRAIN_SEGMENTS_MAX];
    uint64_t counters[UFTP_TRAIN_SEGMENTS_MAX];
    size_t lens[UFTP_TRAIN_SEGMENTS_MAX];
    size_t count = 0;
    out->len = 0;
    while (count < most) {
        uint32_t block = uftp_resend_next(&file->resend, file->position);
        if (block == file->layout.blocks)
            break;
        uftp_message message = {.type = UFTP_MESSAGE_FILESEG};
        uftp_fileseg *fileseg = &message.as.fileseg;
        fileseg->file_id = file->id;
        fileseg->has_tfmcc = uftp_sender_congestion_controlled(sender);
        if (fileseg->has_tfmcc)
            fileseg->tfmcc = (uftp_tfmcc_data){.send_rate = uftp_rate_quantise(tfmcc->rate),
                                               .cc_seq = tfmcc->round,
                                               .cc_rate = uftp_rate_quantise(tfmcc->slowest)};
        uftp_layout_locate(&file->layout, block, &fileseg->section, &fileseg->block);
        fileseg->data =
            (uftp_bytes){.data = NULL, .len = uftp_layout_block_len(&file->layout, block)};
        const uftp_header header = next_header(sender, grtt);
        uint8_t *datagram = out->data + out->len;
        counters[count] = sender->encrypted ? ++sender->iv_counter : 0;
        int err = uftp_packet_write(sender->wire, &header, &message, sealing, counters[count],
                                    datagram, out->capacity - out->len, &lens[count]);
        UFTP_ASSERT(err == UFTP_OK);
        slices[count].data = datagram + data_at;
        slices[count].len = fileseg->data.len;
        blocks[count] = block;
        out->len += lens[count];
        report_section(sender, fileseg->section);
        uftp_resend_clear(&file->resend, block);
        file->position = block + 1;
        count++;
    }
    if (count == 0)
        return 0;
    int err = read_blocks(sender, blocks, slices, count);
    if (err < 0)
        return err;
    uint8_t *datagram = out->data;
    for (size_t i = 0; i < count; i++) {
        if (sealing)
            uftp_packet_seal(sender->wire, sealing, counters[i], datagram,
                             header_len + slices[i].len);
        datagram += lens[i];
    }
    out->segment_len = lens[0];
    out->destination = sender->group_address;
    file->dones_sent = 0; /* the receivers are given all their DONEs again */
    file->pass_sent += count;
    sender->stats.blocks_sent += count;
    if (file->pass > 1)
        sender->stats.blocks_repeated += count;
    uftp_pacer_spend(&sender->pacer, now, out->len + count * sender->ip_overhead);
    return 1;
}

/* ---- what is due ---- */

static bool answers_due(const uftp_sender *sender)
{
    const uftp_clients *clients = &sender->clients;
    return uftp_clients_any_due(clients, CLIENT_DUE_KEYINFO) ||
           uftp_clients_any_due(clients, CLIENT_DUE_REG_CONF) ||
           uftp_clients_any_due(clients, CLIENT_DUE_DONE_CONF);
}

bool uftp_sender_emit_owing(const uftp_sender *sender)
{
    const uftp_clients *clients = &sender->clients;
    return answers_due(sender) || sender->list_empty_due ||
           uftp_clients_any_due(clients, CLIENT_DUE_ANNOUNCE) ||
           uftp_clients_any_due(clients, CLIENT_DUE_FILEINFO) ||
           uftp_clients_any_due(clients, CLIENT_DUE_DONE);
}

static bool transfer_has_blocks(const uftp_sender *sender)
{
    return sender->phase == UFTP_SENDER_TRANSFER && !sender->file.end_of_pass;
}

/* Whether a message of the current phase waits for nothing but the pacer. */
static bool paced_due(const uftp_sender *sender)
{
    const uftp_clients *clients = &sender->clients;
    if (uftp_clients_any_due(clients, CLIENT_DUE_ABORT))
        return true;
    if (sender->phase == UFTP_SENDER_ENDED)
        return false;
    return (sender->answers_open && answers_due(sender)) || sender->list_empty_due ||
           uftp_clients_any_due(clients, CLIENT_DUE_ANNOUNCE) ||
           uftp_clients_any_due(clients, CLIENT_DUE_FILEINFO) ||
           uftp_clients_any_due(clients, CLIENT_DUE_DONE) || transfer_has_blocks(sender);
}

static bool control_due(const uftp_sender *sender)
{
    return sender->phase == UFTP_SENDER_TRANSFER && sender->congestion.control_due;
}

uint64_t uftp_sender_emit_deadline(const uftp_sender *sender)
{
    if (sender->abort_all_clear || sender->abort_all_sealed || control_due(sender))
        return 0;
    uint64_t deadline = paced_due(sender) ? sender->pacer.next : UFTP_NEVER;
    if (sender->stranger_count > 0 && sender->stranger_next < deadline)
        deadline = sender->stranger_next;
    return deadline;
}

/* ABORTs: the few that must not wait for the pacer. */
static int emit_unpaced(uftp_sender *sender, uint64_t now, uftp_transmit *out)
{
    if (sender->abort_all_clear || sender->abort_all_sealed) {
        bool sealed = !sender->abort_all_clear; /* the clear one first (spec v5 4.9) */
        *(sealed ? &sender->abort_all_sealed : &sender->abort_all_clear) = false;
        build_abort(sender, 0, sender->abort_all_text, sealed, out);
        return 1;
    }
    if (sender->stranger_count > 0 && now >= sender->stranger_next) {
        const sender_stranger stranger = sender->strangers[0];
        sender->stranger_count--;
        memmove(&sender->strangers[0], &sender->strangers[1],
                sender->stranger_count * sizeof stranger);
        sender->stranger_next = now + SENDER_STRANGER_INTERVAL;
        build_abort(sender, stranger.uid, stranger.text, false, out);
        out->destination = stranger.address;
        /* Only the stranger sees it: for the others its number would be a loss. ABORTs stand
         * outside of the sequence (spec v5 4.2), so that the number may be used again. */
        if (uftp_sender_congestion_controlled(sender))
            sender->seq--;
        return 1;
    }
    return 0;
}

static int emit_answers(uftp_sender *sender, uint64_t now, uftp_transmit *out)
{
    const uftp_clients *clients = &sender->clients;
    if (uftp_clients_any_due(clients, CLIENT_DUE_KEYINFO))
        return send_keyinfo(sender, now, out);
    if (uftp_clients_any_due(clients, CLIENT_DUE_REG_CONF))
        return send_confirmation(sender, now, UFTP_MESSAGE_REG_CONF, CLIENT_DUE_REG_CONF, false,
                                 out);
    if (uftp_clients_any_due(clients, CLIENT_DUE_DONE_CONF))
        return send_confirmation(sender, now, UFTP_MESSAGE_DONE_CONF, CLIENT_DUE_DONE_CONF,
                                 sender->encrypted, out);
    sender->answers_open = false;
    return 0;
}

static int emit_transfer(uftp_sender *sender, uint64_t now, uftp_transmit *out)
{
    if (!sender->file.end_of_pass) {
        int sent = send_blocks(sender, now, out);
        if (sent > 0)
            return sent;
        if (sent < 0) {
            uftp_event event = uftp_sender_event(sender, UFTP_EVENT_FILE_SKIPPED);
            event.name = sender->file.object.path;
            event.text = uftp_strerror(sent);
            event.error = sent;
            uftp_sender_push(sender, &event);
            uftp_sender_abort_all(sender, now, "Server cannot read the file", UFTP_RESULT_ERROR);
            return emit_unpaced(sender, now, out);
        }
        uftp_sender_transfer_pass_over(sender, now);
    }
    if (sender->list_empty_due || uftp_clients_any_due(&sender->clients, CLIENT_DUE_DONE))
        return send_done(sender, now, out);
    return 0;
}

int uftp_sender_emit(uftp_sender *sender, uint64_t now, uftp_transmit *out)
{
    uftp_clients *clients = &sender->clients;
    if (emit_unpaced(sender, now, out))
        return 1;
    if (control_due(sender))
        return send_control(sender, now, out);
    if (!uftp_pacer_ready(&sender->pacer, now) || !paced_due(sender))
        return 0;
    if (uftp_clients_any_due(clients, CLIENT_DUE_ABORT)) {
        const uftp_client *client = uftp_clients_take_due(clients, CLIENT_DUE_ABORT);
        build_abort(sender, client->uid, client->abort_text, sender->encrypted, out);
        uftp_pacer_spend(&sender->pacer, now, out->len + sender->ip_overhead);
        return 1;
    }
    if (sender->answers_open && emit_answers(sender, now, out)) {
        sender->answers_open = answers_due(sender); /* the next one waits for company again */
        return 1;
    }
    switch (sender->phase) {
    case UFTP_SENDER_ANNOUNCE:
        if (sender->list_empty_due || uftp_clients_any_due(clients, CLIENT_DUE_ANNOUNCE))
            return send_announce(sender, now, out);
        break;
    case UFTP_SENDER_FILEINFO:
        if (uftp_clients_any_due(clients, CLIENT_DUE_FILEINFO))
            return send_fileinfo(sender, now, out);
        break;
    case UFTP_SENDER_TRANSFER:
        return emit_transfer(sender, now, out);
    case UFTP_SENDER_COMPLETION:
        if (uftp_clients_any_due(clients, CLIENT_DUE_DONE))
            return send_done(sender, now, out);
        break;
    case UFTP_SENDER_ENDED:
        break;
    }
    return 0;
}
