/* SPDX-License-Identifier: MIT
 *
 * A scenario as it stands in its file: who sends what to whom, over which network, what goes wrong
 * when, and how it is to end. The words of the file are those of the fields; a field left out is
 * zero and means the default in brackets. docs/simulator.md tells it to the reader.
 */
#ifndef SIM_RUN_SCENARIO_H
#define SIM_RUN_SCENARIO_H

#include "run/schema.h"

/* Loss in bursts (models/gilbert.h). */
typedef struct sim_burst_part {
    sim_mark mark;
    uint32_t enter, leave; /* the bad state, per packet */
    uint32_t pass;         /* of the packets in the bad state */
    uint32_t good_loss;
} sim_burst_part;

typedef struct sim_link_part {
    sim_mark mark;
    uint32_t loss, duplicate, corrupt, hold;
    const char *loss_trace;    /* a file, beside the scenario (models/trace_loss.h) */
    uint64_t loss_trace_start; /* packets of it that are skipped */
    bool loss_trace_once;
    uint64_t corrupt_bits;  /* [1] */
    uint64_t duplicate_gap; /* [20 ms] */
    uint64_t hold_time;     /* [50 ms] */
    uint64_t rate, queue;   /* queue [a quarter of a second of the rate] */
    uint64_t mark_bytes;    /* that wait in the queue before packets are marked (ECN) [never] */
    uint64_t overhead;      /* bytes that the line adds to each packet */
    uint64_t delay, jitter;
    bool reorder;
    uint64_t mtu;
    bool mtu_drop;
    sim_burst_part burst;
    const char *fade;    /* by name */
    const char *carrier; /* by name */
    const char *channel; /* by name */
    uint64_t orbit_pass, orbit_min, orbit_max, orbit_gap;
} sim_link_part;

typedef struct sim_level_part {
    sim_mark mark;
    uint32_t loss, worse;
    uint64_t lasts;
} sim_level_part;

typedef struct sim_span_part {
    sim_mark mark;
    uint64_t from, to;
    uint32_t loss;
} sim_span_part;

typedef struct sim_fade_part {
    sim_mark mark;
    const char *name;
    uint32_t apart;
    sim_list levels; /* sim_level_part */
    sim_list spans;  /* sim_span_part, in their place */
} sim_fade_part;

typedef struct sim_carrier_part {
    sim_mark mark;
    const char *name;
    uint64_t rate, queue;
} sim_carrier_part;

/* Stations that send without asking (models/contention.h). */
typedef struct sim_channel_part {
    sim_mark mark;
    const char *name;
    uint64_t rate, queue, slot, tries, feedback, backoff;
} sim_channel_part;

typedef struct sim_nat_part {
    sim_mark mark;
    const char *name;
    int mapping, filtering;
    uint64_t timeout;
    uint64_t port_first, ports; /* of its outer address */
    bool ports_drawn, refresh_inbound, hairpin;
    bool expose; /* the hosts' ports lead through */
    bool multicast_blocked;
} sim_nat_part;

typedef struct sim_router_part {
    sim_mark mark;
    const char *name, *parent;
    sim_link_part down, up;
} sim_router_part;

typedef struct sim_satellite_part {
    sim_mark mark;
    uint64_t forward, back, queue, return_queue, overhead;
    uint64_t slot, tries, backoff;
    uint64_t delay_min, delay_max;
    int access;
} sim_satellite_part;

typedef struct sim_sender_part {
    sim_mark mark;
    const char *name; /* ["hub"] */
    uint64_t start;
    uint64_t rate;  /* [1 MB/s]; not used with congestion control */
    int congestion; /* uftp_sender_config.congestion_control, and its bounds: */
    uint64_t rate_min, rate_initial, rate_max;
    int version;     /* of the wire [5] */
    uint64_t block;  /* bytes [1300] */
    uint64_t robust; /* [20] */
    uint64_t grtt, grtt_min, grtt_max;
    uint64_t passes;
    int cipher; /* 0: in the clear */
    int hash, curve, key;
    int exchange, signature; /* version 4 */
    bool legacy;             /* version 4: ciphers and the like that are broken */
    bool client_auth, closed, sync, quit_on_error, unicast;
    const char *continues;       /* the session of an earlier sender, by name */
    uint64_t read_fails;         /* this read of its files */
    int64_t clock_offset, drift; /* of its clocks: fast by so much */
    const char *nat, *router;
    sim_link_part up, down;
    sim_list files; /* sim_file_part */
} sim_sender_part;

typedef struct sim_file_part {
    sim_mark mark;
    const char *name; /* with several, a number is put behind it */
    uint64_t count, size;
} sim_file_part;

typedef struct sim_proxy_part {
    sim_mark mark;
    const char *name;
    int kind;             /* uftp_proxy_kind */
    const char *upstream; /* the server proxy that relays to it */
    uint64_t heartbeat;   /* how often that one is told the address; 0: it is known */
    int key;              /* [EC, secp256r1] */
    bool pinned;          /* the receivers behind it know its key */
    const char *nat, *router;
    sim_link_part down, up;
} sim_proxy_part;

/* Calls of its store that fail. */
typedef struct sim_failure_part {
    sim_mark mark;
    int call; /* 1 + sim_store_op */
    uint64_t nth, count;
    int error;
} sim_failure_part;

typedef struct sim_receiver_part {
    sim_mark mark;
    const char *name;            /* ["plant"]; with several, a number is put behind it */
    uint64_t count;              /* [1] */
    uint64_t start, start_apart; /* the first, and each after the one before */
    bool expected;               /* to be complete in the end [true] */
    bool terrestrial;            /* not behind the satellite */
    bool temp;                   /* sessions can be continued after a crash */
    uint64_t disk;               /* bytes [1 TiB] */
    uint64_t disk_rate;          /* [as fast as you like] */
    uint64_t disk_cache;         /* is written at once */
    uint64_t disk_sync;          /* time that a sync takes */
    bool flush;                  /* each file is flushed before it counts as complete */
    bool legacy;                 /* takes part in what is broken (version 4) */
    sim_list failures;           /* sim_failure_part */
    uint64_t joins_fail;         /* so many, at first */
    int64_t clock_offset, drift; /* of its clocks: fast by so much */
    uint64_t buffer;             /* of the socket [256 KiB] */
    const char *proxy;           /* that they answer to; encrypted sessions need it */
    const char *nat, *router;
    sim_link_part down, up;
} sim_receiver_part;

typedef enum sim_deed {
    SIM_DEED_CRASH = 1,
    SIM_DEED_POWER,
    SIM_DEED_START,
    SIM_DEED_SHUTDOWN,
    SIM_DEED_INTERRUPT,
    SIM_DEED_FREEZE,
    SIM_DEED_REBIND,
    SIM_DEED_CUT,
    SIM_DEED_LINE,
    SIM_DEED_CLOCK,
    SIM_DEED_STEP,
    SIM_DEED_DRIFT
} sim_deed;

typedef struct sim_deed_part {
    sim_mark mark;
    uint64_t at, lasts;
    const char *node;
    int deed;
    int64_t step, drift;
    sim_link_part down, up; /* the line from then on */
} sim_deed_part;

typedef struct sim_expect_part {
    sim_mark mark;
    int result;        /* of every sender, as an exit code; -1: any [0] */
    uint64_t complete; /* receivers that have everything, at least [all that are expected] */
    uint64_t within;   /* the session is over by then */
} sim_expect_part;

typedef struct sim_scenario {
    sim_mark mark;
    const char *name, *about;
    uint64_t seed, end;
    sim_link_part network; /* between any two nodes [a delay of 1 ms] */
    sim_satellite_part satellite;
    sim_list fades, carriers, channels, nats, routers;
    uint64_t join_latency, leave_latency;
    bool trains;      /* receivers get trains, as from a kernel that gathers them */
    sim_list senders; /* "sender" */
    sim_list proxies;
    sim_list receivers; /* at least one */
    sim_list deeds;     /* "events" */
    sim_expect_part expect;
    sim_yaml *tree; /* what the texts point into */
} sim_scenario;

/* Reads a file and puts the overrides into it. `path` outlives the scenario. */
bool sim_scenario_read(const char *path, const char *const *sets, size_t set_count,
                       sim_scenario *out, char error[SIM_YAML_ERROR_MAX]);
/* What a scenario may have: for the test of its documentation. */
extern const sim_schema *const sim_scenario_keys;
bool sim_scenario_from_tree(sim_yaml *tree, sim_scenario *out, char error[SIM_YAML_ERROR_MAX]);
void sim_scenario_free(sim_scenario *scenario);

uint64_t sim_scenario_receivers(const sim_scenario *scenario); /* how many there are */

#endif
