/* SPDX-License-Identifier: MIT
 *
 * The network of a scenario: what has a name in it (fades, carriers, NATs, routers, the satellite),
 * and where each node stands.
 */
#ifndef SIM_RUN_NETWORK_H
#define SIM_RUN_NETWORK_H

#include "engine/world.h"
#include "run/scenario.h"

typedef struct sim_stage_names sim_names;

sim_names *sim_names_new(const sim_scenario *scenario);
void sim_names_free(sim_names *names); /* what it made lives as long as the world */
/* Makes everything that has a name. Once, before a node is placed. */
bool sim_names_make(sim_names *names, sim *world, char error[SIM_YAML_ERROR_MAX]);

/* A link as it is written. Fades and carriers can be named once they have been made. */
bool sim_names_link(sim_names *names, const sim_link_part *part, sim_link *out,
                    char error[SIM_YAML_ERROR_MAX]);

/* The lines that have a name, for reports: carriers, and both directions of the satellite. Returns
 * how many there are, `max` at most. */
typedef struct sim_named_line {
    const char *name;
    const sim_line *line;
} sim_named_line;
size_t sim_names_lines(const sim_names *names, sim_named_line *out, size_t max);

typedef struct sim_place {
    sim_node *node;
    const sim_link_part *down, *up;
    const char *nat, *router;           /* NULL: none */
    bool satellite_hub, satellite_site; /* used when there is a satellite */
    const sim_yaml *at;
} sim_place;

bool sim_names_place(sim_names *names, const sim_place *place, char error[SIM_YAML_ERROR_MAX]);
/* Its lines only, and as often as one likes. */
bool sim_names_lay(sim_names *names, const sim_place *place, char error[SIM_YAML_ERROR_MAX]);

#endif
