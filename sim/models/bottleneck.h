/* SPDX-License-Identifier: MIT
 *
 * A line of limited rate with a drop-tail queue in front of it.
 */
#ifndef SIM_BOTTLENECK_H
#define SIM_BOTTLENECK_H

#include "models/model.h"

typedef struct sim_bottleneck_config {
    uint64_t rate_bytes_per_s; /* not 0 */
    uint64_t queue_bytes;      /* that may wait, the packet on the line not counted */
    uint64_t mark_bytes;       /* a packet that finds so many waiting and is ECN-capable is marked
                                  "congestion experienced"; 0: none is */
    uint32_t overhead_bytes;   /* added to each packet: headers below UDP, framing */
} sim_bottleneck_config;

sim_model *sim_bottleneck_new(sim_medium *medium, const char *place,
                              const sim_bottleneck_config *config);

#endif
