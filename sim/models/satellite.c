/* SPDX-License-Identifier: MIT */
#include "models/satellite.h"

#include "base/assert.h"

#include <stdio.h>

struct sim_satellite {
    sim_shared shared;
    sim_satellite_config config;
    sim_carrier *forward, *back;
    sim_contention *contention;
};

static void set_defaults(sim_satellite_config *c)
{
    UFTP_ASSERT(c->forward_rate_bytes_per_s != 0);
    if (!c->forward_queue_bytes)
        c->forward_queue_bytes = c->forward_rate_bytes_per_s / 4;
    if (!c->return_rate_bytes_per_s)
        c->return_rate_bytes_per_s = (c->forward_rate_bytes_per_s + 9) / 10;
    if (!c->return_queue_bytes)
        c->return_queue_bytes = 65536;
    if (!c->delay_min && !c->delay_max) {
        c->delay_min = UFTP_MS(240);
        c->delay_max = UFTP_MS(280);
    }
    if (!c->slot)
        c->slot = 256 * UFTP_S(1) / c->return_rate_bytes_per_s;
    if (!c->tries_max)
        c->tries_max = 4;
    if (!c->backoff)
        c->backoff = UFTP_S(1);
    UFTP_ASSERT(c->delay_min <= c->delay_max);
}

static void part_name(char *out, size_t size, const char *name, const char *part)
{
    int len = snprintf(out, size, "%s/%s", name, part);
    UFTP_ASSERT(len > 0 && (size_t)len < size);
}

sim_satellite *sim_satellite_new(sim_medium *medium, const char *name,
                                 const sim_satellite_config *config)
{
    static const sim_shared_type type = {.name = "satellite"};
    sim_satellite *s = sim_shared_new(medium, &type, name, sizeof *s);
    sim_satellite_config *c = &s->config;
    char part[200];
    *c = *config;
    set_defaults(c);
    part_name(part, sizeof part, name, "forward");
    s->forward = sim_carrier_new(medium, part,
                                 &(sim_line_config){.rate_bytes_per_s = c->forward_rate_bytes_per_s,
                                                    .queue_bytes = c->forward_queue_bytes,
                                                    .overhead_bytes = c->overhead_bytes});
    part_name(part, sizeof part, name, "return");
    if (c->access == SIM_SATELLITE_ASSIGNED)
        s->back = sim_carrier_new(medium, part,
                                  &(sim_line_config){.rate_bytes_per_s = c->return_rate_bytes_per_s,
                                                     .queue_bytes = c->return_queue_bytes,
                                                     .overhead_bytes = c->overhead_bytes});
    else /* a station hears its own signal come down, or what collided with it */
        s->contention = sim_contention_new(
            medium, part,
            &(sim_contention_config){.rate_bytes_per_s = c->return_rate_bytes_per_s,
                                     .overhead_bytes = c->overhead_bytes,
                                     .slot = c->access == SIM_SATELLITE_SLOTTED ? c->slot : 0,
                                     .queue_bytes = c->return_queue_bytes,
                                     .tries_max = c->tries_max,
                                     .feedback = c->delay_max,
                                     .backoff = c->backoff});
    return s;
}

/* Drawn from the site's name alone: the same both ways, whoever else is there. */
static uint64_t site_delay(const sim_satellite *s, const char *site)
{
    char name[256];
    sim_random random;
    int len = snprintf(name, sizeof name, "satellite/%s/%s", s->shared.name, site);
    UFTP_ASSERT(len > 0 && (size_t)len < sizeof name);
    sim_random_init(&random, s->shared.medium->seed, name);
    return s->config.delay_min +
           sim_random_below(&random, s->config.delay_max - s->config.delay_min + 1);
}

sim_link sim_satellite_forward(const sim_satellite *satellite)
{
    return (sim_link){.carrier = satellite->forward};
}

sim_link sim_satellite_down(const sim_satellite *satellite, const char *site)
{
    return (sim_link){.delay = site_delay(satellite, site)};
}

sim_link sim_satellite_return(const sim_satellite *satellite, const char *site)
{
    return (sim_link){.carrier = satellite->back,
                      .contention = satellite->contention,
                      .delay = site_delay(satellite, site)};
}

const sim_line *sim_satellite_forward_line(const sim_satellite *satellite)
{
    return sim_carrier_line(satellite->forward);
}

const sim_line *sim_satellite_return_line(const sim_satellite *satellite)
{
    return satellite->back ? sim_carrier_line(satellite->back) : NULL;
}

const sim_contention_counters *sim_satellite_contention(const sim_satellite *satellite)
{
    return satellite->contention ? sim_contention_count(satellite->contention) : NULL;
}
