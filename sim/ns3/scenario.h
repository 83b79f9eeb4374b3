/* SPDX-License-Identifier: MIT
 *
 * One description of a session over a satellite that two engines run: ns-3 (harness.h) and our own
 * simulator (reference.h). Both take everything the cores are handed from here, so that what
 * differs in the end comes from the engines: event loop, queues and luck of the links.
 */
#ifndef SIM_NS3_SCENARIO_H
#define SIM_NS3_SCENARIO_H

#include <uftp/receiver.h>
#include <uftp/sender.h>

#ifdef __cplusplus
extern "C" {
#endif
#include "engine/memory.h"
#include "engine/memory_store.h"

/* Beyond these ns-3 costs more than it tells; our own simulator does thousands. */
#define NS3_RECEIVERS_MAX 200
#define NS3_STACK_RECEIVERS_MAX 100
/* ns-3's generator refuses seeds from 4294944443 on; a round number below. */
#define NS3_SEED_MAX 1000000000
#define NS3_DELAY_MAX UFTP_S(10) /* one way */

#define NS3_PORT 1044
/* 2026-01-01 00:00 UTC, us since the epoch: every node's wall clock at time 0. */
#define NS3_WALL_START_US UINT64_C(1767225600000000)

typedef enum ns3_queue { NS3_QUEUE_DROP_TAIL, NS3_QUEUE_FQ_CODEL } ns3_queue;

/* A field left at zero means the default in brackets. */
typedef struct ns3_scenario {
    uint32_t receivers;            /* [20] */
    uint64_t file_size;            /* bytes [1000000] */
    uint64_t rate_bytes_per_s;     /* of the sender [1000000] */
    uint64_t carrier_bytes_per_s;  /* of the forward carrier that all share [5/4 of the rate] */
    uint64_t return_bytes_per_s;   /* of each receiver's own way back [32000] */
    uint64_t queue_bytes;          /* in front of each of these lines [256 KiB] */
    uint64_t delay_min, delay_max; /* one way, each receiver its own [240 to 280 ms] */
    uint32_t loss_ppm_min;         /* both ways, each receiver its own [none] */
    uint32_t loss_ppm_max;
    uint32_t seed; /* of the cores, the file, and who has which delay and loss [1] */
    uint32_t run;  /* of the links' luck: the number to sweep [1] */
    bool plain;    /* no encryption */
    bool stack;    /* ns-3's Internet stack with a router and a LAN, where all have one delay */
    ns3_queue queue;
    uint64_t limit; /* of simulated time [1 h] */
} ns3_scenario;

typedef struct ns3_outcome {
    bool ended;         /* the sender's session, within the limit */
    uftp_result result; /* of the sender, once ended */
    uint32_t identical; /* receivers that ended well and whose file is the same as the sender's */
    uint64_t time;      /* when the sender ended */
    uint32_t passes;
    uint64_t datagrams_sent, bytes_sent; /* by the sender; bytes of UDP payload */
    uint64_t deliveries;                 /* datagrams handed to a core */
    uint64_t ignored; /* ns-3: of a group that the receiver had left, or not yet joined. Our own
                         simulator asks for that when a datagram is sent */
    uint64_t lost;    /* on a link, by chance */
    uint64_t dropped; /* by a full queue, or one that was to be kept short */
    /* SHA-256 over every delivery (who, when, bytes): equal for equal scenarios on one engine. */
    char digest[65];
} ns3_outcome;

/* Puts the defaults where zeros are. Every other function wants a scenario that has been through.
 */
void ns3_scenario_complete(ns3_scenario *scenario);
/* NULL, or what is wrong with it. */
const char *ns3_scenario_check(const ns3_scenario *scenario);

/* What a receiver (from 0) was dealt. */
uint64_t ns3_scenario_delay(const ns3_scenario *scenario, uint32_t receiver);
uint32_t ns3_scenario_loss_ppm(const ns3_scenario *scenario, uint32_t receiver);

/* Seed and run in one number: the cores draw from it, by the names of their nodes, the same numbers
 * in both engines. Mixed, so that a sweep of runs does not meet the next seed's. */
uint64_t ns3_scenario_luck(const ns3_scenario *scenario);

/* "plant-0", ...: names the node's random stream in both engines. */
#define NS3_NAME_MAX 16
void ns3_scenario_name(uint32_t receiver, char out[NS3_NAME_MAX]);

/* Every receiver has its file, and the sender knows it. */
bool ns3_outcome_good(const ns3_scenario *scenario, const ns3_outcome *outcome);

/* What the cores of a scenario are configured with. The tables of memory, randomness, source and
 * store, and the receivers' UIDs, are the engine's to add. */
typedef struct ns3_cast {
    sim_memory memory;
    uftp_key *key; /* everyone's: making one for each would cost more than the transfer */
    uftp_member *members;
    sim_expected expected;
    uftp_sender_config sender;
    uftp_receiver_config receiver;
    sim_store_options store;
} ns3_cast;

void ns3_cast_init(ns3_cast *cast, const ns3_scenario *scenario); /* must not move afterwards */
void ns3_cast_free(ns3_cast *cast);

#define NS3_FILE "file" /* its name, at the sender below "/" and at a receiver below "/in" */
#define NS3_FILE_TIME 1700000000

#ifdef __cplusplus
}
#endif
#endif
