/* SPDX-License-Identifier: MIT
 *
 * A geostationary satellite between one hub and many sites, as links to be given to the nodes:
 *
 *     hub  --forward carrier, shared by all that the hub sends-->  sites, each at its own distance
 *     hub  <--return channel, shared by all sites--                sites
 *
 * What goes from site to site takes both hops, over the hub.
 */
#ifndef SIM_SATELLITE_H
#define SIM_SATELLITE_H

#include "models/link.h"

typedef enum sim_satellite_access {
    SIM_SATELLITE_ASSIGNED, /* the sites share one queue, as with slots assigned on demand */
    SIM_SATELLITE_SLOTTED,  /* slotted ALOHA */
    SIM_SATELLITE_PURE      /* pure ALOHA */
} sim_satellite_access;

/* A field left at zero means the default in brackets. */
typedef struct sim_satellite_config {
    uint64_t forward_rate_bytes_per_s; /* not 0 */
    uint64_t forward_queue_bytes;      /* [what the carrier sends in 0.25 s] */
    uint64_t return_rate_bytes_per_s;  /* of the whole channel [a tenth of the forward rate] */
    uint64_t return_queue_bytes;       /* of the channel; with ALOHA, of each site [65536] */
    uint32_t overhead_bytes;           /* added to each packet, both ways */
    uint64_t delay_min, delay_max;     /* one way; each site's is drawn once [240 ms, 280 ms] */
    sim_satellite_access access;       /* to the return channel */
    uint64_t slot;                     /* slotted [what the channel takes for 256 bytes] */
    uint32_t tries_max;                /* ALOHA: transmissions of one packet [4] */
    uint64_t backoff;                  /* ALOHA: longest pause before another try [one second] */
} sim_satellite_config;

typedef struct sim_satellite sim_satellite;

sim_satellite *sim_satellite_new(sim_medium *medium, const char *name,
                                 const sim_satellite_config *config);

/* For the hub's uplink. */
sim_link sim_satellite_forward(const sim_satellite *satellite);
/* For a site's downlink and uplink: `site` names its luck. A fade or more may be added. */
sim_link sim_satellite_down(const sim_satellite *satellite, const char *site);
sim_link sim_satellite_return(const sim_satellite *satellite, const char *site);

const sim_line *sim_satellite_forward_line(const sim_satellite *satellite);
const sim_line *sim_satellite_return_line(const sim_satellite *satellite); /* NULL with ALOHA */
/* NULL without ALOHA. */
const sim_contention_counters *sim_satellite_contention(const sim_satellite *satellite);

#endif
