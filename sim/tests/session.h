/* SPDX-License-Identifier: MIT
 *
 * What the session tests share: a hub with a tree of files, plants that receive it, and what must
 * be true in the end.
 */
#ifndef SIM_TESTS_SESSION_H
#define SIM_TESTS_SESSION_H

#include "expect.h"

#include "engine/receiver_node.h"
#include "engine/sender_node.h"

#define PLANTS_MAX 64

typedef struct session {
    sim *world;
    sim_node *hub;
    sim_node *plants[PLANTS_MAX];
    size_t plant_count;
} session;

/* A field left at zero means the default in brackets. */
typedef struct session_options {
    size_t plants; /* [3] */
    bool closed;   /* the hub knows its plants beforehand */
    uftp_sender_config
        sender; /* what differs from a plain session of 500 kB/s; operands ["/out/tree"] */
    uftp_receiver_config receiver;
    sim_store_options store;
    sim_options world;
    uint64_t big_size;           /* of the generated file [150000] */
    const sim_link *hub_up;      /* shared by all plants */
    const sim_link *hub_down;    /* what comes back */
    const sim_link *plants_down; /* each its own */
    const sim_link *plants_up;
} session_options;

/* The world, ready to run. The hub has "/out/tree": empty, small, one block long, large and nested
 * files, an empty directory and links. */
session session_new(uint64_t seed, const session_options *options);
void session_fill(sim_node *hub, const char *path, uint64_t big_size);
/* Runs; everything must be quiet by `limit`, every side well and every file where it belongs. */
void session_expect_success(session *s, uint64_t limit);
/* A plant's copy of the hub's tree is the same, times included. */
void session_expect_same(const session *s, sim_node *plant);
/* new, expect_success, free. */
void session_must_succeed(uint64_t seed, const session_options *options, uint64_t limit);

/* A key that is always the same, made once. */
const uftp_key *session_key(uftp_key_type type, uftp_curve curve);
void session_keys_free(void);

#endif
