/* SPDX-License-Identifier: MIT */
#include "sender_bench.h"

#include <stdlib.h>
#include <string.h>

struct uftp_source_file {
    int unused;
};

static int source_stat(void *ctx, const char *path, bool follow, uftp_stat *out)
{
    (void)follow;
    if (strcmp(path, "absent") == 0)
        return UFTP_ERR_NOT_FOUND;
    *out = (uftp_stat){
        .type = UFTP_STAT_REGULAR, .size = ((sender_bench *)ctx)->file_size, .mtime = 1700000000};
    return UFTP_OK;
}

static int source_open(void *ctx, const char *path, bool follow, uftp_source_file **out)
{
    (void)ctx;
    (void)follow;
    if (strcmp(path, "unreadable") == 0)
        return UFTP_ERR_ACCESS;
    *out = calloc(1, sizeof **out);
    return UFTP_OK;
}

static int source_read(void *ctx, uftp_source_file *file, uint64_t offset, const uftp_slice *slices,
                       size_t count)
{
    (void)file;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < slices[i].len; j++)
            slices[i].data[j] = (uint8_t)offset++;
    assert_true(offset <= ((sender_bench *)ctx)->file_size);
    return ((sender_bench *)ctx)->read_error;
}

static void source_close(void *ctx, uftp_source_file *file)
{
    (void)ctx;
    free(file);
}

void bench_init(sender_bench *b, uint64_t file_size)
{
    *b = (sender_bench){.now = UFTP_S(100), .file_size = file_size};
    test_memory_init(&b->memory);
    test_random_init(&b->random, 11);
    b->source = (uftp_source){.ctx = b,
                              .stat = source_stat,
                              .open = source_open,
                              .read = source_read,
                              .close = source_close};
    static const char *const one[] = {"file"};
    b->config = (uftp_sender_config){
        .memory = &b->memory.allocator,
        .random = &b->random.random,
        .source = &b->source,
        .wall_us = BENCH_WALL_US,
        .uid = BENCH_SERVER,
        .group = BENCH_GROUP,
        .public_address = uftp_address_ipv4(230, 4, 4, 1, 1044),
        .private_address = uftp_address_ipv4(230, 5, 5, 1, 0),
        .rate_bytes_per_s = 12500000,
        .grtt_initial = UFTP_MS(100),
        .plain = true,
        .operands = one,
        .operand_count = 1,
    };
}

void bench_start(sender_bench *b)
{
    assert_int_equal(uftp_sender_create(&b->config, b->now, &b->sender), 0);
    bench_turn(b);
}

void bench_end(sender_bench *b)
{
    uftp_sender_destroy(b->sender);
    for (size_t i = 0; i < b->reply_count; i++)
        free(b->replies[i].data);
    assert_int_equal(b->memory.live, 0);
}

uftp_sender_stats bench_stats(const sender_bench *b)
{
    uftp_sender_stats stats;
    uftp_sender_stats_get(b->sender, &stats);
    return stats;
}

void bench_reply_raw(sender_bench *b, const uint8_t *data, size_t len)
{
    assert_true(b->reply_count < 256);
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, data, len);
    b->replies[b->reply_count++] =
        (uftp_datagram){.data = copy, .len = len, .source = uftp_address_ipv4(10, 9, 0, 2, 1044)};
}

void bench_reply(sender_bench *b, uint32_t uid, const uftp_message *message)
{
    uint8_t data[UFTP_DATAGRAM_MAX];
    size_t len;
    const uftp_wire *wire = b->config.version == 4 ? &uftp_wire_v4 : &uftp_wire_v5;
    const uftp_header header = {.version = wire->version, .source = uid, .group = BENCH_GROUP};
    assert_int_equal(uftp_packet_write(wire, &header, message, NULL, 0, data, sizeof data, &len),
                     0);
    bench_reply_raw(b, data, len);
    b->replies[b->reply_count - 1].source =
        uftp_address_ipv4(10, (uint8_t)(uid >> 16), (uint8_t)(uid >> 8), (uint8_t)uid, 1044);
}

static size_t list_len(const uftp_message *message)
{
    switch (message->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        return message->as.announce.members.count;
    case UFTP_MESSAGE_REG_CONF:
        return message->as.reg_conf.clients.count;
    case UFTP_MESSAGE_FILEINFO:
        return message->as.fileinfo.clients.count;
    case UFTP_MESSAGE_DONE:
        return message->as.done.clients.count;
    case UFTP_MESSAGE_DONE_CONF:
        return message->as.done_conf.clients.count;
    default:
        return 0;
    }
}

static void take_sent(sender_bench *b, const uftp_transmit *out)
{
    for (size_t at = 0; at < out->len; at += out->segment_len) {
        size_t len = out->len - at < out->segment_len ? out->len - at : out->segment_len;
        uftp_packet packet;
        uftp_message message;
        assert_int_equal(uftp_packet_read(out->data + at, len, &packet), 0);
        assert_int_equal(uftp_packet_message(&packet, &message), 0);
        assert_int_equal(packet.header.source, BENCH_SERVER);
        assert_int_equal(packet.header.group, BENCH_GROUP);
        if (b->seq_known) /* every datagram has the next number, whatever its kind */
            assert_int_equal(packet.header.seq, b->seq);
        /* With congestion control no hole may be left: an ABORT to a stranger uses up no number. */
        bool to_stranger = message.type == UFTP_MESSAGE_ABORT && b->config.congestion_control &&
                           !uftp_address_is_multicast(&out->destination);
        b->seq = (uint16_t)(packet.header.seq + !to_stranger);
        b->seq_known = true;
        b->sent[message.type]++;
        b->listed[message.type] += (uint32_t)list_len(&message);
        b->sent_at[message.type] = b->now;
        if (b->on_message)
            b->on_message(b, &packet.header, &message, &out->destination);
    }
}

static void drain(sender_bench *b)
{
    uftp_transmit out = {.data = b->buffer, .capacity = sizeof b->buffer};
    while (uftp_sender_poll_transmit(b->sender, b->now, &out) > 0)
        take_sent(b, &out);
    uftp_event event;
    while (uftp_sender_poll_event(b->sender, &event) > 0) {
        b->events[event.type]++;
        b->last[event.type] = event;
    }
}

void bench_turn(sender_bench *b)
{
    size_t count = b->reply_count;
    uftp_datagram replies[256];
    memcpy(replies, b->replies, count * sizeof *replies);
    b->reply_count = 0;
    if (count)
        uftp_sender_recv(b->sender, b->now, replies, count);
    for (size_t i = 0; i < count; i++)
        free(replies[i].data);
    uftp_sender_on_timeout(b->sender, b->now);
    drain(b);
    assert_true(uftp_sender_next_deadline(b->sender) > b->now);
}

void bench_run(sender_bench *b, uint64_t until)
{
    for (int turns = 0; turns < 1000000; turns++) {
        if (b->reply_count == 0) {
            uint64_t deadline = uftp_sender_next_deadline(b->sender);
            if (deadline == UFTP_NEVER || deadline > until) {
                if (until != UFTP_NEVER)
                    b->now = until;
                return;
            }
            b->now = deadline;
        } else {
            b->now += UFTP_MS(2); /* there and back */
        }
        bench_turn(b);
    }
    fail_msg("the session does not end");
}

static bool listed(const uftp_uid_list *list, uint32_t uid)
{
    return uftp_uid_list_contains(list, uid);
}

void bench_honest(sender_bench *b, uint32_t uid, const uftp_header *header,
                  const uftp_message *message)
{
    (void)header;
    uftp_message reply = {0};
    switch (message->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        if (message->as.announce.members.count && !listed(&message->as.announce.members, uid))
            return;
        reply.type = UFTP_MESSAGE_REGISTER;
        reply.as.registration.timestamp_us = message->as.announce.timestamp_us;
        break;
    case UFTP_MESSAGE_FILEINFO:
        if (!listed(&message->as.fileinfo.clients, uid))
            return;
        reply.type = UFTP_MESSAGE_FILEINFO_ACK;
        reply.as.fileinfo_ack.file_id = message->as.fileinfo.file_id;
        reply.as.fileinfo_ack.timestamp_us = message->as.fileinfo.timestamp_us;
        break;
    case UFTP_MESSAGE_DONE:
        if (!listed(&message->as.done.clients, uid))
            return;
        reply.type = UFTP_MESSAGE_COMPLETE;
        reply.as.complete.file_id = message->as.done.file_id;
        break;
    default:
        return;
    }
    bench_reply(b, uid, &reply);
}

void bench_all_honest(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                      const uftp_address *to)
{
    (void)to;
    bench_honest(bench, BENCH_A, header, message);
    bench_honest(bench, BENCH_B, header, message);
}

void bench_silent_in_transfer(sender_bench *bench, const uftp_header *header,
                              const uftp_message *message, const uftp_address *to)
{
    (void)to;
    if (message->type != UFTP_MESSAGE_DONE)
        bench_honest(bench, BENCH_A, header, message);
}

void bench_status(sender_bench *bench, uint32_t uid, uint16_t section, const uint8_t *bitmap,
                  size_t len)
{
    uftp_message reply = {.type = UFTP_MESSAGE_STATUS};
    reply.as.status.file_id = 1;
    reply.as.status.section = section;
    reply.as.status.naks = (uftp_bytes){bitmap, len};
    bench_reply(bench, uid, &reply);
}

uftp_result bench_run_to_end(sender_bench *b)
{
    bench_run(b, UFTP_NEVER);
    assert_int_equal(bench_stats(b).phase, UFTP_SENDER_ENDED);
    assert_int_equal(b->events[UFTP_EVENT_SESSION_FINISHED], 1);
    return bench_stats(b).result;
}
