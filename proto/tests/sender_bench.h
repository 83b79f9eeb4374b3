/* SPDX-License-Identifier: MIT
 *
 * A sender on a bench: a source with a few synthetic files, a clock that jumps to the next
 * deadline, and scripted receivers that answer as the test says. Plain sessions; the encrypted ones
 * are tested with the real receiver in sim/tests.
 */
#ifndef UFTP_TESTS_SENDER_BENCH_H
#define UFTP_TESTS_SENDER_BENCH_H

#include "support.h"

#include "session/packet.h"
#include <uftp/sender.h>

#define BENCH_GROUP 0x01020304
#define BENCH_SERVER 0x0a090001
#define BENCH_WALL_US UINT64_C(1790000000000000)

typedef struct sender_bench {
    test_memory memory;
    test_random random;
    uftp_source source;
    uftp_sender_config config;
    uftp_sender *sender;
    uint64_t now;
    uint64_t file_size; /* of every regular file; content: byte i of the file is (uint8_t)i */
    int read_error;     /* what the source's read returns from now on */

    /* What the sender sent last (a train's datagrams one by one), and how often by type. */
    uint8_t buffer[UFTP_TRAIN_BYTES_MAX];
    uint32_t sent[UFTP_MESSAGE_TYPE_MAX + 1];
    uint32_t listed[UFTP_MESSAGE_TYPE_MAX + 1]; /* UIDs in the lists of those */
    uint16_t seq;                               /* of the next datagram, checked */
    bool seq_known;
    uint32_t events[64]; /* by type */
    uftp_event last[64]; /* the last one of each type; its pointers are void */
    uint64_t sent_at[UFTP_MESSAGE_TYPE_MAX + 1];

    /* Called for every datagram the sender sends; may answer with bench_reply(). */
    void (*on_message)(struct sender_bench *bench, const uftp_header *header,
                       const uftp_message *message, const uftp_address *to);
    void *user;
    uftp_datagram replies[256];
    size_t reply_count;
} sender_bench;

/* Sets up a plain, open session of one file; the test may change config before bench_start(). */
void bench_init(sender_bench *bench, uint64_t file_size);
void bench_start(sender_bench *bench);
/* Drains the polls, answers, jumps to the next deadline, until `until` or the session is over. */
void bench_run(sender_bench *bench, uint64_t until);
/* One turn at the present time: what was queued is received, the polls are drained. */
void bench_turn(sender_bench *bench);
void bench_end(sender_bench *bench); /* also checks that nothing leaked */
/* Queues a message from a receiver; it arrives in the next turn. */
void bench_reply(sender_bench *bench, uint32_t uid, const uftp_message *message);
void bench_reply_raw(sender_bench *bench, const uint8_t *data, size_t len);
/* What an honest receiver says, without loss: to be called from on_message. */
void bench_honest(sender_bench *bench, uint32_t uid, const uftp_header *header,
                  const uftp_message *message);
/* on_message: A and B are honest receivers. */
#define BENCH_A 0x000a0a02
#define BENCH_B 0x000a0a03
#define BENCH_C 0x000a0a04
void bench_all_honest(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                      const uftp_address *to);
/* on_message: A answers all but DONE. */
void bench_silent_in_transfer(sender_bench *bench, const uftp_header *header,
                              const uftp_message *message, const uftp_address *to);
/* A STATUS of file 1. */
void bench_status(sender_bench *bench, uint32_t uid, uint16_t section, const uint8_t *bitmap,
                  size_t len);
/* Runs until the session is over, which it must be in the end. */
uftp_result bench_run_to_end(sender_bench *bench);
uftp_sender_stats bench_stats(const sender_bench *bench);

#endif
