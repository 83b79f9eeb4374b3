/* SPDX-License-Identifier: MIT
 *
 * A receiver on a bench: files in memory, a clock that the test moves, what it says and what it
 * reports kept for inspection, and peers that play a sender by the test's script.
 */
#ifndef UFTP_TESTS_RECEIVER_BENCH_H
#define UFTP_TESTS_RECEIVER_BENCH_H

#include "memory_store.h"
#include "session/packet.h"
#include <uftp/layout.h>
#include <uftp/quantise.h>
#include <uftp/receiver.h>

#define RX_UID 0x0a000002u
#define RX_OTHER_UID 0x0a000003u /* another receiver */
#define RX_SAID_MAX 64
#define RX_GRTT UFTP_MS(50)

/* A datagram of the receiver's, decoded. Its pointers lead into `bytes`. */
typedef struct rx_said {
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    size_t len;
    uftp_address to;
    bool sealed;
    uftp_header header;
    uftp_message message; /* type 0 when sealed for a peer that cannot open it */
} rx_said;

typedef struct rx_peer {
    const uftp_wire *wire; /* version 5; 4 for plain sessions */
    uint32_t uid, group;
    uint8_t instance;
    uftp_address address, private_address;
    uint16_t seq;
    uint8_t grtt;
    uint8_t group_size; /* byte of the header */
    uint8_t robust;
    uint8_t cc_type;
    uint8_t tos; /* of what arrives */
    uint16_t block_size;
    uint64_t timestamp_us;
    bool sync_mode, sync_preview;
    bool open; /* ANNOUNCE without a list */

    bool encrypted, client_auth;
    uftp_key *key;
    uftp_ecdh *ecdh;
    uftp_suite suite;
    uint8_t random[UFTP_RANDOM_LEN], master[UFTP_GROUP_MASTER_LEN];
    uftp_v5_server_context server;
    uftp_v5_client_context client;
    uftp_traffic server_hs, client_hs, server_app, client_app;
    uftp_aead app_aead;
    uint8_t verify_data[UFTP_HASH_LEN_MAX];
    bool app_ready;
    uint64_t counter;
} rx_peer;

typedef struct receiver_bench {
    test_memory memory;
    test_random random;
    memory_store files;
    uftp_receiver_config config; /* to be changed before rx_start() */
    uftp_receiver *receiver;
    uint64_t now;
    rx_peer *peer; /* opens what the receiver seals; the one used last */

    rx_said said[RX_SAID_MAX]; /* since rx_clear() */
    size_t said_count;
    unsigned events[64]; /* by type, since rx_clear() */
    uftp_event last[64]; /* the last of each type; its strings lie in `text` and `name` */
    char text[64][320], name[64][320], path[64][400];
    uint64_t digest; /* over everything said and reported, ever */
} receiver_bench;

void rx_init(receiver_bench *bench);
void rx_start(receiver_bench *bench);
void rx_close(receiver_bench *bench); /* checks that nothing leaks */
void rx_clear(receiver_bench *bench);
/* Drains output and events, and checks that nothing more is due now. */
void rx_turn(receiver_bench *bench);
/* Lets time pass, with every timer on its way. */
void rx_advance(receiver_bench *bench, uint64_t interval);

void rx_peer_init(rx_peer *peer, uint32_t group);
void rx_peer_encrypt(rx_peer *peer, receiver_bench *bench);
void rx_peer_free(rx_peer *peer);

/* A datagram of the peer's: *len bytes in `out`. */
void rx_write(rx_peer *peer, const uftp_message *message, bool sealed, uint8_t *out, size_t *len);
void rx_deliver(receiver_bench *bench, const rx_peer *peer, uint8_t *data, size_t len);
/* write, deliver, turn; sealed when the peer is established */
void rx_hear(receiver_bench *bench, rx_peer *peer, const uftp_message *message);
void rx_hear_clear(receiver_bench *bench, rx_peer *peer, const uftp_message *message);

/* Messages, as the peer would send them now. Lists name the receiver (`listed`) or another. */
uftp_message rx_msg_fileinfo(rx_peer *peer, uint16_t id, const char *name, uint64_t size);
uftp_message rx_msg_fileseg(rx_peer *peer, uint16_t id, uint16_t section, uint16_t block,
                            uint64_t file_size);
uftp_message rx_msg_done(uint16_t id, uint16_t section, bool listed);
uftp_message rx_msg_done_conf(bool listed);
uftp_message rx_msg_reg_conf(bool listed);
uftp_message rx_msg_abort(uint32_t host, const char *text);
uftp_uid_list rx_list(bool listed);
/* The byte at an offset of any test file. */
uint8_t rx_content(uint64_t offset);

void rx_write_announce(receiver_bench *bench, rx_peer *peer, uint8_t *out, size_t *len);
void rx_announce(receiver_bench *bench, rx_peer *peer);
void rx_write_keyinfo(receiver_bench *bench, rx_peer *peer, uint8_t *out, size_t *len);
void rx_keyinfo(receiver_bench *bench, rx_peer *peer);
/* ANNOUNCE ... member; clears. */
void rx_join(receiver_bench *bench, rx_peer *peer);
/* FILEINFO of a regular file ... FILEINFO_ACK; clears. */
void rx_open(receiver_bench *bench, rx_peer *peer, uint16_t id, const char *name, uint64_t size);
void rx_block(receiver_bench *bench, rx_peer *peer, uint16_t id, uint16_t section, uint16_t block,
              uint64_t file_size);
/* A whole regular file, until its COMPLETE. */
void rx_file(receiver_bench *bench, rx_peer *peer, uint16_t id, const char *name, uint64_t size);
/* DONE(0), DONE_CONF. */
void rx_end(receiver_bench *bench, rx_peer *peer);

/* How many of a type were said since rx_clear(), and the last of them. */
size_t rx_said_count(const receiver_bench *bench, uint8_t type);
const rx_said *rx_said_last(const receiver_bench *bench, uint8_t type);
uftp_receiver_stats rx_stats(const receiver_bench *bench);

#endif
