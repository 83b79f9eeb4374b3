/* SPDX-License-Identifier: MIT
 *
 * A scenario on stage: the world that it describes, for one seed, ready to run.
 */
#ifndef SIM_RUN_STAGE_H
#define SIM_RUN_STAGE_H

#include "engine/proxy_node.h"
#include "engine/receiver_node.h"
#include "engine/sender_node.h"
#include "run/network.h"

typedef struct sim_stage_sender {
    const sim_sender_part *part;
    sim_node *node;
    const char **paths; /* of its files, at the source; each is also an operand */
    size_t path_count;
    uint64_t bytes; /* of all files together */
} sim_stage_sender;

typedef struct sim_stage_receiver {
    const sim_receiver_part *part;
    sim_node *node;
} sim_stage_receiver;

typedef struct sim_stage_proxy {
    const sim_proxy_part *part;
    sim_node *node;
    uftp_key *key;
} sim_stage_proxy;

/* Who is told the secrets of the nodes; NULL: nobody. */
typedef struct sim_stage_logs {
    const uftp_key_log *senders, *receivers;
} sim_stage_logs;

typedef struct sim_stage {
    const sim_scenario *scenario;
    sim *world;
    sim_stage_logs logs;
    sim_link network;
    sim_stage_sender *senders;
    sim_stage_proxy *proxies;
    sim_stage_receiver *receivers;
    size_t sender_count, proxy_count, receiver_count;
    uint64_t through_since; /* all senders are; UFTP_NEVER: not yet */
    size_t senders_left;    /* still to be added */
    uint64_t bytes;         /* that a receiver of everything gets */
    sim_memory key_memory;
    uftp_key *receiver_key;
    uftp_key **sender_keys;
    sim_names *names;
    struct sim_stage_deed *deeds; /* deeds.c */
    uftp_member *members;
    size_t member_count;
    uftp_server_entry *servers; /* for each kind of receivers with a proxy, all senders */
    uftp_proxy_entry *pins;     /* ... and that proxy */
    sim_expected *expected;
    size_t expected_count;
    void **blocks; /* texts that live as long as the stage */
    size_t block_count, block_capacity;
} sim_stage;

/* `options` gives the seed and the callbacks; what the scenario says is filled in. `logs` may be
 * NULL. False, with line and column, when the scenario names something that it does not have. */
bool sim_stage_new(const sim_scenario *scenario, const sim_options *options,
                   const sim_stage_logs *logs, sim_stage *out, char error[SIM_YAML_ERROR_MAX]);
void sim_stage_free(sim_stage *stage);

/* Nodes of the world: senders, proxies, receivers. */
static inline size_t sim_stage_node_count(const sim_stage *stage)
{
    return stage->sender_count + stage->proxy_count + stage->receiver_count;
}
bool sim_stage_is_sender(const sim_stage *stage, const sim_node *node);

/* Where a node of it stands. */
sim_place sim_stage_place(const sim_stage *stage, sim_node *node);
/* Whether another sender goes on with the session of this one. */
bool sim_stage_is_continued(const sim_stage *stage, const sim_stage_sender *sender);
/* What a file of this size holds: equal sizes, equal content. */
uint64_t sim_stage_content_seed(uint64_t size);

/* The index of the node among the receivers, or receiver_count. */
size_t sim_stage_receiver_of(const sim_stage *stage, const sim_node *node);
/* Of the node with this index in the world. */
const char *sim_stage_name(const sim_stage *stage, uint32_t index);
/* Whether the receiver has each file of each sender, byte for byte. */
bool sim_stage_has_all(const sim_stage *stage, size_t receiver);

#endif
