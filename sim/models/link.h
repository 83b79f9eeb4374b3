/* SPDX-License-Identifier: MIT
 *
 * A link: a chain of models in the order in which a packet meets them, which is that of the fields.
 * A field left at zero leaves its model out; all at zero is a wire without length. The shared
 * objects are pointed at, live with the medium, and may be named by any number of links.
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "models/bottleneck.h"
#include "models/carrier.h"
#include "models/contention.h"
#include "models/corrupt.h"
#include "models/delay.h"
#include "models/drop.h"
#include "models/duplicate.h"
#include "models/fade.h"
#include "models/gilbert.h"
#include "models/hold.h"
#include "models/mtu.h"
#include "models/orbit.h"
#include "models/trace_loss.h"

typedef struct sim_link {
    const uint32_t *drop_nth; /* the packets with these numbers, from 1, rising, ended by 0 */
    const sim_drop *drops;    /* and those that these rules pick */
    size_t drop_count;

    uint32_t mtu;  /* larger IP packets are cut into fragments */
    bool mtu_drop; /* or dropped */

    uint32_t loss_ppm;
    sim_gilbert_config gilbert;       /* used with p_ppm */
    const sim_loss_trace *loss_trace; /* outlives the link */
    uint64_t loss_trace_start;        /* skipped at first, so that links need not lose alike */
    bool loss_trace_once;             /* the trace does not begin anew */
    uint32_t corrupt_ppm;
    uint32_t corrupt_bits; /* [1] */
    uint32_t corrupt_from; /* bytes before it are spared */

    uint32_t duplicate_ppm;
    uint64_t duplicate_gap;

    uint64_t rate_bytes_per_s;
    uint64_t queue_bytes;       /* used with the rate */
    uint64_t mark_bytes;        /* used with the rate */
    uint32_t overhead_bytes;    /* used with the rate */
    sim_carrier *carrier;       /* a shared line */
    sim_contention *contention; /* a shared channel without order */

    sim_fade *fade; /* behind the lines: what is lost has used them */
    uint64_t delay, jitter;
    bool reorder;           /* the jitter may reorder */
    sim_orbit_config orbit; /* used with its pass */

    uint32_t hold_every;
    uint32_t hold_ppm;
    uint64_t hold_time;
} sim_link;

/* The same with the models from the delay on in another medium, whose clock may be ahead of the
 * first one's by less than the delay. */
sim_model *sim_link_build_across(sim_medium *medium, sim_medium *behind, const char *place,
                                 const sim_link *link, sim_model *sink);
/* Builds the chain of `link` in front of `sink` and returns its first model, which is the sink
 * itself for an empty link. `link` may go afterwards; what it points at stays. */
sim_model *sim_link_build(sim_medium *medium, const char *place, const sim_link *link,
                          sim_model *sink);

#endif
